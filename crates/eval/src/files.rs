//! The planned files of an evaluation.

use crate::inputs::checks::Extractor;
use crate::inputs::opened::{Inputs, Listed};
use crate::inputs::source::Source;
use crate::measure::classifier::FILE;
use crate::measure::copying;
use crate::measure::counts::{Counts, per_class};
use crate::report::{charts, film, timing};
use dcgan_artifacts::{ImageCounts, MOST_COMPARED, Part};
use dcgan_checkpoints::ClassChoice;
use dcgan_hints::printable;
use dcgan_settings::Eval;
use dcgan_stage::Plan;

/// The plan for these inputs.
pub(crate) fn plan(inputs: &Inputs, settings: &Eval) -> Plan {
    let info = inputs.dataset.info();
    let (height, width, channels) = (info.height, info.width, info.channels);
    let (name, classes) = (printable(&info.name), info.class_names.len());
    let about = format!("dataset `{name}`: {height}x{width}x{channels}, {classes} classes");
    let counts = of_evaluation(inputs, settings);
    let plan = Plan::new()
        .about(about)
        .files(of_images(inputs, &counts))
        .files(of_discriminator(&counts));
    let plan = of_training(plan, inputs);
    of_checkpoints(plan, inputs, settings).files(["report.html", "metrics.json"])
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
    let charts = charts::of_training(training);
    let film = (!training.grids.is_empty()).then_some(film::FILE);
    let timing = training.timing.is_some().then_some(timing::FILE);
    let charts = charts.iter().map(|(name, _)| *name);
    plan.files(charts.chain(film).chain(timing))
}

/// A chart is written if some checkpoint's row has one of its figures. Rows always measure images
/// of the checkpoint's own generator.
fn of_checkpoints(plan: Plan, inputs: &Inputs, settings: &Eval) -> Plan {
    if inputs.listed.is_empty() {
        return plan;
    }
    let of_row = |listed: &Listed| {
        let labels = listed.classes.classes(0, settings.n);
        counted(inputs, settings.n, labels.as_deref(), true)
    };
    let rows: Vec<ImageCounts> = inputs.listed.iter().map(of_row).collect();
    let has = |figures: &[&str]| {
        let mut rows = rows.iter();
        rows.any(|row| figures.iter().any(|figure| row.has(figure)))
    };
    let has_accuracy = |row: &ImageCounts| row.is_labelled() && row.has("quality.class_accuracy");
    let is_judged = |row: &ImageCounts| !of_discriminator(row).is_empty();
    let charts = [
        (
            "quality-over-time.svg",
            has(&["quality.precision"]) || rows.iter().any(has_accuracy),
        ),
        ("distance-over-time.svg", has(&["quality.frechet_distance"])),
        ("errors-over-time.svg", has(&["pixels.memorised"])),
        (
            "discriminator-over-time.svg",
            rows.iter().filter(|row| is_judged(row)).count() > 1,
        ),
    ];
    let charts = charts.into_iter().filter(|(_, exists)| *exists);
    plan.kept("checkpoints/*.json")
        .file("checkpoints.csv")
        .files(charts.map(|(name, _)| name))
}

/// Counts the evaluated images before they are drawn.
fn of_evaluation(inputs: &Inputs, settings: &Eval) -> ImageCounts {
    let drawn_labels;
    let (n, labels) = match &inputs.source {
        Source::Generator(_, choice) => {
            drawn_labels = choice.classes(0, settings.n);
            (settings.n, drawn_labels.as_deref())
        }
        Source::Samples(images) => (images.n, images.labels.as_deref()),
    };
    counted(inputs, n, labels, inputs.discriminator.is_some())
}

/// The counts for `n` generated images with these labels, and for the reference images. If a part
/// has more than [`MOST_COMPARED`], each class counts with its share of that number.
fn counted(inputs: &Inputs, n: usize, labels: Option<&[u8]>, is_judged: bool) -> ImageCounts {
    let dataset = &inputs.dataset;
    let test = dataset.labels(Part::Test);
    let test = test.filter(|labels| !labels.is_empty());
    let real = test.or_else(|| dataset.labels(Part::Train));
    let real = real.unwrap_or_default();
    let drawn = |n: usize| n * MOST_COMPARED.min(real.len()) / real.len().max(1);
    let counts = Counts {
        dataset,
        compared: per_class(real).map(drawn),
    };
    let has_classifier = !matches!(inputs.extractor, Extractor::Random);
    counts.of(n, labels, has_classifier, is_judged)
}

/// The files of the discriminator's figures.
fn of_discriminator(counts: &ImageCounts) -> Vec<&'static str> {
    let has = |figure: &str| counts.is_judged && counts.has(figure);
    let kinds = ["train", "test", "generated"];
    let mut names = Vec::new();
    if kinds
        .iter()
        .any(|kind| has(&format!("discriminator.{kind}")))
    {
        names.extend([
            "discriminator.csv",
            "discriminator.json",
            "logits.svg",
            "probabilities.svg",
        ]);
    }
    let calibrated = |part| {
        has(&format!(
            "discriminator.calibration_error.{part}_vs_generated"
        ))
    };
    if calibrated("train") || calibrated("test") {
        names.push("calibration.svg");
    }
    names
}
