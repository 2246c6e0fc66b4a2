//! The summary on stdout.

use crate::figures::{Alarm, Figure, Metrics, PixelFigures, QualityFigures};
use crate::measure::discriminator::{Kind, Reading, Statistics};
use crate::report::{copies, sets};
use dcgan_artifacts::MissingFigure;
use dcgan_hints::printable;
use std::fmt::Write as _;

/// A table with a column per kind of images, then one with a row per class.
pub(crate) fn table(statistics: &Statistics, class_names: &[String]) -> String {
    let kinds = [Kind::Train, Kind::Test, Kind::Generated];
    let overall: Vec<&Reading> = kinds
        .iter()
        .filter_map(|&kind| statistics.overall(kind))
        .collect();
    let mut text = String::new();
    let mut line = |label: &str, cells: Vec<String>| {
        let mut line = format!("{label:<28}");
        for cell in cells {
            let _ = write!(line, "{cell:>12}");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    };
    let row = |of: fn(&Reading) -> String| overall.iter().map(|reading| of(reading)).collect();
    let fixed = |value: f64| format!("{value:.4}");
    line(
        "discriminator",
        overall
            .iter()
            .map(|reading| reading.kind.name().to_owned())
            .collect(),
    );
    line("images", row(|reading| reading.logit.count.to_string()));
    line(
        "logit, mean",
        row(|reading| format!("{:.4}", reading.logit.mean)),
    );
    line(
        "logit, standard deviation",
        row(|r| format!("{:.4}", r.logit.standard_deviation)),
    );
    line(
        "probability, mean",
        row(|reading| format!("{:.4}", reading.probability.mean)),
    );
    line(
        "accuracy at 0.5",
        row(|reading| format!("{:.4}", reading.accuracy)),
    );
    let ranking = |kind: Kind, class: Option<u8>| {
        let found = statistics
            .rankings
            .iter()
            .find(|r| r.real == kind && r.class == class);
        found.map_or_else(|| "-".to_owned(), |ranking| fixed(ranking.roc_auc))
    };
    let real = overall
        .iter()
        .filter(|reading| reading.kind != Kind::Generated);
    line(
        "ROC AUC against generated",
        real.map(|reading| ranking(reading.kind, None)).collect(),
    );

    let classes = (0..=u8::MAX).zip(class_names);
    let mut title = true;
    for (class, name) in classes {
        let readings: Vec<&Reading> = statistics
            .readings
            .iter()
            .filter(|reading| reading.class == Some(class))
            .collect();
        if readings.is_empty() {
            continue;
        }
        if std::mem::take(&mut title) {
            line("\naccuracy at 0.5 by class", Vec::new());
        }
        let cell = |kind| {
            let found = readings.iter().find(|reading| reading.kind == kind);
            found.map_or_else(|| "-".to_owned(), |reading| fixed(reading.accuracy))
        };
        line(
            &printable(name),
            overall.iter().map(|reading| cell(reading.kind)).collect(),
        );
    }
    text
}

/// All figures except the discriminator's.
pub(crate) fn figures(metrics: &Metrics) -> String {
    quality(&metrics.quality)
        + &pixels(&metrics.pixels)
        + &copies::doubt(metrics).map_or_else(String::new, |doubt| format!("{doubt}\n"))
        + &alarms(metrics)
        + &missing(&metrics.missing)
}

/// A figure with its name in the summary.
type Labelled<'a> = (&'static str, &'a Option<Figure>);

/// The figures of the classifier's features.
fn quality(quality: &QualityFigures) -> String {
    let figures = [
        ("class accuracy", &quality.class_accuracy),
        ("cross-entropy", &quality.cross_entropy),
        ("classifier score", &quality.classifier_score),
        ("Fréchet distance", &quality.frechet_distance),
        (
            "Fréchet, mean over classes",
            &quality.frechet_distance_class_mean,
        ),
        ("kernel distance", &quality.kernel_distance),
        ("precision", &quality.precision),
        ("recall", &quality.recall),
        ("density", &quality.density),
        ("coverage", &quality.coverage),
    ];
    let mut text = lines(&quality.extractor.name, &figures);
    if text.is_empty() {
        return text;
    }
    for (name, what) in sets::described(quality) {
        let _ = writeln!(text, "{name}: {what}");
    }
    text
}

/// The figures that need no network.
fn pixels(pixels: &PixelFigures) -> String {
    let figures = [
        (
            "1-NN error on the test part",
            &pixels.nearest_neighbour_error,
        ),
        ("nearer than 99 % of tests", &pixels.memorised),
        (
            "distance to training part",
            &pixels.nearest_training_distance,
        ),
    ];
    let mut text = lines("pixels", &figures);
    if text.is_empty() {
        text.push_str("\npixels\n");
    }
    let memorised = pixels.memorised.as_ref();
    if memorised.is_some_and(|figure| figure.real_by_construction) {
        text.push_str("nearer than 99 % of tests: real is 1 % by construction\n");
    }
    let _ = writeln!(text, "{:<28}{:>12}", "duplicates", pixels.duplicates);
    text
}

/// A line per raised alarm.
fn alarms(metrics: &Metrics) -> String {
    let mut text = String::new();
    for (name, alarm) in metrics.raised() {
        let name = name.replace('_', " ");
        let Alarm { value, bound, .. } = alarm;
        let _ = writeln!(text, "\nalarm: {name} ({value:.4}, bound {bound:.4})");
    }
    text
}

/// A line per reason for leaving out figures.
fn missing(missing: &[MissingFigure]) -> String {
    let mut text = String::new();
    for (i, (reason, figures)) in MissingFigure::by_reason(missing).iter().enumerate() {
        let blank = if i == 0 { "\n" } else { "" };
        let figures = printable(&figures.join(", ")).into_owned();
        let _ = writeln!(text, "{blank}left out because {reason}: {figures}");
    }
    text
}

/// A line per figure, with the interval and the values of real images and of halves of them.
fn lines(title: &str, figures: &[Labelled<'_>]) -> String {
    let found = || {
        figures
            .iter()
            .filter_map(|(label, figure)| Some((label, figure.as_ref()?)))
    };
    let has_halves = found().any(|(_, figure)| figure.halves.is_some());
    let heading = if has_halves { "halves" } else { "" };
    let line = |label: &str, value: &str, interval: &str, [real, halves]: [&str; 2]| {
        let line = format!("{label:<28}{value:>12}{interval:>20}{real:>12}{halves:>12}");
        format!("{}\n", line.trim_end())
    };
    let mut text = String::new();
    for (label, figure) in found() {
        if text.is_empty() {
            text = format!("\n{}", line(title, "value", "95 %", ["real", heading]));
        }
        let interval = figure.interval();
        let interval = interval.map(|(low, high)| format!("{low:.4} - {high:.4}"));
        let cell = |value: Option<f64>| value.map_or_else(String::new, |v| format!("{v:.4}"));
        let (real, halves) = (cell(figure.real), cell(figure.of_halves()));
        let value = format!("{:.4}", figure.value);
        text += &line(
            label,
            &value,
            &interval.unwrap_or_default(),
            [&real, &halves],
        );
    }
    text
}
