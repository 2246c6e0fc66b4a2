//! The discriminator's output over the training as a heat map: a panel per kind of images, a column
//! per checkpoint or group of steps, darker for more values, and a line through the medians.

use crate::measure::checkpoints::{Row, RowPart};
use crate::measure::discriminator::Kind;
use crate::report::svg::{WIDTH, escape, round, rules, short};
use dcgan_artifacts::Columns;
use dcgan_artifacts::run_tables::{BINS_OF, STEP};
use std::fmt::Write as _;
use std::ops::Range;

/// Name of the file of [`probabilities`].
pub(crate) const PROBABILITIES: &str = "probabilities-over-time.svg";

/// Prefix of the columns of `histograms.csv`, its panel, and its colour, the same as for these
/// images' logits.
const HISTOGRAMS: [(&str, &str, usize); 2] =
    [(BINS_OF[0], "real", 0), (BINS_OF[1], "generated", 2)];

/// Height of a panel, and the gap between two.
const PANEL: f64 = 130.0;
const GAP: f64 = 26.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = 40.0;
/// Maximum number of columns: more checkpoints are thinned out evenly; more steps are grouped.
const COLUMNS: usize = 60;
/// No training has more steps; greater numbers in a table are ignored.
const LAST_STEP: f64 = 1e15;
/// Number of shades.
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
    fn of(step: f64, part: &RowPart) -> Option<Self> {
        let histogram = &part.logit.histogram;
        Some(Self {
            step,
            low: histogram.low,
            high: histogram.high,
            counts: histogram.counts.iter().map(|&count| count as f64).collect(),
            median: *part.logit.quantiles.get("0.5")?,
        })
    }

    /// From equal bins from 0 to 1; the median assumes a uniform distribution within a bin.
    fn of_probabilities(step: f64, counts: Vec<f64>) -> Self {
        let width = 1.0 / counts.len() as f64;
        let half = counts.iter().sum::<f64>() / 2.0;
        let (mut below, mut median) = (0.0, 1.0);
        for (i, count) in counts.iter().enumerate() {
            if *count > 0.0 && below + count >= half {
                median = (i as f64 + (half - below) / count) * width;
                break;
            }
            below += count;
        }
        Self {
            step,
            low: 0.0,
            high: 1.0,
            counts,
            median,
        }
    }

    /// Width of a bin.
    fn bin(&self) -> f64 {
        (self.high - self.low) / self.counts.len().max(1) as f64
    }

    /// Lower edge of each bin, and its count relative to the fullest one, in whole shades.
    fn shades(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let most = self
            .counts
            .iter()
            .copied()
            .fold(f64::MIN_POSITIVE, f64::max);
        let bins = self.counts.iter().enumerate();
        bins.map(move |(i, count)| {
            let edge = self.low + i as f64 * self.bin();
            (edge, (count / most * SHADES).round() / SHADES)
        })
    }
}

/// A panel: its name, colour and columns.
type Panel<'a> = (&'a str, usize, Vec<Column>);

/// Chart of the logits of at least two checkpoints; empty for fewer or without a discriminator.
pub(crate) fn logits(checkpoints: &[&Row]) -> String {
    let n = checkpoints.len().min(COLUMNS);
    let chosen = (0..n).map(|i| checkpoints[i * checkpoints.len() / n]);
    let shown: Vec<&Row> = chosen.collect();
    let kinds = [Kind::Train, Kind::Test, Kind::Generated];
    let panels: Vec<Panel<'_>> = (0..)
        .zip(kinds)
        .map(|(colour, kind)| {
            let part = |row: &&Row| Column::of(row.step as f64, row.parts.get(kind.name())?);
            let columns = shown.iter().filter_map(part);
            (kind.name(), colour, columns.collect::<Vec<_>>())
        })
        .filter(|(_, _, columns)| columns.len() > 1)
        .collect();
    chart("Logits by checkpoint", &panels)
}

/// Chart of D(x) and D(G(z)) from `histograms.csv`; empty without its columns or rows.
pub(crate) fn probabilities(table: &Columns) -> String {
    let kinds = HISTOGRAMS.map(|(prefix, name, colour)| (name, colour, bins(table, prefix)));
    // If one has no counts, the other is still drawn.
    let is_counted = |bins: &[&[f64]]| bins.iter().any(|bin| bin.iter().any(|&count| count > 0.0));
    let kinds: Vec<_> = kinds
        .into_iter()
        .filter(|kind| is_counted(&kind.2))
        .collect();
    let panel = |&(name, colour, _): &(_, _, _)| (name, colour, Vec::new());
    let mut panels: Vec<Panel<'_>> = kinds.iter().map(panel).collect();
    let steps = table.get(STEP).unwrap_or_default();
    let group = steps.len().div_ceil(COLUMNS).max(1);
    for (i, steps) in steps.chunks(group).enumerate() {
        let rows = i * group..i * group + steps.len();
        let step = steps[steps.len() - 1];
        let counts = kinds.iter().map(|(_, _, bins)| pooled(bins, rows.clone()));
        // The panels have the same x axis, so a column is in all of them or none.
        let counts: Option<Vec<Vec<f64>>> = counts.collect();
        if (0.0..=LAST_STEP).contains(&step)
            && let Some(counts) = counts
        {
            for ((_, _, columns), counts) in panels.iter_mut().zip(counts) {
                columns.push(Column::of_probabilities(step, counts));
            }
        }
    }
    let title = "D(x) and D(G(z)) over the training";
    chart(title, &panels)
}

/// The sums of each bin over some rows, ignoring NaN; `None` if the total is 0 or infinite.
fn pooled(bins: &[&[f64]], rows: Range<usize>) -> Option<Vec<f64>> {
    let sum = |bin: &&[f64]| bin[rows.clone()].iter().filter(|&&count| count > 0.0).sum();
    let counts: Vec<f64> = bins.iter().map(sum).collect();
    let all: f64 = counts.iter().sum();
    (all > 0.0 && all.is_finite()).then_some(counts)
}

/// The columns of a kind, whose names are `prefix` and the lower edges of equal bins from 0 to 1,
/// in the order of edges; none if the edges differ.
fn bins<'a>(table: &'a Columns, prefix: &str) -> Vec<&'a [f64]> {
    let named = |name: &'a String| {
        let low: f64 = name.strip_prefix(prefix)?.parse().ok()?;
        Some((low, table.get(name)?))
    };
    let mut bins: Vec<(f64, &[f64])> = table.names().iter().filter_map(named).collect();
    bins.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let n = bins.len() as f64;
    // Names are rounded: a third may be 0.33.
    let fits = |(i, &(low, _)): (usize, &(f64, _))| (low - i as f64 / n).abs() < 0.01;
    if bins.iter().enumerate().all(fits) {
        bins.into_iter().map(|(_, bin)| bin).collect()
    } else {
        Vec::new()
    }
}

/// Panels with the same range, from the lowest visible bin to the highest; empty without panels.
fn chart(title: &str, panels: &[Panel<'_>]) -> String {
    let columns = panels.iter().flat_map(|(_, _, columns)| columns);
    let seen = columns.flat_map(|column| {
        let shown = column.shades().filter(|(_, shade)| *shade > 0.0);
        shown.flat_map(|(edge, _)| [edge, edge + column.bin()])
    });
    let (low, high) = seen.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), edge| {
        (low.min(edge), high.max(edge))
    });
    if low >= high {
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

/// Labels the columns with steps, as many as fit.
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
