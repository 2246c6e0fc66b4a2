use dcgan_metrics::{accuracy, probability, roc_auc};
use proptest::prelude::*;

#[test]
fn auc_counts_ties_half() {
    // Pairs (p, q): 3 > 1, 3 = 3 (half), 1 = 1 (half), 1 < 3: two of four.
    assert_eq!(
        roc_auc(&[3.0, 1.0], &[1.0, 3.0]).unwrap().to_bits(),
        0.5_f64.to_bits()
    );
    // 2 > 1, 2 > 0, 2 < 3; 5 above all three: 5 of 6.
    assert_eq!(
        roc_auc(&[2.0, 5.0], &[1.0, 0.0, 3.0]).unwrap().to_bits(),
        (5.0_f64 / 6.0).to_bits()
    );
    // The two zeros are equal.
    assert_eq!(
        roc_auc(&[0.0], &[-0.0]).unwrap().to_bits(),
        0.5_f64.to_bits()
    );
}

#[test]
fn accuracy_takes_the_side_of_zero() {
    let logits = [1.0, -2.0, 0.0, 3.0];
    assert_eq!(
        accuracy(&logits, true).unwrap().to_bits(),
        0.5_f64.to_bits()
    );
    assert_eq!(
        accuracy(&logits, false).unwrap().to_bits(),
        0.25_f64.to_bits()
    );
}

#[test]
fn probabilities_are_the_logistic_function() {
    // 1 / (1 + exp(-x)) to nine digits.
    for (logit, expected) in [(0.0, 0.5), (1.0, 0.731_058_579), (-2.0, 0.119_202_922)] {
        assert!(
            (f64::from(probability(logit)) - expected).abs() < 6e-8,
            "{logit}"
        );
    }
    assert_eq!(probability(200.0).to_bits(), 1.0_f32.to_bits());
    assert_eq!(probability(-200.0).to_bits(), 0.0_f32.to_bits());
}

#[test]
fn what_cannot_be_measured_is_named() {
    let e = roc_auc(&[1.0], &[]).unwrap_err();
    assert_eq!(
        e.to_string(),
        "`negative` has 0 values, expected at least 1"
    );
    let e = roc_auc(&[f32::NEG_INFINITY], &[0.0]).unwrap_err();
    assert_eq!(
        e.to_string(),
        "value 0 of `positive` is -inf, expected a finite number"
    );
    assert!(accuracy(&[], true).is_err());
}

proptest! {
    #[test]
    fn auc_is_its_definition(
        positive in prop::collection::vec(-4_i8..4, 1..30),
        negative in prop::collection::vec(-4_i8..4, 1..30),
    ) {
        let positive: Vec<f32> = positive.into_iter().map(f32::from).collect();
        let negative: Vec<f32> = negative.into_iter().map(f32::from).collect();
        let mut expected = 0.0;
        for p in &positive {
            for q in &negative {
                expected += if p > q { 1.0 } else if p < q { 0.0 } else { 0.5 };
            }
        }
        expected /= (positive.len() * negative.len()) as f64;
        let auc = roc_auc(&positive, &negative).unwrap();
        prop_assert!((auc - expected).abs() < 1e-12);
        let turned = roc_auc(&negative, &positive).unwrap();
        prop_assert!((auc + turned - 1.0).abs() < 1e-12);
    }
}
