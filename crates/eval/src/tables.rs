//! The figures as files: `discriminator.csv`, `discriminator.json`, `metrics.json`.

use crate::discriminator::{Kind, Reading, Statistics};
use dcgan_artifacts::csv_rows;
use dcgan_metrics::{Calibration, Distribution, Histogram, QUANTILES};
use serde_json::{Map, Value, json};

/// Columns of `discriminator.csv`.
pub(crate) const HEADER: [&str; 7] = [
    "part",
    "class",
    "quantity",
    "statistic",
    "low",
    "high",
    "value",
];

/// `discriminator.csv` in long form: a row per number. `class` is empty for all images, `low` and
/// `high` are the edges of a histogram's bin and empty otherwise.
pub(crate) fn discriminator_rows(
    statistics: &Statistics,
    class_names: &[String],
) -> Vec<[String; 7]> {
    let mut rows = Vec::new();
    let mut push =
        |part: &str, class: Option<u8>, quantity: &str, statistic: &str, bin, value: f64| {
            let (low, high) = match bin {
                Some((low, high)) => (number(low), number(high)),
                None => Default::default(),
            };
            let class = class
                .map(|class| class_name(class, class_names))
                .unwrap_or_default();
            rows.push([
                part.to_owned(),
                class,
                quantity.to_owned(),
                statistic.to_owned(),
                low,
                high,
                number(value),
            ]);
        };
    for Reading {
        kind,
        class,
        accuracy,
        ..
    } in &statistics.readings
    {
        push(kind.name(), *class, "logit", "accuracy", None, *accuracy);
    }
    for reading in &statistics.readings {
        for (quantity, distribution, histogram) in quantities(reading) {
            let (part, class) = (reading.kind.name(), reading.class);
            for (statistic, value) in figures(distribution) {
                push(part, class, quantity, &statistic, None, value);
            }
            for (i, &count) in histogram.counts.iter().enumerate() {
                let bin = Some((histogram.edge(i), histogram.edge(i + 1)));
                push(part, class, quantity, "histogram", bin, count as f64);
            }
        }
    }
    for ranking in &statistics.rankings {
        let part = versus(ranking.real);
        push(
            &part,
            ranking.class,
            "logit",
            "roc_auc",
            None,
            ranking.roc_auc,
        );
        let error = ranking.calibration.error;
        push(
            &part,
            ranking.class,
            "probability",
            "calibration_error",
            None,
            error,
        );
    }
    rows
}

/// The tree of `discriminator.json`: `parts.PART.all` and `parts.PART.classes.NAME`, and `roc_auc`
/// likewise.
pub(crate) fn discriminator_tree(
    statistics: &Statistics,
    class_names: &[String],
    block: usize,
) -> Value {
    let mut parts = Map::new();
    for reading in &statistics.readings {
        let mut leaf = Map::new();
        leaf.insert("accuracy".into(), json!(reading.accuracy));
        for (quantity, distribution, histogram) in quantities(reading) {
            leaf.insert(quantity.into(), distribution_tree(distribution, histogram));
        }
        let part = reading.kind.name().to_owned();
        put(
            &mut parts,
            part,
            reading.class,
            class_names,
            Value::Object(leaf),
        );
    }
    let (mut roc_auc, mut calibration) = (Map::new(), Map::new());
    for ranking in &statistics.rankings {
        let part = versus(ranking.real);
        let put = |tree, leaf| put(tree, part.clone(), ranking.class, class_names, leaf);
        put(&mut roc_auc, json!(ranking.roc_auc));
        put(&mut calibration, calibration_tree(&ranking.calibration));
    }
    let mut gap = Map::new();
    for reading in statistics.readings.iter().filter(|r| r.kind == Kind::Train) {
        if let Some(leaf) = gap_tree(statistics, reading) {
            put(&mut gap, GAP.into(), reading.class, class_names, leaf);
        }
    }
    json!({
        "normalisation": {"statistics": "batch", "block": block},
        "parts": parts,
        "roc_auc": roc_auc,
        "calibration": calibration,
        "gap": gap,
    })
}

/// What the discriminator's memory of its training images is called.
const GAP: &str = "train_minus_test";

/// How much better it knows training images than test images: its overfitting.
fn gap_tree(statistics: &Statistics, train: &Reading) -> Option<Value> {
    let test = statistics.of_class(Kind::Test, train.class)?;
    Some(json!({
        "accuracy": train.accuracy - test.accuracy,
        "logit_mean": train.logit.mean - test.logit.mean,
        "probability_mean": train.probability.mean - test.probability.mean,
    }))
}

fn calibration_tree(calibration: &Calibration) -> Value {
    let n = calibration.bins.len() as f64;
    let bins = calibration.bins.iter().enumerate().map(|(i, bin)| {
        let (low, high) = (i as f64 / n, (i + 1) as f64 / n);
        match bin {
            Some(bin) => json!({
                "low": low,
                "high": high,
                "weight": bin.weight,
                "probability": bin.probability,
                "share": bin.share,
            }),
            None => json!({ "low": low, "high": high, "weight": 0.0 }),
        }
    });
    json!({ "error": calibration.error, "bins": bins.collect::<Vec<Value>>() })
}

/// The discriminator's share of `metrics.json`: the figures that one follows from run to run.
pub(crate) fn discriminator_metrics(statistics: &Statistics) -> Value {
    let mut tree = Map::new();
    for reading in statistics
        .readings
        .iter()
        .filter(|reading| reading.class.is_none())
    {
        let leaf = json!({
            "accuracy": reading.accuracy,
            "logit_mean": reading.logit.mean,
            "logit_standard_deviation": reading.logit.standard_deviation,
            "probability_mean": reading.probability.mean,
        });
        tree.insert(reading.kind.name().to_owned(), leaf);
    }
    let (mut roc_auc, mut calibration) = (Map::new(), Map::new());
    for ranking in statistics
        .rankings
        .iter()
        .filter(|ranking| ranking.class.is_none())
    {
        roc_auc.insert(versus(ranking.real), json!(ranking.roc_auc));
        calibration.insert(versus(ranking.real), json!(ranking.calibration.error));
    }
    for (name, leaf) in [("roc_auc", roc_auc), ("calibration_error", calibration)] {
        if !leaf.is_empty() {
            tree.insert(name.into(), Value::Object(leaf));
        }
    }
    let train = statistics.overall(Kind::Train);
    if let Some(gap) = train.and_then(|train| gap_tree(statistics, train)) {
        tree.insert(GAP.into(), gap);
    }
    Value::Object(tree)
}

fn put(
    tree: &mut Map<String, Value>,
    part: String,
    class: Option<u8>,
    class_names: &[String],
    leaf: Value,
) {
    let part = tree.entry(part).or_insert_with(|| json!({}));
    match class {
        None => part["all"] = leaf,
        Some(class) => part["classes"][class_name(class, class_names)] = leaf,
    }
}

fn quantities(reading: &Reading) -> [(&'static str, &Distribution, &Histogram); 2] {
    [
        ("logit", &reading.logit, &reading.logit_histogram),
        (
            "probability",
            &reading.probability,
            &reading.probability_histogram,
        ),
    ]
}

fn figures(distribution: &Distribution) -> Vec<(String, f64)> {
    let mut figures = vec![
        ("count".to_owned(), distribution.count as f64),
        ("mean".to_owned(), distribution.mean),
        (
            "standard_deviation".to_owned(),
            distribution.standard_deviation,
        ),
        ("min".to_owned(), distribution.min),
    ];
    for (p, value) in QUANTILES.iter().zip(distribution.quantiles) {
        figures.push((format!("quantile_{p}"), value));
    }
    figures.push(("max".to_owned(), distribution.max));
    figures
}

/// A distribution with its histogram.
pub(crate) fn distribution_tree(distribution: &Distribution, histogram: &Histogram) -> Value {
    let quantiles: Map<String, Value> = QUANTILES
        .iter()
        .zip(distribution.quantiles)
        .map(|(p, value)| (p.to_string(), json!(value)))
        .collect();
    json!({
        "count": distribution.count,
        "mean": distribution.mean,
        "standard_deviation": distribution.standard_deviation,
        "min": distribution.min,
        "max": distribution.max,
        "quantiles": quantiles,
        "histogram": {"low": histogram.low, "high": histogram.high, "counts": histogram.counts},
    })
}

fn versus(real: Kind) -> String {
    format!("{}_vs_{}", real.name(), Kind::Generated.name())
}

fn class_name(class: u8, class_names: &[String]) -> String {
    class_names
        .get(usize::from(class))
        .cloned()
        .unwrap_or_else(|| class.to_string())
}

/// The shortest text that reads back equal.
pub(crate) fn number(value: f64) -> String {
    value.to_string()
}

/// Rows under a header as the bytes of a CSV file.
pub(crate) fn csv<H: AsRef<str>, R: AsRef<[String]>>(header: &[H], rows: &[R]) -> Vec<u8> {
    let header: Vec<&str> = header.iter().map(AsRef::as_ref).collect();
    let rows = rows
        .iter()
        .map(|row| row.as_ref().iter().map(String::as_str).collect());
    csv_rows(std::iter::once(header).chain(rows))
        .expect("rows of one length into memory cannot fail")
}

/// A tree as the bytes of a JSON file, indented, keys sorted.
pub(crate) fn json(tree: &Value) -> Vec<u8> {
    format!("{tree:#}\n").into_bytes()
}
