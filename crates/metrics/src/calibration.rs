//! Calibration of probabilities.

use crate::error::{Error, check_count};
use crate::ranking::probability;

/// The images whose probability is in one bin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// Share of all weight in this bin.
    pub weight: f64,
    /// Mean predicted probability of being real.
    pub probability: f64,
    /// Share that is real.
    pub share: f64,
}

/// Predicted probability of being real against the share that is real.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// Equal bins over `[0, 1]`; `None` for one without images.
    pub bins: Vec<Option<Bin>>,
    /// Expected calibration error, `sum_b weight_b |share_b - probability_b|`: 0 for perfectly
    /// calibrated probabilities.
    pub error: f64,
}

/// The calibration of logits. Real and generated images have a total weight of one half each, as in
/// training. Naeini et al., "Obtaining Well Calibrated Probabilities Using Bayesian Binning"
/// (2015); Guo et al., "On Calibration of Modern Neural Networks" (2017), equation 3.
///
/// # Errors
/// [`Error::TooFew`] if either group is empty or there are no bins, [`Error::NotFinite`] for an
/// infinite or NaN logit.
pub fn calibration(real: &[f32], generated: &[f32], bins: usize) -> Result<Calibration, Error> {
    check_count("bins", bins, 1)?;
    let mut sums = vec![[0.0; 3]; bins];
    for (array, logits, is_real) in [("real", real, 1.0), ("generated", generated, 0.0)] {
        check_count(array, logits.len(), 1)?;
        crate::error::check_finite(array, logits)?;
        let weight = 0.5 / logits.len() as f64;
        for &logit in logits {
            let p = f64::from(probability(logit));
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "p is in [0, 1], so the product is at most `bins`"
            )]
            let bin = (p * bins as f64) as usize;
            let [all, claimed, found] = &mut sums[bin.min(bins - 1)];
            *all += weight;
            *claimed += weight * p;
            *found += weight * is_real;
        }
    }
    let bins: Vec<Option<Bin>> = sums
        .into_iter()
        .map(|[weight, claimed, found]| {
            (weight > 0.0).then(|| Bin {
                weight,
                probability: claimed / weight,
                share: found / weight,
            })
        })
        .collect();
    let gap = |bin: &Bin| bin.weight * (bin.share - bin.probability).abs();
    let error = bins.iter().flatten().map(gap).sum();
    Ok(Calibration { bins, error })
}
