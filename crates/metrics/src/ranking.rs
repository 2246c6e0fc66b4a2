//! How well a number separates two groups.

use crate::error::{Error, check_count, check_finite};

/// Area under the receiver operating characteristic: the probability that a random value of
/// `positive` is greater than one of `negative`; equal values count half.
///
/// `AUC = (#{p > q} + #{p = q} / 2) / (n m)` over all pairs, Mann and Whitney's U divided by the
/// number of pairs (Hanley & `McNeil`, "The meaning and use of the area under a receiver operating
/// characteristic (ROC) curve", Radiology 143, 1982). The counts are exact integers. 0.5: no
/// separation; 1: every positive value is above every negative one.
///
/// # Errors
/// [`Error::TooFew`] if either group is empty, [`Error::NotFinite`] for an infinite or NaN value.
pub fn roc_auc(positive: &[f32], negative: &[f32]) -> Result<f64, Error> {
    for (array, values) in [("positive", positive), ("negative", negative)] {
        check_count(array, values.len(), 1)?;
        check_finite(array, values)?;
    }
    let mut ascending = positive.to_vec();
    ascending.sort_unstable_by(f32::total_cmp);
    let mut others = negative.to_vec();
    others.sort_unstable_by(f32::total_cmp);
    let (mut less, mut not_greater, mut halves) = (0, 0, 0_u64);
    for p in ascending {
        while less < others.len() && others[less] < p {
            less += 1;
        }
        while not_greater < others.len() && others[not_greater] <= p {
            not_greater += 1;
        }
        // Smaller ones count twice, equal ones once.
        halves += (less + not_greater) as u64;
    }
    Ok(halves as f64 / 2.0 / (positive.len() as f64 * negative.len() as f64))
}

/// Share of logits on the right side of 0 (probabilities on the right side of 0.5): above for real
/// images, below for generated ones. A logit of exactly 0 counts as wrong for both.
///
/// # Errors
/// [`Error::TooFew`] for an empty array, [`Error::NotFinite`] for an infinite or NaN value.
pub fn accuracy(logits: &[f32], real: bool) -> Result<f64, Error> {
    check_count("logits", logits.len(), 1)?;
    check_finite("logits", logits)?;
    let right = logits
        .iter()
        .filter(|&&logit| if real { logit > 0.0 } else { logit < 0.0 })
        .count();
    Ok(right as f64 / logits.len() as f64)
}

/// The probability of a logit, `1 / (1 + exp(-x))`, in `f64` and rounded once; `libm`'s exponential
/// is the same on every machine.
pub fn probability(logit: f32) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "the only rounding, to f32")]
    let p = (1.0 / (1.0 + libm::exp(-f64::from(logit)))) as f32;
    p
}
