//! Charts as SVG. Colours are variables of the page, so that a chart follows its light or dark
//! scheme; a chart in its own file defines them itself ([`standalone`]).

use dcgan_hints::printable;
use std::fmt::Write as _;

/// Size of a chart in its own units.
pub(crate) const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 270.0;
/// Margins at the left, right, top and bottom of the plot.
const MARGINS: [f64; 4] = [52.0, 12.0, 44.0, 42.0];
/// Approximate width of a letter.
const LETTER: f64 = 7.8;
/// Maximum points of a line; more are grouped, and the groups' means are drawn.
const POINTS: usize = 600;
/// Share of the points in the window of a smoothed line.
const SMOOTHING: f64 = 0.03;

/// The variables and classes that charts use.
pub(crate) const STYLE: &str = "\
:root{--ink:#1c1f23;--faint:#5f6872;--rule:#dfe3e8;--paper:#fff;--c0:#0b6bcb;--c1:#c4420d;--c2:#1a7f45;--c3:#7b3fb5}
@media screen and (prefers-color-scheme:dark){:root{--ink:#e6e8ea;--faint:#8d959e;--rule:#343a41;--paper:#15181b;--c0:#63b0ff;--c1:#ff9d66;--c2:#62cf8e;--c3:#c79bf2}}
svg text{font:13px system-ui,sans-serif;fill:var(--ink)}svg .t{font-weight:600}svg .a{fill:var(--faint)}
svg .r{stroke:var(--rule)}svg .l{fill:none;stroke-width:2;stroke-linejoin:round}svg .w{fill:none;stroke-width:1;opacity:.25}
svg .k0{stroke:var(--c0)}svg .k1{stroke:var(--c1)}svg .k2{stroke:var(--c2)}svg .k3{stroke:var(--c3)}
svg .f0{fill:var(--c0)}svg .f1{fill:var(--c1)}svg .f2{fill:var(--c2)}svg .f3{fill:var(--c3)}svg .o{stroke:var(--ink);stroke-width:2}svg .b{stroke-width:1;stroke-dasharray:4 3}";

/// A name and its values.
pub(crate) type Named<T> = (String, T);

/// Charts with the names of their files.
pub(crate) type ChartFiles = Vec<(&'static str, String)>;

/// Escapes text for HTML and SVG. XML forbids most control characters.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in printable(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            c => safe.push(c),
        }
    }
    safe
}

/// A number with about four digits.
pub(crate) fn short(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        "0".into()
    } else if !(1e-3..1e5).contains(&size) {
        format!("{value:.2e}")
    } else if size >= 100.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.4}")
    }
}

/// A chart as a file.
pub(crate) fn standalone(chart: &str) -> Vec<u8> {
    let style = format!("<style>{STYLE}svg{{background:var(--paper)}}</style>");
    let open = "<svg xmlns=\"http://www.w3.org/2000/svg\" ";
    let chart = chart.replacen("<svg ", open, 1);
    match chart.split_once('>') {
        Some((tag, rest)) => format!("{tag}>{style}{rest}\n").into_bytes(),
        None => Vec::new(),
    }
}

/// Line chart; each series is drawn faintly, and smoothed by a running mean.
pub(crate) fn lines(title: &str, x: &[f64], series: &[Named<&[f64]>]) -> String {
    let finite =
        |values: &[f64]| -> Vec<f64> { values.iter().copied().filter(|v| v.is_finite()).collect() };
    // The axis ignores the lowest and highest 1 %, such as the first steps of a run.
    let mut all: Vec<f64> = series
        .iter()
        .flat_map(|(_, values)| finite(values))
        .collect();
    all.sort_unstable_by(f64::total_cmp);
    let (Some(&first), Some(&last), false) = (x.first(), x.last(), all.is_empty()) else {
        return String::new();
    };
    let at = |share: f64| dcgan_metrics::quantile_of_sorted(&all, share);
    let frame = Frame::new((first, last), (at(0.005), at(0.995)));
    let mut chart = frame.open(title, "step", series.iter().map(|(name, _)| name.as_str()));
    for (i, (_, values)) in series.iter().enumerate() {
        let raw = grouped(x, values);
        let reach = (raw.len() as f64 * SMOOTHING).max(1.0);
        let mut mean = f64::NAN;
        let smooth: Vec<(f64, f64)> = raw
            .iter()
            .map(|&(x, y)| {
                mean = if mean.is_nan() {
                    y
                } else {
                    mean + (y - mean) / reach
                };
                (x, mean)
            })
            .collect();
        for (class, points) in [("w", &raw), ("l", &smooth)] {
            let points = frame.points(points);
            let _ = write!(
                chart,
                "<polyline class=\"{class} k{}\" points=\"{points}\"/>",
                i % 4
            );
        }
    }
    chart + "</svg>"
}

/// Histograms over the same range, each as the share of its values per bin.
pub(crate) fn histograms(
    title: &str,
    label: &str,
    (low, high): (f64, f64),
    series: &[Named<Vec<f64>>],
) -> String {
    let shares: Vec<Vec<f64>> = series
        .iter()
        .map(|(_, counts)| {
            let sum: f64 = counts.iter().sum();
            counts.iter().map(|count| count / sum.max(1.0)).collect()
        })
        .collect();
    let most = shares.iter().flatten().copied().fold(0.0, f64::max);
    let frame = Frame::new((low, high), (0.0, most));
    let mut chart = frame.open(title, label, series.iter().map(|(name, _)| name.as_str()));
    for (i, shares) in shares.iter().enumerate() {
        let bin = (high - low) / shares.len().max(1) as f64;
        let steps: Vec<(f64, f64)> = shares
            .iter()
            .enumerate()
            .flat_map(|(i, &share)| {
                let left = low + i as f64 * bin;
                [(left, share), (left + bin, share)]
            })
            .collect();
        let points = frame.points(&steps);
        let _ = write!(
            chart,
            "<polyline class=\"l k{}\" points=\"{points}\"/>",
            i % 4
        );
    }
    chart + "</svg>"
}

/// A bar per name, starting at 0, and a mark for real images, whose legend is `mark`.
pub(crate) fn bars(title: &str, mark: &str, rows: &[Named<(f64, Option<f64>)>]) -> String {
    let ends = rows
        .iter()
        .flat_map(|(_, (value, real))| [Some(*value), *real]);
    let most = ends.flatten().filter(|v| v.is_finite()).fold(0.0, f64::max);
    let frame = Frame::new((0.0, rows.len() as f64), (0.0, most));
    let mut chart = frame.open(title, "", ["generated"]);
    let _ = write!(
        chart,
        "<text x=\"{}\" y=\"34\" text-anchor=\"end\">\u{2500} {mark}</text>",
        WIDTH - MARGINS[1]
    );
    let slot = frame.x(1.0) - frame.x(0.0);
    let width = slot * 0.6;
    let letters = |name: &str| printable(name).chars().take(10).collect::<String>();
    // Names wider than their bars are slanted.
    let is_aslant = rows
        .iter()
        .any(|(name, _)| letters(name).chars().count() as f64 * LETTER > slot);
    for (i, (name, (value, real))) in rows.iter().enumerate() {
        let middle = frame.x(i as f64 + 0.5);
        let (left, top, floor) = (middle - width / 2.0, frame.y(*value), frame.y(0.0));
        let _ = write!(
            chart,
            "<rect class=\"f0\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{:.1}\">\
             <title>{}: {}</title></rect>\
             <text {}>{}</text>",
            (floor - top).max(0.0),
            escape(name),
            short(*value),
            if is_aslant {
                let y = floor + 10.0;
                format!(
                    "text-anchor=\"end\" transform=\"translate({middle:.1} {y:.1}) rotate(-30)\""
                )
            } else {
                let y = floor + 16.0;
                format!("x=\"{middle:.1}\" y=\"{y:.1}\" text-anchor=\"middle\"")
            },
            escape(&letters(name)),
        );
        if let Some(real) = real {
            let y = frame.y(*real);
            let _ = write!(
                chart,
                "<line class=\"o\" x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>",
                left - 4.0,
                left + width + 4.0
            );
        }
    }
    chart + "</svg>"
}

/// Points joined by lines in the unit square, with the diagonal.
pub(crate) fn reliability(title: &str, series: &[Named<Vec<(f64, f64)>>]) -> String {
    let frame = Frame::new((0.0, 1.0), (0.0, 1.0));
    let names = series.iter().map(|(name, _)| name.as_str());
    let mut chart = frame.open(title, "probability of being real", names);
    let diagonal = frame.points(&[(0.0, 0.0), (1.0, 1.0)]);
    let _ = write!(
        chart,
        "<polyline class=\"r\" fill=\"none\" points=\"{diagonal}\"/>"
    );
    for (i, (_, points)) in series.iter().enumerate() {
        let line = frame.points(points);
        let _ = write!(
            chart,
            "<polyline class=\"l k{}\" points=\"{line}\"/>",
            i % 4
        );
        for &(x, y) in points {
            let (x, y) = (frame.x(x), frame.y(y));
            let _ = write!(
                chart,
                "<circle class=\"f{}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"/>",
                i % 4
            );
        }
    }
    chart + "</svg>"
}

/// Means of groups of adjacent points, so that no line has more than [`POINTS`] points.
fn grouped(x: &[f64], y: &[f64]) -> Vec<(f64, f64)> {
    let size = x.len().min(y.len()).div_ceil(POINTS).max(1);
    x.chunks(size)
        .zip(y.chunks(size))
        .filter_map(|(x, y)| {
            let finite: Vec<f64> = y.iter().copied().filter(|y| y.is_finite()).collect();
            let mean = finite.iter().sum::<f64>() / finite.len() as f64;
            mean.is_finite().then(|| (x[x.len() / 2], mean))
        })
        .collect()
}

/// The layout of the plot.
struct Frame {
    x: (f64, f64),
    y: (f64, f64),
}

impl Frame {
    fn new(x: (f64, f64), y: (f64, f64)) -> Self {
        let wide = |(low, high): (f64, f64)| {
            if high > low {
                (low, high)
            } else {
                (low, low + 1.0)
            }
        };
        let (x, (low, high)) = (wide(x), wide(y));
        let air = (high - low) * 0.04;
        let bottom = if low == 0.0 { 0.0 } else { low - air };
        Self {
            x,
            y: (bottom, high + air),
        }
    }

    fn x(&self, x: f64) -> f64 {
        let [left, right, _, _] = MARGINS;
        left + (x - self.x.0) / (self.x.1 - self.x.0) * (WIDTH - left - right)
    }

    /// The y coordinate of a value, clamped to the axis.
    fn y(&self, y: f64) -> f64 {
        let [_, _, top, bottom] = MARGINS;
        let share = ((y - self.y.0) / (self.y.1 - self.y.0)).clamp(0.0, 1.0);
        HEIGHT - bottom - share * (HEIGHT - top - bottom)
    }

    fn points(&self, points: &[(f64, f64)]) -> String {
        let point = |&(x, y): &(f64, f64)| format!("{:.1},{:.1}", self.x(x), self.y(y));
        points.iter().map(point).collect::<Vec<_>>().join(" ")
    }

    /// The tag, title, legend and axes; `label` is the x axis's label, and without one the axis has
    /// no numbers.
    fn open<'a>(
        &self,
        title: &str,
        label: &str,
        names: impl IntoIterator<Item = &'a str>,
    ) -> String {
        let safe = escape(title);
        let mut chart = format!(
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{safe}\"><title>{safe}</title>\
             <text class=\"t\" x=\"{}\" y=\"16\">{safe}</text>",
            MARGINS[0]
        );
        let mut x = MARGINS[0];
        for (i, name) in names.into_iter().enumerate() {
            let _ = write!(
                chart,
                "<text class=\"f{}\" x=\"{x:.0}\" y=\"34\">{}</text>",
                i % 4,
                escape(name)
            );
            x += 16.0 + LETTER * name.chars().count() as f64;
        }
        let (left, end, floor) = (MARGINS[0], WIDTH - MARGINS[1], HEIGHT - MARGINS[3]);
        rules(&mut chart, self.y, (left, end), |value| self.y(value));
        if !label.is_empty() {
            numbers(&mut chart, self.x, (floor, end), label, |value| {
                self.x(value)
            });
        }
        chart
    }
}

/// A faint line across a plot at each round number of a range, with the number on the left.
pub(crate) fn rules(
    chart: &mut String,
    range: (f64, f64),
    (left, end): (f64, f64),
    y: impl Fn(f64) -> f64,
) {
    for tick in ticks(range) {
        let y = y(tick);
        let _ = write!(
            chart,
            "<line class=\"r\" x1=\"{left}\" x2=\"{end}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
             <text class=\"a\" x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            left - 6.0,
            y + 4.0,
            round(tick)
        );
    }
}

/// The round numbers of a range below a plot that ends at `floor` and `end`, and the axis's label.
pub(crate) fn numbers(
    chart: &mut String,
    range: (f64, f64),
    (floor, end): (f64, f64),
    label: &str,
    x: impl Fn(f64) -> f64,
) {
    for tick in ticks(range) {
        let _ = write!(
            chart,
            "<text class=\"a\" x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            x(tick),
            floor + 16.0,
            round(tick)
        );
    }
    let _ = write!(
        chart,
        "<text class=\"a\" x=\"{end}\" y=\"{}\" text-anchor=\"end\">{}</text>",
        floor + 32.0,
        escape(label)
    );
}

/// About five round numbers within a range.
fn ticks((low, high): (f64, f64)) -> Vec<f64> {
    let rough = (high - low) / 5.0;
    let power = 10.0_f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .find(|f| f * power >= rough);
    let step = factor.unwrap_or(10.0) * power;
    let first = (low / step).ceil();
    (0..12)
        .map(|i| (first + f64::from(i)) * step)
        .take_while(|&tick| tick <= high)
        .collect()
}

/// A tick as text, without digits from rounding errors.
pub(crate) fn round(tick: f64) -> String {
    let text = format!("{tick:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".into()
    } else {
        text.into()
    }
}
