use dcgan_metrics::{Distribution, Error, QUANTILES, histogram, quantile_of_sorted};
use proptest::prelude::*;

#[test]
fn moments_of_five_numbers() {
    let d = Distribution::of(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]).unwrap();
    assert_eq!(d.count, 8);
    assert_eq!(d.mean.to_bits(), 5.0_f64.to_bits());
    assert_eq!(d.standard_deviation.to_bits(), 2.0_f64.to_bits());
    assert_eq!(
        (d.min.to_bits(), d.max.to_bits()),
        (2.0_f64.to_bits(), 9.0_f64.to_bits())
    );
}

#[test]
fn quantiles_are_numpys_default() {
    // numpy.quantile([1, 2, 4, 8], p): h = 3 p.
    let sorted = [1.0_f32, 2.0, 4.0, 8.0];
    for (p, expected) in [
        (0.0, 1.0),
        (0.25, 1.75),
        (0.5, 3.0),
        (0.75, 5.0),
        (0.9, 6.8),
        (1.0, 8.0),
    ] {
        let got = quantile_of_sorted(&sorted, p);
        assert!((got - expected).abs() < 1e-12, "{p}: {got}");
    }
    let d = Distribution::of(&[8.0, 1.0, 4.0, 2.0]).unwrap();
    let median = QUANTILES
        .iter()
        .position(|p| p.to_bits() == 0.5_f64.to_bits())
        .unwrap();
    assert_eq!(d.quantiles[median].to_bits(), 3.0_f64.to_bits());
}

#[test]
fn a_single_value_is_its_own_every_quantile() {
    let d = Distribution::of(&[-1.5]).unwrap();
    assert!(
        d.quantiles
            .iter()
            .all(|q| q.to_bits() == (-1.5_f64).to_bits())
    );
    assert_eq!(d.standard_deviation.to_bits(), 0.0_f64.to_bits());
}

#[test]
fn bins_are_closed_below_and_the_last_on_both_sides() {
    let h = histogram(&[-1.0, 0.0, 0.5, 0.999, 1.0, 1.5, 2.0, 2.1], 0.0, 2.0, 2).unwrap();
    assert_eq!(h.counts, [3, 3]);
    assert_eq!((h.below, h.above), (1, 1));
    let edges: Vec<f64> = (0..=2).map(|i| h.edge(i)).collect();
    assert_eq!(edges, [0.0, 1.0, 2.0]);
}

#[test]
fn what_cannot_be_measured_is_named() {
    assert_eq!(
        Distribution::of(&[]).unwrap_err(),
        Error::TooFew {
            array: "values",
            expected: 1,
            got: 0
        }
    );
    let e = Distribution::of(&[1.0, f32::NAN, f32::INFINITY]).unwrap_err();
    assert_eq!(
        e.to_string(),
        "value 1 of `values` is NaN, expected a finite number"
    );
    let e = histogram(&[1.0], 0.0, 0.0, 4).unwrap_err();
    assert_eq!(
        e.to_string(),
        "`high` is 0, expected a finite number above `low`"
    );
    let e = histogram(&[1.0], 0.0, 1.0, 0).unwrap_err();
    assert_eq!(e.to_string(), "`bins` is 0, expected at least 1");
}

proptest! {
    #[test]
    fn quantiles_ascend_within_the_range(values in prop::collection::vec(-1e6_f32..1e6, 1..50)) {
        let d = Distribution::of(&values).unwrap();
        let mut all = vec![d.min];
        all.extend(d.quantiles);
        all.push(d.max);
        prop_assert!(all.is_sorted());
        prop_assert!(d.mean >= d.min - 1e-6 && d.mean <= d.max + 1e-6);
        prop_assert!(d.standard_deviation <= d.max - d.min);
    }

    #[test]
    fn a_histogram_loses_no_value(
        values in prop::collection::vec(-3_f32..3.0, 0..60),
        low in -2.0..0.0, width in 0.1..3.0, bins in 1_usize..20,
    ) {
        let h = histogram(&values, low, low + width, bins).unwrap();
        let total = h.counts.iter().sum::<u64>() + h.below + h.above;
        prop_assert_eq!(total, values.len() as u64);
    }
}
