//! The files that an evaluation will write.

use crate::classifier::FILE;
use crate::inputs::{Extractor, Inputs, Source};
use crate::{copying, counts, film, timing};
use dcgan_artifacts::{ImageCounts, Part};
use dcgan_checkpoints::ClassChoice;
use dcgan_hints::printable;
use dcgan_settings::Eval;
use dcgan_stage::Plan;

/// The files of an evaluation of these inputs.
pub(crate) fn plan(inputs: &Inputs, settings: &Eval) -> Plan {
    let info = inputs.dataset.info();
    let (height, width, channels) = (info.height, info.width, info.channels);
    let (name, classes) = (printable(&info.name), info.class_names.len());
    let about = format!("dataset `{name}`: {height}x{width}x{channels}, {classes} classes");
    let counts = counts::of_inputs(inputs, settings);
    let of_discriminator = counts::files_of_discriminator(&counts);
    let is_judged = !of_discriminator.is_empty();
    let plan = Plan::new()
        .about(about)
        .files(of_images(inputs, &counts))
        .files(of_discriminator);
    let plan = of_training(plan, inputs);
    of_checkpoints(plan, inputs, &counts, is_judged).files(["report.html", "metrics.json"])
}

/// Whether each generated image has a class.
fn is_labelled(inputs: &Inputs) -> bool {
    match &inputs.source {
        Source::Generator(_, choice) => *choice != ClassChoice::Unlabelled,
        Source::Samples(images) => images.labels.is_some(),
    }
}

fn has_test_part(inputs: &Inputs) -> bool {
    inputs.dataset.len(Part::Test).unwrap_or(0) > 0
}

fn of_images(inputs: &Inputs, counts: &ImageCounts) -> Vec<&'static str> {
    let mut names = vec!["grid.png"];
    let labelled = is_labelled(inputs);
    if labelled {
        names.push("grid-classes.png");
    }
    if !matches!(inputs.extractor, Extractor::Random) {
        names.extend(["worst.png", "surest.png"]);
        if labelled {
            names.push("accuracy-by-class.svg");
        }
    }
    if labelled && counts.is_labelled() && counts.has("quality.diversity_by_class") {
        names.extend(["diversity-by-class.svg", "distance-by-class.svg"]);
    }
    if has_test_part(inputs) {
        names.extend(["nearest.png", "nearest.csv", copying::FILE]);
    }
    if inputs.extractor.is_kept() {
        names.push(FILE);
    }
    if matches!(inputs.source, Source::Generator(..)) {
        names.push("interpolation.png");
    }
    names
}

fn of_training(plan: Plan, inputs: &Inputs) -> Plan {
    let training = &inputs.training;
    let charts = training.charts();
    let film = (!training.grids.is_empty()).then_some(film::FILE);
    let timing = training.timing.is_some().then_some(timing::FILE);
    let charts = charts.iter().map(|(name, _)| *name);
    plan.files(charts.chain(film).chain(timing))
}

fn of_checkpoints(plan: Plan, inputs: &Inputs, counts: &ImageCounts, is_judged: bool) -> Plan {
    if inputs.listed.is_empty() {
        return plan;
    }
    let has_accuracy = is_labelled(inputs) && counts.has("quality.class_accuracy");
    let charts = [
        (
            "quality-over-time.svg",
            has_accuracy || counts.has("quality.precision"),
        ),
        (
            "distance-over-time.svg",
            counts.has("quality.frechet_distance"),
        ),
        ("errors-over-time.svg", has_test_part(inputs)),
        (
            "discriminator-over-time.svg",
            inputs.listed.len() > 1 && is_judged,
        ),
    ];
    let charts = charts.into_iter().filter(|(_, exists)| *exists);
    plan.many("checkpoints/*.json")
        .file("checkpoints.csv")
        .files(charts.map(|(name, _)| name))
}
