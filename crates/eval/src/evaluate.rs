//! An evaluation, from open inputs to the bytes of every file.

use crate::Args;
use crate::Error;
use crate::figures::{Alarm, Metrics, json as bytes_of, tree};
use crate::images::Images;
use crate::inputs::checks::Extractor;
use crate::inputs::opened::{Inputs, Listed};
use crate::inputs::training::Training;
use crate::measure::alarms::alarms;
use crate::measure::checkpoints::{Rows, Shared};
use crate::measure::classifier::Work;
use crate::measure::copying::Pairs;
use crate::measure::discriminator::Statistics;
use crate::measure::judged;
use crate::measure::measured::{Measure, Measured};
use crate::report::charts::{self, Charts};
use crate::report::html::Report;
use crate::report::svg::ChartFiles;
use crate::report::{checkpoints, film, grids, summary, svg, tables, timing};
use dcgan_artifacts::{ClassifierFile, FileRecord, NeighboursFile};
use dcgan_checkpoints::BLOCK;
use dcgan_figures::{Picture, encode_png};
use dcgan_settings::Eval;
use dcgan_stage::{Failure, Signals};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::BTreeMap;
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

/// The results of an evaluation. Of its files only the checkpoints' rows are written already.
pub(crate) struct Evaluation {
    /// To be kept with the result, so that the next evaluation need not train it again.
    pub(crate) classifier: Option<ClassifierFile>,
    /// The test images' neighbours, also kept.
    pub(crate) neighbours: Option<NeighboursFile>,
    pub(crate) outputs: Vec<Output>,
    /// The figures of several checkpoints.
    pub(crate) rows: Option<Rows>,
    /// `timing.html`, which is not in the manifest.
    pub(crate) timing: Option<String>,
    /// `metrics.json`.
    pub(crate) metrics: Metrics,
    /// The text for stdout.
    pub(crate) table: String,
}

/// Draws or reads the images, measures them, and makes pictures, charts and tables.
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
    let images = source.into_images(settings, args.common.quiet, signals)?;
    let quiet = args.common.quiet;
    let is_kept = extractor.is_kept();
    let extractor = classifier_file(extractor, Work::of(&dataset, quiet, signals), settings)?;
    let measure = Measure {
        dataset: &dataset,
        left_out: &left_out,
        extractor: &extractor,
        neighbours: kept.as_ref(),
        settings,
        quiet,
        signals,
    };
    let judge = args.checkpoint.as_deref().zip(discriminator.as_ref());
    let mut measured = measure.of(&images, judge)?;
    let known = args.checkpoint.as_deref();
    let known = known.filter(|_| interpolation.is_some());
    let rows = checkpoint_rows(&measure, &measured, known, &listed, args, provenance)?;
    measured.metrics.alarms = Some(raised(&measured, settings, &training));
    let timing = training.timing.as_ref().map(timing::html);
    let drawn = Drawn {
        images: &images,
        interpolation: interpolation.as_ref(),
        classes: &dataset.trained_classes(),
        class_names: &dataset.info().class_names,
        dataset: &dataset.info().name,
    };
    let outputs = drawn.outputs(&measured, rows.as_ref(), training, provenance)?;
    Ok(Evaluation {
        table: drawn.table(&measured),
        classifier: is_kept.then_some(extractor),
        neighbours: measured.neighbours,
        outputs,
        rows,
        timing,
        metrics: measured.metrics,
    })
}

/// The alarms, with their thresholds in the settings.
fn raised(measured: &Measured, settings: &Eval, training: &Training) -> BTreeMap<String, Alarm> {
    let statistics = measured.statistics.as_ref();
    let curves = training.metrics.as_ref();
    alarms(
        &settings.alarms,
        statistics,
        &measured.metrics.quality,
        curves,
    )
}

/// The evaluated images and their context.
struct Drawn<'a> {
    images: &'a Images,
    interpolation: Option<&'a Images>,
    /// The classes that have training images.
    classes: &'a [u8],
    class_names: &'a [String],
    /// The dataset's name.
    dataset: &'a str,
}

impl Drawn<'_> {
    /// Every file except those of the classifier and the neighbours.
    fn outputs(
        &self,
        measured: &Measured,
        rows: Option<&Rows>,
        training: Training,
        (settings, inputs): (&Value, &[FileRecord]),
    ) -> Result<Vec<Output>, Failure> {
        let metrics = &measured.metrics;
        let mut outputs = self.grids()?;
        let mut of_discriminator = ChartFiles::new();
        if let Some(found) = &measured.statistics {
            of_discriminator = self.judged(found, &mut outputs);
        }
        outputs.extend(self.shown(measured)?);
        let rows_by_step = rows.map(Rows::all);
        let charts = Charts {
            by_class: charts::by_class(&metrics.quality),
            training: charts::of_training(&training),
            over_time: rows_by_step
                .as_deref()
                .map(checkpoints::charts)
                .unwrap_or_default(),
            discriminator: of_discriminator,
        };
        for (name, chart) in charts.all() {
            outputs.push(Output::new(*name, svg::standalone(chart)));
        }
        if !training.grids.is_empty() {
            outputs.push(Output::new(film::FILE, film::gif(training.grids)?));
        }
        let report = Report {
            dataset: self.dataset,
            metrics,
            charts: &charts,
            pictures: pictures(&outputs),
            settings,
            trained: training.settings.as_ref(),
            inputs,
        };
        let report = report.html().into_bytes();
        outputs.push(Output::new("report.html", report));
        outputs.push(Output::new("metrics.json", bytes_of(&tree(metrics))));
        if let (Some(rows), Some(by_step)) = (rows, rows_by_step) {
            outputs.push(Output::new("checkpoints.csv", checkpoints::table(&by_step)));
            outputs.extend(rows.files().map(|(name, bytes)| Output::new(name, bytes)));
        }
        Ok(outputs)
    }

    /// Adds `discriminator.csv` and `discriminator.json`; returns their charts.
    fn judged(&self, found: &Statistics, outputs: &mut Vec<Output>) -> ChartFiles {
        let rows = tables::discriminator_rows(found, self.class_names);
        let table = tables::csv(&tables::HEADER, &rows);
        outputs.push(Output::new("discriminator.csv", table));
        let figures = judged::file(found, self.class_names, BLOCK);
        let bytes = bytes_of(&tree(&figures));
        outputs.push(Output::new("discriminator.json", bytes));
        charts::judged(&figures)
    }

    /// Pictures of the images of which the classifier is least and most certain, and of those
    /// nearest to a training image.
    fn shown(&self, measured: &Measured) -> Result<Vec<Output>, Failure> {
        let mut outputs = Vec::new();
        for (name, indices) in [
            ("worst.png", &measured.worst),
            ("surest.png", &measured.surest),
        ] {
            if !indices.is_empty() {
                outputs.push(png(name, grids::of(self.images, indices))?);
            }
        }
        if let Some(pairs) = &measured.pairs {
            outputs.extend(nearest(pairs, self.images.shape)?);
        }
        Ok(outputs)
    }

    /// `grid.png`; `grid-classes.png` if there are labels; `interpolation.png` if there is a
    /// generator.
    fn grids(&self) -> Result<Vec<Output>, Failure> {
        let mut outputs = vec![png("grid.png", grids::first(self.images))?];
        if let Some(grid) = grids::by_class(self.images, self.classes).transpose() {
            outputs.push(png("grid-classes.png", grid)?);
        }
        if let Some(images) = self.interpolation {
            let chosen: Vec<usize> = (0..images.n).collect();
            outputs.push(png("interpolation.png", grids::of(images, &chosen))?);
        }
        Ok(outputs)
    }

    /// The text for stdout.
    fn table(&self, measured: &Measured) -> String {
        let head = match &measured.statistics {
            Some(found) => summary::table(found, self.class_names),
            None => format!("{} generated images\n", self.images.n),
        };
        head + &summary::figures(&measured.metrics)
    }
}

/// The figures of the checkpoints of `--checkpoints`, including the evaluated one.
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
    // Other inputs of the figures: all except the checkpoints and the files of the run.
    let others: Vec<&FileRecord> = records
        .iter()
        .filter(|record| listed.iter().all(|listed| listed.sha256 != record.sha256))
        .filter(|record| !has_ending(&record.name, &["csv", "png", "json"]))
        .collect();
    let neighbours = measured.neighbours.as_ref().or(measure.neighbours);
    let mut identity = identity.clone();
    if let Some(settings) = identity["eval"].as_object_mut() {
        // The choice of the evaluated checkpoint does not change the others' figures.
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

/// The given or kept classifier, or a new one.
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

/// `nearest.png` and `nearest.csv`.
fn nearest(pairs: &Pairs, shape: [usize; 3]) -> Result<[Output; 2], Failure> {
    let table = Output::new("nearest.csv", tables::nearest(pairs));
    Ok([png("nearest.png", grids::pairs(pairs, shape))?, table])
}

/// The pictures of the outputs, with their captions.
fn pictures(outputs: &[Output]) -> Vec<(&str, &str, &[u8])> {
    const CAPTIONS: [(&str, &str); 7] = [
        (
            "grid-classes.png",
            "Ten generated images of each class, a row per class",
        ),
        ("grid.png", "The first 64 generated images"),
        (
            "worst.png",
            "The images that the classifier is least certain of, the worst first",
        ),
        (
            "surest.png",
            "The images that the classifier is most certain of",
        ),
        (
            "interpolation.png",
            "Interpolations between two z, a row per pair",
        ),
        (
            "nearest.png",
            "Generated images nearest to a training image, each left of that image",
        ),
        (
            film::FILE,
            "Images of the same z during the training, from the first step to the last",
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
