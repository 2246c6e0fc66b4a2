//! One evaluation, from open inputs to the bytes of every file.

use crate::classifier::Work;
use crate::copying::{Copied, Copying, Pairs};
use crate::discriminator::{Kind, Statistics};
use crate::images::Images;
use crate::inputs::{Extractor, Inputs};
use crate::quality::{Judge, Quality};
use crate::reading::Reader;
use crate::report::{self, Report};
use crate::{Args, Error, alarms, grids, summary, svg, tables};
use dcgan_artifacts::{ClassifierFile, Columns, DatasetReader, FileRecord, NeighboursFile, Part};
use dcgan_figures::{Picture, encode_png};
use dcgan_models::BLOCK;
use dcgan_settings::Eval;
use dcgan_terminal::{Failure, Progress, Signals};
use serde_json::{Value, json};

/// One file to write.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
}

/// All that an evaluation gives, before anything is written.
pub(crate) struct Evaluation {
    /// To be kept beside the result, so that another evaluation need not train it again.
    pub(crate) classifier: Option<ClassifierFile>,
    /// The same of the test images' neighbours.
    pub(crate) neighbours: Option<NeighboursFile>,
    pub(crate) outputs: Vec<Output>,
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
        source,
        discriminator,
        extractor,
        neighbours: kept,
        curves,
    } = inputs;
    let interpolation = source.interpolation(settings)?;
    let class_names = dataset.info().class_names.clone();
    let images = source.into_images(settings, args.common.quiet, signals)?;

    let mut outputs = sample_grids(&images, interpolation.as_ref(), class_names.len())?;
    let mut metrics = json!({ "images": counts(&dataset, &images) });
    let mut table = format!("{} generated images\n", images.n);
    let (mut statistics, mut judged) = (None, None);
    if let Some(discriminator) = &discriminator {
        let reader = Reader {
            discriminator,
            seed: settings.seed,
            signals,
        };
        let found = judge(&reader, &dataset, &images, args, settings)?;
        metrics["step"] = json!(discriminator.step());
        metrics["discriminator"] = tables::discriminator_metrics(&found);
        let tree = tables::discriminator_tree(&found, &class_names, BLOCK);
        let rows = tables::discriminator_rows(&found, &class_names);
        outputs.extend(discriminator_files(&rows, &tree));
        table = summary::table(&found, &class_names);
        (statistics, judged) = (Some(found), Some(tree));
    }
    let work = Work {
        dataset: &dataset,
        quiet: args.common.quiet,
        signals,
    };
    let is_kept = extractor.is_kept();
    let extractor = classifier_file(extractor, work, settings)?;
    let judge = Judge {
        work,
        file: &extractor,
        settings,
    };
    let Quality {
        tree,
        worst,
        surest,
    } = judge.quality(&images)?;
    table += &summary::quality(&tree);
    metrics["quality"] = tree;
    outputs.extend(extremes(&images, [&worst, &surest])?);
    let copying = Copying {
        dataset: &dataset,
        images: &images,
        kept: kept.as_ref(),
        settings,
        quiet: args.common.quiet,
        signals,
    };
    let Copied {
        tree,
        pairs,
        neighbours,
    } = copying.metrics()?;
    table += &summary::pixels(&tree);
    metrics["pixels"] = tree;
    if let Some(pairs) = pairs {
        outputs.extend(nearest(&pairs, images.shape)?);
    }
    let bounds = &settings.alarms;
    let quality = &metrics["quality"];
    metrics["alarms"] = alarms::tree(bounds, statistics.as_ref(), quality, curves.as_ref());
    table += &summary::alarms(&metrics["alarms"]);
    outputs.extend(curves.as_ref().map(charts).unwrap_or_default());
    let report = Report {
        dataset: &dataset.info().name,
        metrics: &metrics,
        discriminator: judged.as_ref(),
        curves: curves.as_ref(),
        pictures: pictures(&outputs),
        settings: provenance.0,
        inputs: provenance.1,
    };
    let bytes = report.html().into_bytes();
    outputs.push(Output {
        name: "report.html",
        bytes,
    });
    outputs.push(Output {
        name: "metrics.json",
        bytes: tables::json(&metrics),
    });
    Ok(Evaluation {
        classifier: is_kept.then_some(extractor),
        neighbours,
        outputs,
        metrics,
        table,
    })
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
    classes: usize,
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

/// `worst.png` and `surest.png`, where there are such images.
fn extremes(images: &Images, chosen: [&[usize]; 2]) -> Result<Vec<Output>, Failure> {
    let named = ["worst.png", "surest.png"].into_iter().zip(chosen);
    named
        .filter(|(_, indices)| !indices.is_empty())
        .map(|(name, indices)| png(name, grids::of(images, indices)))
        .collect()
}

/// `loss.svg` and `discriminator.svg`.
fn charts(curves: &Columns) -> Vec<Output> {
    let charts = report::curves(curves).into_iter();
    charts
        .map(|(name, chart)| Output {
            name,
            bytes: svg::standalone(&chart),
        })
        .collect()
}

/// `discriminator.csv` and `discriminator.json`.
fn discriminator_files(rows: &[[String; 7]], tree: &Value) -> [Output; 2] {
    let table = tables::csv(tables::HEADER, rows);
    [
        ("discriminator.csv", table),
        ("discriminator.json", tables::json(tree)),
    ]
    .map(|(name, bytes)| Output { name, bytes })
}

/// `nearest.png` and `nearest.csv`.
fn nearest(pairs: &Pairs, shape: [usize; 3]) -> Result<[Output; 2], Failure> {
    let table = Output {
        name: "nearest.csv",
        bytes: tables::csv(Pairs::HEADER, &pairs.rows()),
    };
    Ok([png("nearest.png", grids::pairs(pairs, shape))?, table])
}

/// The pictures among the outputs, with their captions.
fn pictures(outputs: &[Output]) -> Vec<(&str, &str, &[u8])> {
    const CAPTIONS: [(&str, &str); 6] = [
        (
            "grid-classes.png",
            "Ten generated images of each class, a row per class",
        ),
        ("grid.png", "The first 64 generated images"),
        (
            "interpolation.png",
            "On the way from one z to another, a row per pair",
        ),
        (
            "worst.png",
            "The images that the classifier doubts most, the worst first",
        ),
        ("surest.png", "The images that the classifier is surest of"),
        (
            "nearest.png",
            "Generated images nearest to a training image, each left of that image",
        ),
    ];
    let find = |(name, caption)| {
        let output = outputs.iter().find(|output| output.name == name)?;
        Some((name, caption, output.bytes.as_slice()))
    };
    CAPTIONS.into_iter().filter_map(find).collect()
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
