//! The discriminator's answers over the training, as columns of colour: a panel per kind of images, a
//! column per checkpoint or per group of steps, the darker the more of the answers lie there, and a line
//! through the medians.

use crate::discriminator::Kind;
use crate::svg::{WIDTH, escape, round, rules, short};
use dcgan_artifacts::Columns;
use serde_json::Value;
use std::fmt::Write as _;

/// Name of the file of [`probabilities`].
pub(crate) const PROBABILITIES: &str = "probabilities-over-time.svg";

/// What the columns of `histograms.csv` begin with, its panel, and its colour, that of the same images
/// among the logits.
const HISTOGRAMS: [(&str, &str, usize); 2] = [("d_real_", "real", 0), ("d_fake_", "generated", 2)];

/// Height of a panel, and what lies between two.
const PANEL: f64 = 130.0;
const GAP: f64 = 26.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = 40.0;
/// Columns at most: of more checkpoints so many are shown, evenly chosen; more steps fall into groups.
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
    fn of(step: f64, part: &Value) -> Option<Self> {
        let logit = &part["logit"];
        let histogram = &logit["histogram"];
        let counts = histogram["counts"].as_array()?;
        Some(Self {
            step,
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

    /// The median of these counts, as if the values lay evenly within each bin.
    fn median_of_bins(&self) -> f64 {
        let half = self.counts.iter().sum::<f64>() / 2.0;
        let mut below = 0.0;
        for (i, count) in self.counts.iter().enumerate() {
            if *count > 0.0 && below + count >= half {
                return self.low + (i as f64 + (half - below) / count) * self.bin();
            }
            below += count;
        }
        self.low
    }
}

/// A panel: whose answers, its colour, its columns.
type Panel<'a> = (&'a str, usize, Vec<Column>);

/// The logits of at least two checkpoints, each by its step and what the discriminator says of each kind of
/// images (`parts` of `discriminator.json`); empty for fewer, or without a discriminator.
pub(crate) fn logits(checkpoints: &[(f64, &Value)]) -> String {
    let n = checkpoints.len().min(COLUMNS);
    let chosen = (0..n).map(|i| checkpoints[i * checkpoints.len() / n]);
    let shown: Vec<(f64, &Value)> = chosen.collect();
    let kinds = [Kind::Train, Kind::Test, Kind::Generated];
    let panels: Vec<Panel<'_>> = (0..)
        .zip(kinds)
        .map(|(colour, kind)| {
            let part = |&(step, parts): &(f64, &Value)| Column::of(step, &parts[kind.name()]);
            let columns = shown.iter().filter_map(part);
            (kind.name(), colour, columns.collect::<Vec<_>>())
        })
        .filter(|(_, _, columns)| columns.len() > 1)
        .collect();
    // From the lowest bin that is seen to the highest.
    let columns = panels.iter().flat_map(|(_, _, columns)| columns);
    let seen = columns.flat_map(|column| {
        let shown = column.shades().filter(|(_, shade)| *shade > 0.0);
        shown.flat_map(|(edge, _)| [edge, edge + column.bin()])
    });
    let range = seen.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), edge| {
        (low.min(edge), high.max(edge))
    });
    chart("Logits by checkpoint", &panels, range)
}

/// D(x) and D(G(z)) as probabilities, from `histograms.csv`; empty without its columns or rows.
pub(crate) fn probabilities(table: &Columns) -> String {
    let steps = table.get("step").unwrap_or_default();
    let group = steps.len().div_ceil(COLUMNS).max(1);
    let panels: Vec<Panel<'_>> = HISTOGRAMS
        .into_iter()
        .map(|(prefix, name, colour)| {
            let bins = bins(table, prefix);
            let columns = steps.chunks(group).enumerate().map(|(i, steps)| {
                let rows = i * group..i * group + steps.len();
                // What is no count counts nothing.
                let counts = |bin: &[f64]| {
                    let counts = bin[rows.clone()].iter();
                    counts
                        .filter(|&&count| count > 0.0 && count.is_finite())
                        .sum()
                };
                let mut column = Column {
                    step: steps[steps.len() - 1],
                    low: 0.0,
                    high: 1.0,
                    counts: bins.iter().map(|bin| counts(bin)).collect(),
                    median: 0.0,
                };
                column.median = column.median_of_bins();
                column
            });
            let is_seen = |column: &Column| {
                column.step.is_finite() && column.counts.iter().any(|&count| count > 0.0)
            };
            let seen = columns.filter(is_seen);
            (name, colour, seen.collect::<Vec<_>>())
        })
        .filter(|(_, _, columns)| !columns.is_empty())
        .collect();
    let title = "D(x) and D(G(z)) over the training";
    chart(title, &panels, (0.0, 1.0))
}

/// The columns of a kind, named by the lower edges of equal bins from 0 to 1 behind `prefix`, in the order of
/// those; none where the edges are others.
fn bins<'a>(table: &'a Columns, prefix: &str) -> Vec<&'a [f64]> {
    let named = |name: &'a String| {
        let low: f64 = name.strip_prefix(prefix)?.parse().ok()?;
        Some((low, table.get(name)?))
    };
    let mut bins: Vec<(f64, &[f64])> = table.names().iter().filter_map(named).collect();
    bins.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let n = bins.len() as f64;
    // Names are rounded: a third may be 0.33.
    let fits = |(i, &(low, _)): (usize, &(f64, _))| (low * n - i as f64).abs() < 0.5;
    if bins.iter().enumerate().all(fits) {
        bins.into_iter().map(|(_, bin)| bin).collect()
    } else {
        Vec::new()
    }
}

/// Panels over one range; empty without any.
fn chart(title: &str, panels: &[Panel<'_>], (low, high): (f64, f64)) -> String {
    if panels.is_empty() || low >= high {
        return String::new();
    }
    let height = TOP + panels.len() as f64 * (PANEL + GAP) - GAP + BOTTOM;
    let last = panels.iter().filter_map(|(name, _, columns)| {
        let Column { median, step, .. } = columns.last()?;
        let (median, step) = (short(*median), round(*step));
        Some(format!("{name} {median} at step {step}"))
    });
    let last = last.collect::<Vec<_>>().join(", ");
    let label = escape(&format!("{title}: median {last}"));
    let title = escape(title);
    let mut chart = format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{label}\"><title>{label}</title>\
         <text class=\"t\" x=\"{LEFT}\" y=\"16\">{title}</text>"
    );
    for (i, of) in panels.iter().enumerate() {
        let top = TOP + i as f64 * (PANEL + GAP);
        panel(&mut chart, of, (low, high), top);
    }
    if let Some((_, _, columns)) = panels.first() {
        steps(&mut chart, columns, height - BOTTOM);
    }
    chart + "</svg>"
}

fn panel(
    chart: &mut String,
    (name, colour, columns): &Panel<'_>,
    (low, high): (f64, f64),
    top: f64,
) {
    let y = |answer: f64| top + (high - answer) / (high - low) * PANEL;
    let width = (WIDTH - LEFT - RIGHT) / columns.len() as f64;
    let _ = write!(
        chart,
        "<text class=\"f{colour}\" x=\"{LEFT}\" y=\"{:.1}\">{}</text>",
        top - 6.0,
        escape(name)
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
