//! A small line chart in SVG: powers of two on the x axis, powers of ten on the y axis.

use std::fmt::Write as _;

/// A named line through points (x, y), both positive.
#[derive(Clone, Debug)]
pub struct Line {
    /// The label at its end.
    pub name: String,
    /// From left to right.
    pub points: Vec<(f64, f64)>,
}

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 360.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = 70.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 44.0;
/// Distinguishable with all common forms of colour blindness (Okabe and Ito).
const COLOURS: [&str; 4] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7"];

/// Draws `lines` with a title and the name of the x axis. Needs at least one point.
pub fn figure(title: &str, x_name: &str, lines: &[Line]) -> String {
    let points = || lines.iter().flat_map(|line| &line.points);
    let range = |of: fn(&(f64, f64)) -> f64| {
        let values = points().map(of);
        values.fold((f64::INFINITY, 0.0), |(low, high): (f64, f64), value| {
            (low.min(value), high.max(value))
        })
    };
    let (x_low, x_high) = range(|point| point.0);
    let (y_low, y_high) = range(|point| point.1);
    let (bottom, top) = (y_low.log10().floor(), y_high.log10().ceil());
    let along = |x: f64| {
        let share = (x / x_low).log2() / (x_high / x_low).log2().max(1.0);
        LEFT + share * (WIDTH - LEFT - RIGHT)
    };
    let up = |y: f64| {
        let share = (y.log10() - bottom) / (top - bottom).max(1.0);
        HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP)
    };

    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"{LEFT}\" y=\"20\" font-size=\"14\">{title}</text>\n"
    );
    let mut add = |element: String| writeln!(svg, "{element}");
    let mut draw = || {
        let mut decade = bottom;
        while decade <= top {
            for factor in [1.0, 2.0, 5.0] {
                let value = factor * 10f64.powf(decade);
                if decade < top || factor < 2.0 {
                    let y = up(value);
                    add(format!(
                        "<path d=\"M{LEFT} {y:.1}H{}\" stroke=\"#ddd\"/><text x=\"{}\" y=\"{:.1}\" \
                         text-anchor=\"end\">{value}</text>",
                        WIDTH - RIGHT,
                        LEFT - 6.0,
                        y + 4.0
                    ))?;
                }
            }
            decade += 1.0;
        }
        let mut x = x_low;
        while x <= x_high {
            let at = along(x);
            add(format!(
                "<text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{x}</text>",
                HEIGHT - BOTTOM + 16.0
            ))?;
            x *= 2.0;
        }
        add(format!(
            "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{x_name}</text>",
            f64::midpoint(LEFT, WIDTH - RIGHT),
            HEIGHT - 8.0
        ))?;
        for (line, colour) in lines.iter().zip(COLOURS.iter().cycle()) {
            let path: Vec<String> = line
                .points
                .iter()
                .map(|&(x, y)| format!("{:.1} {:.1}", along(x), up(y)))
                .collect();
            add(format!(
                "<path d=\"M{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
                path.join("L")
            ))?;
            if let Some(&(x, y)) = line.points.last() {
                add(format!(
                    "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"{colour}\">{}</text>",
                    along(x) + 6.0,
                    up(y) + 4.0,
                    line.name
                ))?;
            }
        }
        std::fmt::Result::Ok(())
    };
    // Writing to a string can't fail.
    let _ = draw();
    svg + "</svg>\n"
}
