//! What a person reads on stdout.

use crate::discriminator::{Kind, Reading, Statistics};
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
            name,
            overall.iter().map(|reading| cell(reading.kind)).collect(),
        );
    }
    text
}

/// The figures that need no network, one a line, with the interval and what real images give.
pub(crate) fn pixels(tree: &Value) -> String {
    let mut text = format!(
        "\n{:<28}{:>12}{:>20}{:>12}\n",
        "pixels", "value", "95 %", "real"
    );
    let names = [
        ("nearest_neighbour_error", "1-NN error on the test part"),
        ("memorised", "share nearer than tests are"),
        ("nearest_training_distance", "distance to training part"),
    ];
    for (key, label) in names {
        let number = |name: &str| tree[key][name].as_f64();
        let (Some(value), Some(real)) = (number("value"), number("real")) else {
            continue;
        };
        let interval = match (number("low"), number("high")) {
            (Some(low), Some(high)) => format!("{low:.4} - {high:.4}"),
            _ => String::new(),
        };
        let _ = writeln!(text, "{label:<28}{value:>12.4}{interval:>20}{real:>12.4}");
    }
    let _ = writeln!(
        text,
        "{:<28}{:>12}",
        "duplicates",
        tree["duplicates"].to_string()
    );
    text
}
