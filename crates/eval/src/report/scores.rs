//! `scores.svg`: the run's scores on its validation part, a panel per measure, a line for the
//! generator and one for its average, and a mark at the best checkpoint.

use crate::report::svg::{WIDTH, escape, numbers, round, rules, short};
use dcgan_artifacts::run_tables::{CLASS_ACCURACY, FRECHET_DISTANCE, OF_AVERAGE, STEP};
use dcgan_artifacts::{BestScore, Columns};
use std::fmt::Write as _;

/// Name of the file.
pub(crate) const FILE: &str = "scores.svg";

/// For each panel, the column and its name.
const MEASURES: [(&str, &str); 2] = [
    (CLASS_ACCURACY, "Class accuracy"),
    (FRECHET_DISTANCE, "Fréchet distance"),
];
/// Prefix of the columns of a generator, and its name.
const GENERATORS: [(&str, &str); 2] = [("", "generator"), (OF_AVERAGE, "averaged")];

/// Height of a panel, and the gap between two.
const PANEL: f64 = 110.0;
const GAP: f64 = 30.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 66.0;
const BOTTOM: f64 = 40.0;
/// Up to this number of rows, each is also a dot, so that a single one is visible.
const DOTS: usize = 60;

/// A line of a panel.
struct Line {
    column: String,
    /// Its colour.
    generator: usize,
    points: Vec<(f64, f64)>,
}

impl Line {
    fn of(table: &Columns, measure: &str, generator: usize) -> Option<Self> {
        let column = format!("{}{measure}", GENERATORS[generator].0);
        let (steps, values) = (table.get(STEP)?, table.get(&column)?);
        let points = steps.iter().copied().zip(values.iter().copied());
        let points: Vec<_> = points
            .filter(|(x, y)| x.is_finite() && y.is_finite())
            .collect();
        (!points.is_empty()).then_some(Self {
            column,
            generator,
            points,
        })
    }
}

/// The layout of a panel.
struct Place {
    steps: (f64, f64),
    values: (f64, f64),
    top: f64,
}

/// The x coordinate of a step.
fn x((first, last): (f64, f64), step: f64) -> f64 {
    LEFT + (step - first) / (last - first) * (WIDTH - LEFT - RIGHT)
}

impl Place {
    fn y(&self, value: f64) -> f64 {
        let (low, high) = self.values;
        self.top + (high - value) / (high - low) * PANEL
    }
}

/// The chart of a run's `scores.csv`; empty if it has none of the columns. `best` is the run's best
/// checkpoint.
pub(crate) fn chart(table: &Columns, best: Option<&BestScore>) -> String {
    let panels: Vec<(&str, Vec<Line>)> = MEASURES
        .into_iter()
        .map(|(measure, title)| {
            let generators = 0..GENERATORS.len();
            let lines = generators.filter_map(|generator| Line::of(table, measure, generator));
            (title, lines.collect::<Vec<_>>())
        })
        .filter(|(_, lines)| !lines.is_empty())
        .collect();
    let all: Vec<&Line> = panels.iter().flat_map(|(_, lines)| lines).collect();
    if panels.is_empty() {
        return String::new();
    }
    let steps = range(all.iter().flat_map(|line| &line.points).map(|(x, _)| *x));
    let best = best.filter(|best| (steps.0..=steps.1).contains(&(best.step as f64)));
    let height = TOP + panels.len() as f64 * (PANEL + GAP) - GAP + BOTTOM;
    let mut chart = open(&all, best, height);
    for (i, (title, lines)) in panels.iter().enumerate() {
        let values = lines.iter().flat_map(|line| &line.points).map(|(_, y)| *y);
        let place = Place {
            steps,
            values: range(values),
            top: TOP + i as f64 * (PANEL + GAP),
        };
        panel(&mut chart, title, lines, &place, best);
    }
    let ends = (height - BOTTOM, WIDTH - RIGHT);
    numbers(&mut chart, steps, ends, "step", |step| x(steps, step));
    chart + "</svg>"
}

/// The minimum and maximum, made different if equal.
fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    if low < high {
        (low, high)
    } else {
        (low, low + 1.0)
    }
}

/// A column's name for screen readers.
fn spoken(column: &str) -> String {
    let named = GENERATORS.into_iter().rev().find_map(|(prefix, whose)| {
        let measure = column.strip_prefix(prefix)?;
        let (_, title) = MEASURES.into_iter().find(|(name, _)| *name == measure)?;
        Some(format!("{title} ({whose})"))
    });
    named.unwrap_or_else(|| column.replace('_', " "))
}

/// The tag, title and legend.
fn open(lines: &[&Line], best: Option<&BestScore>, height: f64) -> String {
    let title = "Scores on the validation part";
    let mut label = title.to_owned();
    let mut last: Vec<String> = Vec::new();
    for line in lines {
        if let Some((step, value)) = line.points.last() {
            let name = spoken(&line.column);
            last.push(format!("{name} {} at step {}", short(*value), round(*step)));
        }
    }
    let _ = write!(label, ": {}", last.join(", "));
    if let Some(BestScore {
        metric,
        value,
        step,
    }) = best
    {
        let (metric, value) = (spoken(metric), short(*value));
        let _ = write!(label, "; best checkpoint: step {step}, {metric} {value}");
    }
    let label = escape(&label);
    let mut chart = format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{label}\"><title>{label}</title>\
         <text class=\"t\" x=\"{LEFT}\" y=\"16\">{title}</text>"
    );
    let mut x = LEFT;
    for (generator, (_, name)) in GENERATORS.iter().enumerate() {
        if lines.iter().any(|line| line.generator == generator) {
            let _ = write!(
                chart,
                "<text class=\"f{generator}\" x=\"{x}\" y=\"34\">{name}</text>"
            );
            x += 90.0;
        }
    }
    if let Some(best) = best {
        let _ = write!(
            chart,
            "<text x=\"{}\" y=\"34\" text-anchor=\"end\">\u{25cb} best checkpoint: step {}</text>",
            WIDTH - RIGHT,
            best.step
        );
    }
    chart
}

fn panel(chart: &mut String, title: &str, lines: &[Line], place: &Place, best: Option<&BestScore>) {
    let _ = write!(
        chart,
        "<text class=\"a\" x=\"{LEFT}\" y=\"{:.1}\">{title}</text>",
        place.top - 6.0
    );
    let ends = (LEFT, WIDTH - RIGHT);
    rules(chart, place.values, ends, |value| place.y(value));
    if let Some(best) = best {
        let x = x(place.steps, best.step as f64);
        let _ = write!(
            chart,
            "<line class=\"o b\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{:.1}\" y2=\"{:.1}\"/>",
            place.top,
            place.top + PANEL
        );
    }
    for line in lines {
        let at = |&(step, y): &(f64, f64)| (x(place.steps, step), place.y(y));
        let points: Vec<String> = line
            .points
            .iter()
            .map(|point| {
                let (x, y) = at(point);
                format!("{x:.1},{y:.1}")
            })
            .collect();
        let _ = write!(
            chart,
            "<polyline class=\"l k{}\" points=\"{}\"/>",
            line.generator,
            points.join(" ")
        );
        if line.points.len() <= DOTS {
            for (x, y) in line.points.iter().map(at) {
                let _ = write!(
                    chart,
                    "<circle class=\"f{}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.5\"/>",
                    line.generator
                );
            }
        }
        let is_best = |(step, _): &&(f64, f64)| {
            best.is_some_and(|best| {
                best.metric == line.column && step.total_cmp(&(best.step as f64)).is_eq()
            })
        };
        if let Some((x, y)) = line.points.iter().find(is_best).map(at) {
            let _ = write!(
                chart,
                "<circle class=\"o\" fill=\"none\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"6\"/>"
            );
        }
    }
}
