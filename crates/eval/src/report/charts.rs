//! The charts of an evaluation.

use crate::figures::discriminator::{DiscriminatorFile, DistributionFigures, ReadingFigures};
use crate::figures::{ByName, QualityFigures};
use crate::inputs::training::Training;
use crate::report::svg::{ChartFiles, Named, bars, histograms, lines, reliability};
use crate::report::{over_time, scores};
use dcgan_artifacts::Columns;
use dcgan_artifacts::run_tables::{D_ACCURACY, D_LOSS, D_MEANS, G_LOSSES, STEP};

/// The charts of an evaluation.
pub(crate) struct Charts {
    /// Figures of each class.
    pub(crate) by_class: ChartFiles,
    /// Curves of the training.
    pub(crate) training: ChartFiles,
    /// Figures of several checkpoints.
    pub(crate) over_time: ChartFiles,
    /// The discriminator's output.
    pub(crate) discriminator: ChartFiles,
}

impl Charts {
    /// All charts, in order.
    pub(crate) fn all(&self) -> impl Iterator<Item = &(&'static str, String)> {
        let Self {
            by_class,
            training,
            over_time,
            discriminator,
        } = self;
        let charts = by_class.iter().chain(training);
        charts.chain(over_time).chain(discriminator)
    }
}

/// `loss.svg`, `discriminator.svg`: the run's curves; empty if the table has none of the columns.
pub(crate) fn curves(curves: &Columns) -> ChartFiles {
    let chart = |title: &str, names: &[&str]| {
        let series: Vec<Named<&[f64]>> = names
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), curves.get(name)?)))
            .collect();
        lines(title, curves.get(STEP).unwrap_or_default(), &series)
    };
    ChartFiles::from([
        (
            "loss.svg",
            chart("Losses", &[D_LOSS, G_LOSSES[0], G_LOSSES[1]]),
        ),
        (
            "discriminator.svg",
            chart(
                "Output of the discriminator",
                &[D_MEANS[0], D_MEANS[1], D_ACCURACY],
            ),
        ),
    ])
}

/// The charts of a training's files, with the names of their files; none is empty.
pub(crate) fn of_training(training: &Training) -> ChartFiles {
    let curves = training.metrics.as_ref().map(curves);
    let histograms = training.histograms.as_ref().map(over_time::probabilities);
    let scores = training.scores.as_ref();
    let scores = scores.map(|scores| scores::chart(scores, training.best.as_ref()));
    let mut charts = curves.unwrap_or_default();
    charts.extend(histograms.map(|chart| (over_time::PROBABILITIES, chart)));
    charts.extend(scores.map(|chart| (scores::FILE, chart)));
    charts.retain(|(_, chart)| !chart.is_empty());
    charts
}

/// Charts of figures by class.
pub(crate) fn by_class(quality: &QualityFigures) -> ChartFiles {
    let charts = [
        (
            "accuracy-by-class.svg",
            &quality.class_accuracy_by_class,
            "Accuracy by class",
        ),
        (
            "diversity-by-class.svg",
            &quality.diversity_by_class,
            "Diversity by class",
        ),
        (
            "distance-by-class.svg",
            &quality.frechet_distance_by_class,
            "Fréchet distance by class",
        ),
    ];
    let chart = |(file, classes, title): (_, &Option<ByName>, _)| {
        Some((file, of_classes(title, classes.as_ref()?)))
    };
    charts.into_iter().filter_map(chart).collect()
}

fn of_classes(title: &str, classes: &ByName) -> String {
    // Halves of images that the classifier wasn't trained on; figures of one set have none.
    let has_halves = classes.values().any(|class| class.halves.is_some());
    let rows = classes.iter().map(|(name, class)| {
        let real = if has_halves {
            class.of_halves()
        } else {
            class.real
        };
        (name.clone(), (class.value, real))
    });
    let mark = if has_halves { "halves" } else { "real" };
    bars(title, mark, &rows.collect::<Vec<_>>())
}

/// Charts of the discriminator's output; none is empty.
pub(crate) fn judged(judged: &DiscriminatorFile) -> ChartFiles {
    let logits = |of_kind: &ReadingFigures| of_kind.logit.clone();
    let probabilities = |of_kind: &ReadingFigures| of_kind.probability.clone();
    let mut charts = vec![
        (
            "logits.svg",
            of_bins(
                "Logits: share of the images in each bin",
                "logit",
                &by_kind(judged, logits),
            ),
        ),
        (
            "probabilities.svg",
            of_bins(
                "Probabilities: share of the images in each bin",
                "probability",
                &by_kind(judged, probabilities),
            ),
        ),
    ];
    let series = ["train", "test"].into_iter().filter_map(|part| {
        let of_part = judged.calibration.get(&format!("{part}_vs_generated"))?;
        let bins = of_part.all.as_ref()?.bins.iter();
        let points = bins.filter_map(|bin| Some((bin.probability?, bin.share?)));
        Some((part.to_owned(), points.collect()))
    });
    let series: Vec<Named<Vec<(f64, f64)>>> = series.collect();
    if !series.is_empty() {
        let title = "Calibration: share that is real";
        charts.push(("calibration.svg", reliability(title, &series)));
    }
    charts
}

/// A distribution of each kind of images.
fn by_kind(
    judged: &DiscriminatorFile,
    of: impl Fn(&ReadingFigures) -> DistributionFigures,
) -> Vec<Named<DistributionFigures>> {
    let kinds = ["train", "test", "generated"].into_iter();
    let found = kinds.filter_map(|kind| {
        let all = judged.parts.get(kind)?.all.as_ref()?;
        Some((kind.to_owned(), of(all)))
    });
    found.collect()
}

/// Histograms with the same bins.
fn of_bins(title: &str, label: &str, kinds: &[Named<DistributionFigures>]) -> String {
    let range = kinds.last().map(|(_, of_kind)| {
        let histogram = &of_kind.histogram;
        (histogram.low, histogram.high)
    });
    let series = kinds.iter().map(|(name, of_kind)| {
        let counts = of_kind.histogram.counts.iter();
        (name.clone(), counts.map(|&count| count as f64).collect())
    });
    let series: Vec<Named<Vec<f64>>> = series.collect();
    histograms(title, label, range.unwrap_or((0.0, 1.0)), &series)
}
