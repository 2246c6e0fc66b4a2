//! Tests of the medians and charts of benchmarks.

use dcgan_bench::{Line, Spread, figure};

fn quartiles(values: &[f64]) -> Vec<f64> {
    let spread = Spread::of(values.to_vec());
    (0..=4).map(|quarters| spread.quartile(quarters)).collect()
}

#[test]
fn quartiles_fall_on_measurements_or_between_neighbours() {
    assert_eq!(quartiles(&[7.0]), [7.0; 5]);
    assert_eq!(quartiles(&[4.0, 2.0]), [2.0, 2.5, 3.0, 3.5, 4.0]);
    assert_eq!(
        quartiles(&[5.0, 1.0, 4.0, 2.0, 3.0]),
        [1.0, 2.0, 3.0, 4.0, 5.0]
    );
}

#[test]
fn warm_ups_do_not_count_and_errors_end_the_timing() {
    let mut calls = 0;
    let result = Spread::time(2, 3, || {
        calls += 1;
        if calls < 6 { Ok(()) } else { Err(calls) }
    });
    assert!(result.is_ok_and(|spread| spread.to_string().ends_with("over 3")));
    assert_eq!(calls, 5);
    assert_eq!(Spread::time(0, 1, || Err(1)).err(), Some(1));
}

#[test]
fn a_chart_has_a_path_for_every_line_within_its_frame() {
    let line = |name: &str, points: &[(f64, f64)]| Line {
        name: name.into(),
        points: points.to_vec(),
    };
    let svg = figure(
        "title",
        "batch",
        &[
            line("a", &[(16.0, 3.0), (64.0, 30.0)]),
            line("b", &[(16.0, 0.5)]),
        ],
    );
    assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
    assert_eq!(svg.matches("stroke-width=\"2\"").count(), 2);
    // 16 is at the left edge, 64 at the right; 30 is above 3.
    assert!(svg.contains("M60.0 ") && svg.contains("L570.0 "), "{svg}");
}
