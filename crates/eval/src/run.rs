//! The stage from command line to manifest.

use crate::copying::Copying;
use crate::discriminator::{Kind, Statistics};
use crate::error::artifact_failure;
use crate::images::Images;
use crate::inputs::{Inputs, Source, records};
use crate::reading::Reader;
use crate::{Args, Error, grids, summary, tables};
use dcgan_artifacts::{DatasetReader, EarlierResults, Part, Results};
use dcgan_figures::{Picture, encode_png};
use dcgan_models::BLOCK;
use dcgan_settings::Eval;
use dcgan_terminal::{Failure, Progress, Signals, print_result};
use serde_json::{Value, json};

/// The program, as manifests name it.
const STAGE: &str = env!("CARGO_PKG_NAME");

/// One file to write.
#[derive(Debug)]
struct Output {
    name: &'static str,
    bytes: Vec<u8>,
}

/// Evaluates a checkpoint or samples against a dataset.
///
/// # Errors
/// [`Failure`] with the exit code of the contract.
pub fn run(args: &Args) -> Result<(), Failure> {
    let settings = args.common.pipeline()?.eval;
    let identity = json!({ "eval": settings });
    dcgan_kernels::set_threads(args.common.threads);
    if args.common.dry_run {
        return dry_run(args, &settings, &identity);
    }
    let folder = &args.common.out;
    let records = records(args)?;
    let earlier = EarlierResults::read(folder, STAGE).map_err(artifact_failure)?;
    if earlier.is_of(&identity, &records) && !args.common.force {
        let human = format!("nothing to do: `{}` is up to date", folder.display());
        return print_result(&args.common, &human, &json!({ "status": "up_to_date" }));
    }
    let inputs = Inputs::open(args, &settings)?;
    let results = Results::open(folder, STAGE, env!("CARGO_PKG_VERSION"));
    let mut results = results.map_err(artifact_failure)?;
    let signals = Signals::install()?;
    let Evaluation {
        outputs,
        metrics,
        table,
    } = evaluate(inputs, args, &settings, &signals)?;
    results.clear().map_err(artifact_failure)?;
    for Output { name, bytes } in &outputs {
        results.write(name, bytes).map_err(artifact_failure)?;
    }
    let written = results.finish(identity, records);
    written.map_err(artifact_failure)?;
    let names: Vec<&str> = outputs.iter().map(|output| output.name).collect();
    let human = format!(
        "{table}\nwrote {} to `{}`",
        names.join(", "),
        folder.display()
    );
    print_result(
        &args.common,
        &human,
        &json!({ "status": "done", "metrics": metrics }),
    )
}

/// Says what would be done.
fn dry_run(args: &Args, settings: &Eval, identity: &Value) -> Result<(), Failure> {
    let inputs = Inputs::open(args, settings)?;
    let (records, folder) = (records(args)?, &args.common.out);
    let earlier = EarlierResults::read(folder, STAGE).map_err(artifact_failure)?;
    let up_to_date = earlier.is_of(identity, &records) && !args.common.force;
    let info = inputs.dataset.info();
    let mut names = vec!["grid.png"];
    let labelled = match &inputs.source {
        Source::Generator(generator) => !generator.info().class_names.is_empty(),
        Source::Samples(images) => images.labels.is_some(),
    };
    if labelled {
        names.push("grid-classes.png");
    }
    if inputs.discriminator.is_some() {
        names.extend(["discriminator.csv", "discriminator.json"]);
    }
    names.extend(["metrics.json", "manifest.json"]);
    let reads: Vec<&str> = records.iter().map(|record| record.name.as_str()).collect();
    let human = format!(
        "dataset `{}`: {}x{}x{}, {} classes\nsettings: {identity}\nreads {}\n{} {} in `{}`",
        info.name,
        info.height,
        info.width,
        info.channels,
        info.class_names.len(),
        reads.join(", "),
        if up_to_date {
            "is up to date, would not write"
        } else {
            "would write"
        },
        names.join(", "),
        folder.display(),
    );
    let json = json!({
        "status": if up_to_date { "up_to_date" } else { "would_run" },
        "settings": identity,
        "reads": reads,
        "writes": if up_to_date { Vec::new() } else { names },
    });
    print_result(&args.common, &human, &json)
}

/// All that an evaluation gives, before anything is written.
struct Evaluation {
    outputs: Vec<Output>,
    metrics: Value,
    table: String,
}

fn evaluate(
    inputs: Inputs,
    args: &Args,
    settings: &Eval,
    signals: &Signals,
) -> Result<Evaluation, Failure> {
    let Inputs {
        dataset,
        source,
        discriminator,
    } = inputs;
    let class_names = dataset.info().class_names.clone();
    let images = source.into_images(settings, args.common.quiet, signals)?;

    let mut outputs = vec![png("grid.png", grids::first(&images))?];
    if let Some(grid) = grids::by_class(&images, class_names.len()).transpose() {
        outputs.push(png("grid-classes.png", grid)?);
    }
    let mut metrics = json!({ "images": counts(&dataset, &images) });
    let mut table = format!("{} generated images\n", images.n);
    if let Some(discriminator) = &discriminator {
        let reader = Reader {
            discriminator,
            seed: settings.seed,
            signals,
        };
        let statistics = judge(&reader, &dataset, &images, args, settings)?;
        metrics["step"] = json!(discriminator.step());
        metrics["discriminator"] = tables::discriminator_metrics(&statistics);
        let tree = tables::discriminator_tree(&statistics, &class_names, BLOCK);
        let rows = tables::discriminator_rows(&statistics, &class_names);
        outputs.push(Output {
            name: "discriminator.csv",
            bytes: tables::csv(&rows),
        });
        outputs.push(Output {
            name: "discriminator.json",
            bytes: tables::json(&tree),
        });
        table = summary::table(&statistics, &class_names);
    }
    let copying = Copying {
        dataset: &dataset,
        images: &images,
        settings,
        quiet: args.common.quiet,
        signals,
    };
    metrics["pixels"] = copying.metrics()?;
    table += &summary::pixels(&metrics["pixels"]);
    outputs.push(Output {
        name: "metrics.json",
        bytes: tables::json(&metrics),
    });
    Ok(Evaluation {
        outputs,
        metrics,
        table,
    })
}

/// The discriminator's statistics on real and generated images.
fn judge(
    reader: &Reader<'_>,
    dataset: &DatasetReader,
    images: &Images,
    args: &Args,
    settings: &Eval,
) -> Result<Statistics, Failure> {
    let mut parts = Vec::new();
    for (kind, part) in [(Kind::Train, Part::Train), (Kind::Test, Part::Test)] {
        if let Some(n) = dataset.len(part) {
            let progress = Progress::new("discriminator", n as u64, args.common.quiet);
            parts.push(reader.real(kind, dataset, part, &progress)?);
            progress.finish();
        }
    }
    let progress = Progress::new("discriminator", images.n as u64, args.common.quiet);
    parts.push(reader.generated(images, &progress)?);
    progress.finish();
    let classes = dataset.info().class_names.len();
    Statistics::of(&parts, classes, settings.histogram_bins).map_err(|source| {
        let path = args.checkpoint.clone().unwrap_or_default();
        Failure::input(Error::Measure { path, source })
    })
}

/// Images of each kind.
fn counts(dataset: &DatasetReader, images: &Images) -> Value {
    let mut counts = json!({ Kind::Generated.name(): images.n });
    for (kind, part) in [(Kind::Train, Part::Train), (Kind::Test, Part::Test)] {
        if let Some(n) = dataset.len(part) {
            counts[kind.name()] = json!(n);
        }
    }
    counts
}

fn png(
    name: &'static str,
    picture: Result<Picture, dcgan_figures::Error>,
) -> Result<Output, Failure> {
    let bytes = picture
        .and_then(|picture| encode_png(&picture))
        .map_err(|source| Failure::output(Error::Picture { name, source }))?;
    Ok(Output { name, bytes })
}
