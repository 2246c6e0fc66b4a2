//! Figures as tables: `discriminator.csv` and `nearest.csv`.

use crate::measure::copying::Pairs;
use crate::measure::discriminator::{Reading, Statistics};
use crate::measure::judged::{class_name, versus};
use dcgan_artifacts::csv_rows;
use dcgan_metrics::{Distribution, Histogram, QUANTILES};

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

/// `discriminator.csv` in long form: a row per number. `class` is empty for all images; `low` and
/// `high` are the edges of a histogram's bin, otherwise empty.
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

/// The shortest text that reads back equal.
pub(crate) fn number(value: f64) -> String {
    value.to_string()
}

/// Header and rows as a CSV file.
pub(crate) fn csv<H: AsRef<str>, R: AsRef<[String]>>(header: &[H], rows: &[R]) -> Vec<u8> {
    let header: Vec<&str> = header.iter().map(AsRef::as_ref).collect();
    let rows = rows
        .iter()
        .map(|row| row.as_ref().iter().map(String::as_str).collect());
    csv_rows(std::iter::once(header).chain(rows))
        .expect("rows of one length into memory cannot fail")
}

/// Columns of `nearest.csv`.
const NEAREST: [&str; 3] = ["generated", "train", "distance"];

/// `nearest.csv`.
pub(crate) fn nearest(pairs: &Pairs) -> Vec<u8> {
    let rows = pairs.found.iter().map(|(generated, nearest)| {
        let distance = number(nearest.squared.sqrt());
        [generated.to_string(), nearest.index.to_string(), distance]
    });
    csv(&NEAREST, &rows.collect::<Vec<_>>())
}
