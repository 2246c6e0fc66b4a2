//! `timing.html`: the speed of the training. It contains times, so it is separate from the report
//! and not in the manifest.

use crate::report::page;
use crate::report::svg::{lines, short};
use dcgan_artifacts::Columns;
use dcgan_artifacts::run_tables::{SPEED, STEP, TIMES};
use std::fmt::Write as _;

/// Name of the file.
pub(crate) const FILE: &str = "timing.html";

/// The page of a run's `timing.csv`.
pub(crate) fn html(timing: &Columns) -> String {
    let column = |name: &str| timing.get(name).unwrap_or_default();
    let mut page = page::open("Speed of the training");
    page.push_str(
        "<div class=\"wide\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">Per iteration</th><th scope=\"col\">Median</th>\
         <th scope=\"col\">Fastest 5 %</th><th scope=\"col\">Slowest 5 %</th><th scope=\"col\">Sum</th></tr></thead><tbody>",
    );
    for (name, title, is_sum) in [
        (TIMES[0], "Iteration, ms", true),
        (TIMES[1], "of which waiting for data, ms", true),
        (SPEED, "Images per second", false),
    ] {
        let mut values: Vec<f64> = column(name)
            .iter()
            .copied()
            .filter(|v| v.is_finite())
            .collect();
        if values.is_empty() {
            continue;
        }
        values.sort_unstable_by(f64::total_cmp);
        let at = |share| dcgan_metrics::quantile_of_sorted(&values, share);
        // For images per second, greater is faster.
        let (fast, slow) = if is_sum { (0.05, 0.95) } else { (0.95, 0.05) };
        let sum = if is_sum {
            format!("{:.1} s", values.iter().sum::<f64>() / 1000.0)
        } else {
            String::new()
        };
        let _ = write!(
            page,
            "<tr><th scope=\"row\">{title}</th><td>{}</td><td>{}</td><td>{}</td><td>{sum}</td></tr>",
            short(at(0.5)),
            short(at(fast)),
            short(at(slow))
        );
    }
    page.push_str("</tbody></table></div>");
    let chart = |title, name: &str, label: &str| {
        lines(title, column(STEP), &[(label.to_owned(), column(name))])
    };
    let mut charts = vec![
        chart("Time of an iteration", TIMES[0], "ms"),
        chart("Speed", SPEED, "images per second"),
        chart("Waiting for data", TIMES[1], "ms"),
    ];
    charts.retain(|chart| !chart.is_empty());
    page::section(&mut page, "Over the training", &charts);
    page + page::CLOSE
}
