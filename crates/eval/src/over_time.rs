//! The discriminator's logits over the training, as columns of colour: a panel per kind of images, a
//! column per checkpoint, the darker the more of the logits lie there, and a line through the medians.

use crate::checkpoints::Row;
use crate::discriminator::Kind;
use crate::svg::{WIDTH, escape, round, rules};
use serde_json::Value;
use std::fmt::Write as _;

/// Height of a panel, and what lies between two.
const PANEL: f64 = 130.0;
const GAP: f64 = 26.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = 40.0;
/// Columns at most; of more checkpoints so many are shown, evenly chosen.
const COLUMNS: usize = 60;
/// Shades between none and the fullest bin.
const SHADES: f64 = 20.0;

/// A histogram and its median.
struct Column {
    step: f64,
    low: f64,
    high: f64,
    counts: Vec<f64>,
    median: f64,
}

impl Column {
    fn of(row: &Row, kind: Kind) -> Option<Self> {
        let logit = &row.part(kind)["logit"];
        let histogram = &logit["histogram"];
        let counts = histogram["counts"].as_array()?;
        Some(Self {
            step: row.step(),
            low: histogram["low"].as_f64()?,
            high: histogram["high"].as_f64()?,
            counts: counts.iter().filter_map(Value::as_f64).collect(),
            median: logit["quantiles"]["0.5"].as_f64()?,
        })
    }

    /// Width of a bin.
    fn bin(&self) -> f64 {
        (self.high - self.low) / self.counts.len().max(1) as f64
    }

    /// Lower edge of each bin, and its count as a share of the fullest one's, in whole shades.
    fn shades(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let most = self.counts.iter().copied().fold(1.0, f64::max);
        let bins = self.counts.iter().enumerate();
        bins.map(move |(i, count)| {
            let edge = self.low + i as f64 * self.bin();
            (edge, (count / most * SHADES).round() / SHADES)
        })
    }
}

/// The chart of at least two checkpoints; empty for fewer, or without a discriminator.
pub(crate) fn logits(rows: &[&Row]) -> String {
    let n = rows.len().min(COLUMNS);
    let shown: Vec<&Row> = (0..n).map(|i| rows[i * rows.len() / n]).collect();
    let panels: Vec<(Kind, Vec<Column>)> = [Kind::Train, Kind::Test, Kind::Generated]
        .into_iter()
        .map(|kind| {
            let columns = shown.iter().filter_map(|row| Column::of(row, kind));
            (kind, columns.collect::<Vec<_>>())
        })
        .filter(|(_, columns)| columns.len() > 1)
        .collect();
    // From the lowest bin that is seen to the highest.
    let seen = panels
        .iter()
        .flat_map(|(_, columns)| columns)
        .flat_map(|column| {
            let shown = column.shades().filter(|(_, shade)| *shade > 0.0);
            shown.flat_map(|(edge, _)| [edge, edge + column.bin()])
        });
    let (low, high) = seen.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), edge| {
        (low.min(edge), high.max(edge))
    });
    if panels.is_empty() || low >= high {
        return String::new();
    }
    let height = TOP + panels.len() as f64 * (PANEL + GAP) - GAP + BOTTOM;
    let title = "Logits by checkpoint";
    let mut chart = format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{title}\"><title>{title}</title>\
         <text class=\"t\" x=\"{LEFT}\" y=\"16\">{title}</text>"
    );
    for (i, (kind, columns)) in panels.iter().enumerate() {
        let top = TOP + i as f64 * (PANEL + GAP);
        panel(&mut chart, (*kind, i), columns, (low, high), top);
    }
    if let Some((_, columns)) = panels.first() {
        steps(&mut chart, columns, height - BOTTOM);
    }
    chart + "</svg>"
}

fn panel(
    chart: &mut String,
    (kind, colour): (Kind, usize),
    columns: &[Column],
    (low, high): (f64, f64),
    top: f64,
) {
    let y = |logit: f64| top + (high - logit) / (high - low) * PANEL;
    let width = (WIDTH - LEFT - RIGHT) / columns.len() as f64;
    let _ = write!(
        chart,
        "<text class=\"f{colour}\" x=\"{LEFT}\" y=\"{:.1}\">{}</text>",
        top - 6.0,
        escape(kind.name())
    );
    rules(chart, (low, high), (LEFT, WIDTH - RIGHT), y);
    let mut medians = Vec::new();
    for (i, column) in columns.iter().enumerate() {
        let left = LEFT + i as f64 * width;
        let bin = column.bin();
        for (bottom, shade) in column.shades().filter(|(_, shade)| *shade > 0.0) {
            let _ = write!(
                chart,
                "<rect class=\"f{colour}\" opacity=\"{shade:.2}\" x=\"{left:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
                y(bottom + bin),
                width * 0.94,
                y(bottom) - y(bottom + bin)
            );
        }
        medians.push(format!(
            "{:.1},{:.1}",
            left + width * 0.47,
            y(column.median)
        ));
    }
    let _ = write!(
        chart,
        "<polyline class=\"o\" fill=\"none\" points=\"{}\"/>",
        medians.join(" ")
    );
}

/// The steps below the columns, as many as there is room for.
fn steps(chart: &mut String, columns: &[Column], floor: f64) {
    let width = (WIDTH - LEFT - RIGHT) / columns.len() as f64;
    let every = columns.len().div_ceil(8);
    for (i, column) in columns.iter().enumerate().step_by(every) {
        let _ = write!(
            chart,
            "<text class=\"a\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            LEFT + (i as f64 + 0.47) * width,
            floor + 16.0,
            round(column.step)
        );
    }
    let _ = write!(
        chart,
        "<text class=\"a\" x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">step; line: median</text>",
        WIDTH - RIGHT,
        floor + 32.0
    );
}
