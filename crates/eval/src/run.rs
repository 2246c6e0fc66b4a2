//! The stage from command line to manifest.

use crate::classifier::{self, FILE};
use crate::error::artifact_failure;
use crate::evaluate::{Evaluation, Output, evaluate};
use crate::inputs::{Extractor, Inputs, Source, records};
use crate::{Args, Cli, compare, copying, counts, film, inputs, timing, verify};
use dcgan::Backend;
use dcgan_artifacts::{
    Columns, EarlierResults, Manifest, Part, Results, ValueRange, best_checkpoint, remove_file,
    with_defaults, write_atomic,
};
use dcgan_checkpoints::ClassChoice;
use dcgan_hints::{printable, shown};
use dcgan_kernels::Kernels;
use dcgan_settings::Eval;
use dcgan_terminal::{Failure, Signals, print_result};
use serde_json::{Value, json};
use std::path::Path;

/// The program, as manifests name it.
const STAGE: &str = env!("CARGO_PKG_NAME");

/// Raised when a figure is defined otherwise or another one is added: an earlier evaluation, and
/// each kept row of a checkpoint, is then made anew.
const FIGURES: u32 = 3;
/// Its key in the settings of the manifest.
pub(crate) const FIGURES_KEY: &str = "figures";

/// Does what the command line asks for.
///
/// # Errors
/// [`Failure`] with the exit code of the contract.
pub fn run(cli: &Cli) -> Result<(), Failure> {
    match cli {
        Cli::Evaluate(args) => run_evaluation(args),
        Cli::Classifier(args) => classifier::run(args),
        Cli::Compare(args) => compare::run(args),
        Cli::Verify(args) => verify::run(args),
    }
}

/// Evaluates a checkpoint or samples against a dataset.
fn run_evaluation(args: &Args) -> Result<(), Failure> {
    let settings = args.common.pipeline()?.eval;
    let args = &with_checkpoint(args, &settings)?;
    let identity = identity(&settings, args.samples_range);
    dcgan_kernels::set_threads(args.common.threads);
    dcgan_kernels::set_kernels(kernels(&settings).0);
    if args.common.dry_run {
        return dry_run(args, &settings, &identity);
    }
    let folder = &args.common.out;
    let records = records(args, &settings)?;
    let earlier = EarlierResults::read(folder, STAGE).map_err(artifact_failure)?;
    if earlier.is_of(&identity, &defaults(), &records) && !args.common.force {
        write_timing_if_missing(args)?;
        let human = format!("nothing to do: `{}` is up to date", shown(folder));
        return print_result(&args.common, &human, &json!({ "status": "up_to_date" }));
    }
    let inputs = Inputs::open(args, &settings)?;
    let results = Results::open(folder, STAGE, env!("CARGO_PKG_VERSION"));
    let mut results = results.map_err(artifact_failure)?;
    let signals = Signals::install()?;
    let Evaluation {
        classifier,
        neighbours,
        outputs,
        rows,
        timing,
        metrics,
        table,
    } = evaluate(inputs, args, &settings, (&identity, &records), &signals)?;
    results.clear().map_err(artifact_failure)?;
    remove_file(&folder.join(timing::FILE)).map_err(artifact_failure)?;
    for Output { name, bytes } in &outputs {
        results.write(name, bytes).map_err(artifact_failure)?;
    }
    if let Some(classifier) = classifier {
        let digest = classifier.write(&folder.join(FILE));
        results.add(FILE, digest.map_err(artifact_failure)?);
    }
    if let Some(neighbours) = neighbours {
        let digest = neighbours.write(&folder.join(copying::FILE));
        results.add(copying::FILE, digest.map_err(artifact_failure)?);
    }
    if let Some(rows) = rows {
        rows.remove_others(folder)?;
    }
    if let Some(page) = timing {
        write_atomic(&folder.join(timing::FILE), page.as_bytes()).map_err(artifact_failure)?;
    }
    let written = results.finish(identity, records);
    written.map_err(artifact_failure)?;
    let names: Vec<&str> = outputs.iter().map(|output| output.name.as_ref()).collect();
    let human = format!("{table}\nwrote {} to `{}`", names.join(", "), shown(folder));
    print_result(
        &args.common,
        &human,
        &json!({ "status": "done", "metrics": metrics }),
    )
}

/// The command line with the checkpoint to evaluate: of a folder of checkpoints the newest, where
/// nothing else was named; with `eval.best` the best one that it tells of.
fn with_checkpoint(args: &Args, settings: &Eval) -> Result<Args, Failure> {
    let mut args = args.clone();
    if args.checkpoint.is_none() && args.samples.is_none() {
        args.checkpoint = inputs::listed(&args)?.pop();
    }
    if settings.best {
        let best = args.checkpoint.as_deref().map(best_checkpoint);
        args.checkpoint = best.transpose().map_err(artifact_failure)?;
    }
    Ok(args)
}

/// An evaluation that was complete before `--timing` was given gets its page.
fn write_timing_if_missing(args: &Args) -> Result<(), Failure> {
    let path = args.common.out.join(timing::FILE);
    let Some(table) = args.timing.as_deref().filter(|_| !path.exists()) else {
        return Ok(());
    };
    let page = timing::html(&Columns::read(table).map_err(artifact_failure)?);
    write_atomic(&path, page.as_bytes()).map_err(artifact_failure)
}

/// The settings that the result depends on. The classifier's path is not among them: its hash stands
/// with those of the other inputs. How samples are to be read stands there where it was said.
fn identity(settings: &Eval, samples_range: Option<ValueRange>) -> Value {
    let mut settings = json!(settings);
    if let Some(settings) = settings.as_object_mut() {
        settings.remove("classifier");
    }
    let mut identity = json!({ "eval": settings, FIGURES_KEY: FIGURES });
    if let Some(range) = samples_range {
        identity["samples"] = json!({ "range": range.name() });
    }
    identity
}

/// The settings as a manifest would have them if all were left at their defaults.
fn defaults() -> Value {
    let mut defaults = identity(&Eval::default(), None);
    // An evaluation that does not say how its figures are defined is of another definition.
    if let Some(defaults) = defaults.as_object_mut() {
        defaults.remove(FIGURES_KEY);
    }
    defaults
}

/// The kernels of the settings, and who computes the networks.
pub(crate) fn kernels(settings: &Eval) -> (Kernels, Backend) {
    match settings.kernels {
        dcgan_settings::KernelChoice::Auto => (Kernels::Auto, Backend::Fused),
        dcgan_settings::KernelChoice::Gemm => (Kernels::Gemm, Backend::Fused),
        dcgan_settings::KernelChoice::Direct => (Kernels::Direct, Backend::Fused),
        dcgan_settings::KernelChoice::Winograd => (Kernels::Winograd, Backend::Fused),
        dcgan_settings::KernelChoice::Baseline => (Kernels::Baseline, Backend::Fused),
        dcgan_settings::KernelChoice::Portable => (Kernels::Auto, Backend::Portable),
    }
}

/// The kernels of the earlier evaluation in `folder`, if there is one.
pub(crate) fn kernels_of_earlier(folder: &Path) -> Option<Value> {
    let earlier = Manifest::read(folder).ok()??;
    let asked = defaults();
    let settings = with_defaults(earlier.settings, &asked, &asked);
    settings.pointer("/eval/kernels").cloned()
}

/// Says what would be done.
fn dry_run(args: &Args, settings: &Eval, identity: &Value) -> Result<(), Failure> {
    let inputs = Inputs::open(args, settings)?;
    let (records, folder) = (records(args, settings)?, &args.common.out);
    let earlier = EarlierResults::read(folder, STAGE).map_err(artifact_failure)?;
    let up_to_date = earlier.is_of(identity, &defaults(), &records) && !args.common.force;
    let info = inputs.dataset.info();
    let counts = counts::of_inputs(&inputs, settings);
    let of_discriminator = counts::files_of_discriminator(&counts);
    let mut names = vec!["grid.png"];
    let labelled = match &inputs.source {
        Source::Generator(_, choice) => *choice != ClassChoice::Unlabelled,
        Source::Samples(images) => images.labels.is_some(),
    };
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
    if inputs.dataset.len(Part::Test).unwrap_or(0) > 0 {
        names.extend(["nearest.png", "nearest.csv", copying::FILE]);
    }
    names.extend(&of_discriminator);
    if inputs.extractor.is_kept() {
        names.push(FILE);
    }
    if matches!(inputs.source, Source::Generator(..)) {
        names.push("interpolation.png");
    }
    names.extend(inputs.training.charts().iter().map(|(name, _)| *name));
    if !inputs.training.grids.is_empty() {
        names.push(film::FILE);
    }
    if !inputs.listed.is_empty() {
        names.push("checkpoints.csv");
        let has_accuracy = labelled && counts.has("quality.class_accuracy");
        if has_accuracy || counts.has("quality.precision") {
            names.push("quality-over-time.svg");
        }
        if counts.has("quality.frechet_distance") {
            names.push("distance-over-time.svg");
        }
        if inputs.dataset.len(Part::Test).unwrap_or(0) > 0 {
            names.push("errors-over-time.svg");
        }
        if inputs.listed.len() > 1 && !of_discriminator.is_empty() {
            names.push("discriminator-over-time.svg");
        }
    }
    if inputs.training.timing.is_some() {
        names.push(timing::FILE);
    }
    names.extend(["report.html", "metrics.json", "manifest.json"]);
    let reads: Vec<&str> = records.iter().map(|record| record.name.as_str()).collect();
    let human = format!(
        "dataset `{}`: {}x{}x{}, {} classes\nsettings: {identity}\nreads {}\n{} {} in `{}`",
        printable(&info.name),
        info.height,
        info.width,
        info.channels,
        info.class_names.len(),
        printable(&reads.join(", ")),
        if up_to_date {
            "is up to date, would not write"
        } else {
            "would write"
        },
        names.join(", "),
        shown(folder),
    );
    let json = json!({
        "status": if up_to_date { "up_to_date" } else { "would_run" },
        "settings": identity,
        "reads": reads,
        "writes": if up_to_date { Vec::new() } else { names },
    });
    print_result(&args.common, &human, &json)
}
