//! One evaluation, from open inputs to the bytes of every file.

use crate::checkpoints::{Listed, Rows, Shared};
use crate::classifier::Work;
use crate::copying::Pairs;
use crate::images::Images;
use crate::inputs::{Extractor, Inputs};
use crate::measure::{Measure, Measured};
use crate::report::{self, Charts, Report};
use crate::{Args, Error, alarms, film, grids, summary, svg, tables};
use dcgan_artifacts::{ClassifierFile, FileRecord, NeighboursFile};
use dcgan_checkpoints::BLOCK;
use dcgan_figures::{Picture, encode_png};
use dcgan_settings::Eval;
use dcgan_stage::{Failure, Signals};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::path::Path;

/// One file to write.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) name: Cow<'static, str>,
    pub(crate) bytes: Vec<u8>,
}

impl Output {
    fn new(name: impl Into<Cow<'static, str>>, bytes: Vec<u8>) -> Self {
        let name = name.into();
        Self { name, bytes }
    }
}

/// All that an evaluation gives, before anything but the checkpoints' rows is written.
pub(crate) struct Evaluation {
    /// To be kept beside the result, so that another evaluation need not train it again.
    pub(crate) classifier: Option<ClassifierFile>,
    /// The same of the test images' neighbours.
    pub(crate) neighbours: Option<NeighboursFile>,
    pub(crate) outputs: Vec<Output>,
    /// The figures of several checkpoints.
    pub(crate) rows: Option<Rows>,
    /// `timing.html`, which stands outside the manifest.
    pub(crate) timing: Option<String>,
    /// `metrics.json`.
    pub(crate) metrics: Value,
    /// What a person reads on stdout.
    pub(crate) table: String,
}

/// Draws or takes the images, asks discriminator and classifier, compares pixels, and draws.
pub(crate) fn evaluate(
    inputs: Inputs,
    args: &Args,
    settings: &Eval,
    provenance: (&Value, &[FileRecord]),
    signals: &Signals,
) -> Result<Evaluation, Failure> {
    let Inputs {
        dataset,
        left_out,
        source,
        discriminator,
        extractor,
        neighbours: kept,
        training,
        listed,
    } = inputs;
    let interpolation = source.interpolation(settings)?;
    let is_drawn = interpolation.is_some();
    let class_names = dataset.info().class_names.clone();
    let images = source.into_images(settings, args.common.quiet, signals)?;
    let work = Work {
        dataset: &dataset,
        quiet: args.common.quiet,
        signals,
    };
    let is_kept = extractor.is_kept();
    let extractor = classifier_file(extractor, work, settings)?;
    let measure = Measure {
        dataset: &dataset,
        left_out: &left_out,
        extractor: &extractor,
        neighbours: kept.as_ref(),
        settings,
        quiet: args.common.quiet,
        signals,
    };
    let judge = args.checkpoint.as_deref().zip(discriminator.as_ref());
    let measured = measure.of(&images, judge)?;
    let known = args.checkpoint.as_deref().filter(|_| is_drawn);
    let rows = checkpoint_rows(&measure, &measured, known, &listed, args, provenance)?;

    let mut metrics = measured.metrics.clone();
    metrics["alarms"] = alarms::tree(
        &settings.alarms,
        measured.statistics.as_ref(),
        &metrics["quality"],
        training.metrics.as_ref(),
    );
    let judged = measured
        .statistics
        .as_ref()
        .map(|found| tables::discriminator_tree(found, &class_names, BLOCK));
    let mut outputs = sample_grids(&images, interpolation.as_ref(), &dataset.trained_classes())?;
    if let (Some(found), Some(tree)) = (&measured.statistics, &judged) {
        let rows = tables::discriminator_rows(found, &class_names);
        outputs.extend(discriminator_files(&rows, tree));
    }
    for (name, indices) in [
        ("worst.png", &measured.worst),
        ("surest.png", &measured.surest),
    ] {
        if !indices.is_empty() {
            outputs.push(png(name, grids::of(&images, indices))?);
        }
    }
    if let Some(pairs) = &measured.pairs {
        outputs.extend(nearest(pairs, images.shape)?);
    }
    let charts = Charts {
        by_class: report::by_class(&metrics["quality"]),
        training: training.charts(),
        over_time: rows.as_ref().map(Rows::charts).unwrap_or_default(),
        discriminator: judged.as_ref().map(report::judged).unwrap_or_default(),
    };
    for (name, chart) in charts.all() {
        outputs.push(Output::new(*name, svg::standalone(chart)));
    }
    let timing = training.timing();
    if !training.grids.is_empty() {
        outputs.push(Output::new(film::FILE, film::gif(training.grids)?));
    }
    let report = Report {
        dataset: &dataset.info().name,
        metrics: &metrics,
        missing: &measured.missing,
        charts: &charts,
        pictures: pictures(&outputs),
        settings: provenance.0,
        trained: training.settings.as_ref(),
        inputs: provenance.1,
    };
    let report = report.html().into_bytes();
    outputs.push(Output::new("report.html", report));
    outputs.push(Output::new("metrics.json", tables::json(&metrics)));
    if let Some(rows) = &rows {
        outputs.push(Output::new("checkpoints.csv", rows.table()));
        outputs.extend(rows.files().map(|(name, bytes)| Output::new(name, bytes)));
    }
    Ok(Evaluation {
        table: table(&measured, &metrics, images.n, &class_names),
        classifier: is_kept.then_some(extractor),
        neighbours: measured.neighbours,
        outputs,
        rows,
        timing,
        metrics,
    })
}

/// The figures of the checkpoints that were listed, the one that was evaluated among them.
fn checkpoint_rows(
    measure: &Measure<'_>,
    measured: &Measured,
    known: Option<&Path>,
    listed: &[Listed],
    args: &Args,
    (identity, records): (&Value, &[FileRecord]),
) -> Result<Option<Rows>, Failure> {
    if listed.is_empty() {
        return Ok(None);
    }
    let same = known.and_then(|known| listed.iter().find(|listed| listed.path == known));
    // Whatever else the figures depend on: all inputs but the checkpoints and what the run
    // left beside them.
    let others: Vec<&FileRecord> = records
        .iter()
        .filter(|record| listed.iter().all(|listed| listed.sha256 != record.sha256))
        .filter(|record| !has_ending(&record.name, &["csv", "png", "json"]))
        .collect();
    let neighbours = measured.neighbours.as_ref().or(measure.neighbours);
    let mut identity = identity.clone();
    if let Some(settings) = identity["eval"].as_object_mut() {
        // Which checkpoint is evaluated changes nothing of the others.
        settings.remove("best");
    }
    let shared = Shared {
        measure: &Measure {
            neighbours,
            ..*measure
        },
        provenance: json!({
            "inputs": others,
            "settings": identity,
            "version": env!("CARGO_PKG_VERSION"),
        }),
        known: same.map(|listed| (listed.sha256.as_str(), measured)),
        out: &args.common.out,
    };
    shared.rows(listed).map(Some)
}

fn has_ending(name: &str, endings: &[&str]) -> bool {
    let ending = Path::new(name)
        .extension()
        .and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| endings.contains(&ending))
}

/// What a person reads.
fn table(measured: &Measured, metrics: &Value, n: usize, class_names: &[String]) -> String {
    let head = match &measured.statistics {
        Some(found) => summary::table(found, class_names),
        None => format!("{n} generated images\n"),
    };
    head + &summary::quality(&metrics["quality"])
        + &summary::pixels(&metrics["pixels"])
        + &summary::alarms(&metrics["alarms"])
        + &summary::missing(&measured.missing)
}

/// The classifier at hand, or one that is made now.
fn classifier_file(
    extractor: Extractor,
    work: Work<'_>,
    settings: &Eval,
) -> Result<ClassifierFile, Failure> {
    match extractor {
        Extractor::Given(file) | Extractor::Kept(file) => Ok(*file),
        Extractor::Untrained => work.train(settings),
        Extractor::Random => Ok(work.random()),
    }
}

/// `grid.png`, and, where there are labels or a generator, `grid-classes.png` and
/// `interpolation.png`.
fn sample_grids(
    images: &Images,
    interpolation: Option<&Images>,
    classes: &[u8],
) -> Result<Vec<Output>, Failure> {
    let mut outputs = vec![png("grid.png", grids::first(images))?];
    if let Some(grid) = grids::by_class(images, classes).transpose() {
        outputs.push(png("grid-classes.png", grid)?);
    }
    if let Some(images) = interpolation {
        let chosen: Vec<usize> = (0..images.n).collect();
        outputs.push(png("interpolation.png", grids::of(images, &chosen))?);
    }
    Ok(outputs)
}

/// `discriminator.csv` and `discriminator.json`.
fn discriminator_files(rows: &[[String; 7]], tree: &Value) -> [Output; 2] {
    let table = tables::csv(&tables::HEADER, rows);
    [
        ("discriminator.csv", table),
        ("discriminator.json", tables::json(tree)),
    ]
    .map(|(name, bytes)| Output::new(name, bytes))
}

/// `nearest.png` and `nearest.csv`.
fn nearest(pairs: &Pairs, shape: [usize; 3]) -> Result<[Output; 2], Failure> {
    let table = Output::new("nearest.csv", tables::csv(&Pairs::HEADER, &pairs.rows()));
    Ok([png("nearest.png", grids::pairs(pairs, shape))?, table])
}

/// The pictures among the outputs, with their captions.
fn pictures(outputs: &[Output]) -> Vec<(&str, &str, &[u8])> {
    const CAPTIONS: [(&str, &str); 7] = [
        (
            "grid-classes.png",
            "Ten generated images of each class, a row per class",
        ),
        ("grid.png", "The first 64 generated images"),
        (
            "worst.png",
            "The images that the classifier doubts most, the worst first",
        ),
        ("surest.png", "The images that the classifier is surest of"),
        (
            "interpolation.png",
            "On the way from one z to another, a row per pair",
        ),
        (
            "nearest.png",
            "Generated images nearest to a training image, each left of that image",
        ),
        (
            film::FILE,
            "The same noise drawn at every so many steps of the training, from the first to the last",
        ),
    ];
    let find = |(name, caption)| {
        let output = outputs.iter().find(|output| output.name == name)?;
        Some((name, caption, output.bytes.as_slice()))
    };
    CAPTIONS.into_iter().filter_map(find).collect()
}

fn png(
    name: &'static str,
    picture: Result<Picture, dcgan_figures::Error>,
) -> Result<Output, Failure> {
    let bytes = picture
        .and_then(|picture| encode_png(&picture))
        .map_err(|source| Failure::output(Error::Picture { name, source }))?;
    Ok(Output::new(name, bytes))
}
