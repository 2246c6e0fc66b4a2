//! Whether probabilities mean what they say.

use crate::error::{Error, check_count};
use crate::ranking::probability;

/// What became of the images whose probability falls into one bin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// Share of all weight in this bin.
    pub weight: f64,
    /// Mean probability of being real that was claimed.
    pub probability: f64,
    /// Share that was real.
    pub share: f64,
}

/// How far the claimed probability of being real lies from the share that is real.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// Equal bins over `[0, 1]`; `None` where no image falls.
    pub bins: Vec<Option<Bin>>,
    /// Expected calibration error, `sum_b weight_b |share_b - probability_b|`: 0 for probabilities
    /// that can be taken at their word.
    pub error: f64,
}

/// The calibration of logits, real and generated images weighing one half in all each, as they do
/// in training. Naeini et al., "Obtaining Well Calibrated Probabilities Using Bayesian Binning"
/// (2015); Guo et al., "On Calibration of Modern Neural Networks" (2017), equation 3.
///
/// # Errors
/// [`Error::TooFew`] if either group is empty or there are no bins, [`Error::NotFinite`] for an
/// infinite or undefined logit.
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
                reason = "p lies in [0, 1], so the product is at most `bins`"
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
