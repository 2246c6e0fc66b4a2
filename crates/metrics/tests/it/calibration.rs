//! Calibration against cases computed by hand.

use dcgan_metrics::{Error, calibration};

#[test]
fn a_discriminator_that_guesses_is_calibrated() {
    let found = calibration(&[0.0; 3], &[0.0; 5], 10).unwrap();
    assert!(found.error < 1e-12, "{}", found.error);
    // Probability 0.5 is the lower edge of bin 5 of 10.
    let bin = found.bins[5].unwrap();
    assert!((bin.share - 0.5).abs() < 1e-12 && (bin.weight - 1.0).abs() < 1e-12);
    assert!(
        found
            .bins
            .iter()
            .enumerate()
            .all(|(i, bin)| bin.is_some() == (i == 5))
    );
}

/// Three of four real images and one of two generated ones at p = 0.75, the rest at 0.25. Each kind
/// has weight one half, so the share of real is 0.375 / (0.375 + 0.25) = 0.6 at 0.75, and one third
/// at 0.25.
#[test]
fn a_case_by_hand() {
    let logit = 3.0_f32.ln();
    let real = [logit, logit, logit, -logit];
    let found = calibration(&real, &[logit, -logit], 4).unwrap();
    let expected = 0.625 * (0.75 - 0.6) + 0.375 * (1.0 / 3.0 - 0.25);
    assert!(
        (found.error - expected).abs() < 1e-6,
        "{} {expected}",
        found.error
    );
}

#[test]
fn certainty_that_is_wrong_costs_all_of_it() {
    let error = |real, generated| calibration(&[real; 4], &[generated; 4], 10).unwrap().error;
    assert!(error(40.0, -40.0) < 1e-12);
    assert!(error(-40.0, 40.0) > 1.0 - 1e-12);
}

#[test]
fn what_cannot_be_judged_is_an_error() {
    assert!(matches!(
        calibration(&[], &[0.0], 10),
        Err(Error::TooFew { array: "real", .. })
    ));
    assert!(matches!(
        calibration(&[0.0], &[f32::NAN], 10),
        Err(Error::NotFinite { .. })
    ));
    assert!(matches!(
        calibration(&[0.0], &[0.0], 0),
        Err(Error::TooFew { array: "bins", .. })
    ));
}
