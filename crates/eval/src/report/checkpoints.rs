//! The figures of several checkpoints, as a table and as charts.

use crate::figures::Figure;
use crate::measure::checkpoints::{Row, RowPart};
use crate::measure::discriminator::Kind;
use crate::report::over_time;
use crate::report::svg::{ChartFiles, Named, lines};
use crate::report::tables::{csv, number};

/// A column of the table, and its figure.
type Column = (&'static str, fn(&Row) -> Option<f64>);

fn value(figure: Option<&Figure>) -> Option<f64> {
    figure.map(|figure| figure.value)
}

/// Figures of the table.
const FIGURES: [Column; 14] = [
    ("class_accuracy", |row| {
        value(row.metrics.quality.class_accuracy.as_ref())
    }),
    ("cross_entropy", |row| {
        value(row.metrics.quality.cross_entropy.as_ref())
    }),
    ("classifier_score", |row| {
        value(row.metrics.quality.classifier_score.as_ref())
    }),
    ("frechet_distance", |row| {
        value(row.metrics.quality.frechet_distance.as_ref())
    }),
    ("frechet_distance_class_mean", |row| {
        value(row.metrics.quality.frechet_distance_class_mean.as_ref())
    }),
    ("kernel_distance", |row| {
        value(row.metrics.quality.kernel_distance.as_ref())
    }),
    ("precision", |row| {
        value(row.metrics.quality.precision.as_ref())
    }),
    ("recall", |row| value(row.metrics.quality.recall.as_ref())),
    ("density", |row| value(row.metrics.quality.density.as_ref())),
    ("coverage", |row| {
        value(row.metrics.quality.coverage.as_ref())
    }),
    ("nearest_neighbour_error", |row| {
        value(row.metrics.pixels.nearest_neighbour_error.as_ref())
    }),
    ("memorised", |row| {
        value(row.metrics.pixels.memorised.as_ref())
    }),
    ("nearest_training_distance", |row| {
        value(row.metrics.pixels.nearest_training_distance.as_ref())
    }),
    ("duplicates", |row| {
        Some(row.metrics.pixels.duplicates as f64)
    }),
];

/// A column of the logits of one kind of images.
type OfLogits = (&'static str, fn(&RowPart) -> Option<f64>);

/// For each kind of images: the end of the column's name, and its figure.
const LOGITS: [OfLogits; 6] = [
    ("accuracy", |part| Some(part.accuracy)),
    ("logit_mean", |part| Some(part.logit.mean)),
    ("logit_standard_deviation", |part| {
        Some(part.logit.standard_deviation)
    }),
    ("logit_quantile_0.05", |part| {
        part.logit.quantiles.get("0.05").copied()
    }),
    ("logit_quantile_0.5", |part| {
        part.logit.quantiles.get("0.5").copied()
    }),
    ("logit_quantile_0.95", |part| {
        part.logit.quantiles.get("0.95").copied()
    }),
];

/// `checkpoints.csv`.
pub(crate) fn table(rows: &[&Row]) -> Vec<u8> {
    let kinds = [Kind::Train, Kind::Test, Kind::Generated].map(Kind::name);
    let mut header: Vec<String> = ["step", "epoch"].map(str::to_owned).to_vec();
    header.extend(FIGURES.map(|(name, _)| name.to_owned()));
    for kind in kinds {
        header.extend(LOGITS.map(|(name, _)| format!("{kind}_{name}")));
    }
    header.push("test_roc_auc".into());
    let line = |row: &&Row| {
        let cell = |value: Option<f64>| value.map(number).unwrap_or_default();
        let mut cells = vec![row.step.to_string(), row.epoch.to_string()];
        cells.extend(FIGURES.map(|(_, figure)| cell(figure(row))));
        for kind in kinds {
            let part = row.parts.get(kind);
            cells.extend(LOGITS.map(|(_, figure)| cell(part.and_then(figure))));
        }
        let judged = row.metrics.discriminator.as_ref();
        let auc = judged.and_then(|judged| judged.roc_auc.get("test_vs_generated"));
        cells.push(cell(auc.copied()));
        cells
    };
    let lines: Vec<Vec<String>> = rows.iter().map(line).collect();
    csv(&header, &lines)
}

/// `discriminator-over-time.svg`, and the figures over the steps; none is empty.
pub(crate) fn charts(rows: &[&Row]) -> ChartFiles {
    let steps: Vec<f64> = rows.iter().map(|row| row.step as f64).collect();
    let columns: Vec<Named<Vec<f64>>> = FIGURES
        .iter()
        .map(|&(name, figure)| {
            let value = |row: &&Row| figure(row).unwrap_or(f64::NAN);
            let name = name.replace('_', " ").replace("frechet", "Fréchet");
            (name, rows.iter().map(value).collect())
        })
        .filter(|(_, values): &Named<Vec<f64>>| values.iter().any(|value| value.is_finite()))
        .collect();
    let chart = |title: &str, names: &[&str]| {
        let series: Vec<Named<&[f64]>> = names
            .iter()
            .filter_map(|name| {
                let (name, values) = columns.iter().find(|(found, _)| found == name)?;
                Some((name.clone(), values.as_slice()))
            })
            .collect();
        lines(title, &steps, &series)
    };
    let mut charts = vec![
        (
            "quality-over-time.svg",
            chart(
                "Quality by checkpoint",
                &["class accuracy", "precision", "recall", "coverage"],
            ),
        ),
        (
            "distance-over-time.svg",
            chart(
                "Distances by checkpoint",
                &["Fréchet distance", "Fréchet distance class mean"],
            ),
        ),
        (
            "errors-over-time.svg",
            chart(
                "Nearest neighbours by checkpoint",
                &["nearest neighbour error", "memorised"],
            ),
        ),
        ("discriminator-over-time.svg", over_time::logits(rows)),
    ];
    charts.retain(|(_, chart)| !chart.is_empty());
    charts
}
