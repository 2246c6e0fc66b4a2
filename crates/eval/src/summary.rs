//! What a person reads on stdout.

use crate::alarms::raised;
use crate::discriminator::{Kind, Reading, Statistics};
use crate::sets;
use dcgan_artifacts::MissingFigure;
use dcgan_hints::printable;
use serde_json::Value;
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

/// The figures of the classifier's features.
pub(crate) fn quality(tree: &Value) -> String {
    let title = tree["extractor"]["name"].as_str().unwrap_or_default();
    let names = [
        ("class_accuracy", "class accuracy"),
        ("cross_entropy", "cross-entropy"),
        ("classifier_score", "classifier score"),
        ("frechet_distance", "Fréchet distance"),
        ("frechet_distance_class_mean", "Fréchet, mean over classes"),
        ("kernel_distance", "kernel distance"),
        ("precision", "precision"),
        ("recall", "recall"),
        ("density", "density"),
        ("coverage", "coverage"),
    ];
    let mut text = figures(title, &names, tree);
    if text.is_empty() {
        return text;
    }
    for (name, what) in sets::described(tree) {
        let _ = writeln!(text, "{name}: {what}");
    }
    text
}

/// The figures that need no network.
pub(crate) fn pixels(tree: &Value) -> String {
    let names = [
        ("nearest_neighbour_error", "1-NN error on the test part"),
        ("memorised", "nearer than 99 % of tests"),
        ("nearest_training_distance", "distance to training part"),
    ];
    let mut text = figures("pixels", &names, tree);
    let duplicates = tree["duplicates"].to_string();
    if text.is_empty() {
        text.push_str("\npixels\n");
    }
    let _ = writeln!(text, "{:<28}{duplicates:>12}", "duplicates");
    text
}

/// A line per alarm that is raised.
pub(crate) fn alarms(tree: &Value) -> String {
    let mut text = String::new();
    for name in raised(tree) {
        let number = |key: &str| tree[name][key].as_f64().unwrap_or(f64::NAN);
        let name = name.replace('_', " ");
        let (value, bound) = (number("value"), number("bound"));
        let _ = writeln!(text, "\nalarm: {name} ({value:.4}, bound {bound:.4})");
    }
    text
}

/// A line per reason for which figures are left out.
pub(crate) fn missing(missing: &[MissingFigure]) -> String {
    let mut text = String::new();
    for (i, (reason, figures)) in MissingFigure::by_reason(missing).iter().enumerate() {
        let blank = if i == 0 { "\n" } else { "" };
        let figures = printable(&figures.join(", ")).into_owned();
        let _ = writeln!(text, "{blank}left out because {reason}: {figures}");
    }
    text
}

/// Figures one a line, with the interval and what real images give, and halves of them.
fn figures(title: &str, names: &[(&str, &str)], tree: &Value) -> String {
    let has_halves = names
        .iter()
        .any(|(key, _)| sets::of_halves(&tree[key]).is_some());
    let heading = if has_halves { "halves" } else { "" };
    let line = |label: &str, value: &str, interval: &str, [real, halves]: [&str; 2]| {
        let line = format!("{label:<28}{value:>12}{interval:>20}{real:>12}{halves:>12}");
        format!("{}\n", line.trim_end())
    };
    let mut text = String::new();
    for (key, label) in names {
        let number = |name: &str| tree[key][name].as_f64();
        let Some(value) = number("value") else {
            continue;
        };
        let interval = match (number("low"), number("high")) {
            (Some(low), Some(high)) => format!("{low:.4} - {high:.4}"),
            _ => String::new(),
        };
        let cell = |value: Option<f64>| value.map_or_else(String::new, |v| format!("{v:.4}"));
        let ceilings = [cell(number("real")), cell(sets::of_halves(&tree[key]))];
        let [real, halves] = &ceilings;
        if text.is_empty() {
            text = format!("\n{}", line(title, "value", "95 %", ["real", heading]));
        }
        text += &line(label, &format!("{value:.4}"), &interval, [real, halves]);
    }
    if tree["memorised"]["real_by_construction"] == true {
        text.push_str("nearer than 99 % of tests: real is 1 % by construction\n");
    }
    text
}
