//! `histograms.csv`: how D(x) and D(G(z)) lie between 0 and 1, a row beside each of `metrics.csv`.
//!
//! The original keeps both as histograms for TensorBoard (`d_sum` and `d__sum` of its `model.py`).

use crate::Error;
use crate::step::Trace;
use dcgan_metrics::{Histogram, histogram, probability};

/// File name of the table of histograms.
pub(crate) const HISTOGRAMS: &str = "histograms.csv";

/// Bins between 0 and 1, enough for a discriminator that is never sure; their lower edges end the names of the
/// columns.
const BINS: u32 = 50;

/// Step and epoch, then the bins of D(x) (`d_real_0.00` to `d_real_0.98`), then those of D(G(z)).
pub(crate) fn header() -> Vec<String> {
    let bins = |of: &'static str| {
        (0..BINS).map(move |bin| format!("{of}_{:.2}", f64::from(bin) / f64::from(BINS)))
    };
    let row = ["step", "epoch"].map(String::from).into_iter();
    row.chain(bins("d_real")).chain(bins("d_fake")).collect()
}

/// The counts of the columns that follow step and epoch.
pub(crate) fn counts(trace: &Trace) -> Result<Vec<u64>, Error> {
    let mut counts = Vec::new();
    for logits in [&trace.real_logits, &trace.fake_logits] {
        counts.extend(of_probabilities(&probabilities(logits))?.counts);
    }
    Ok(counts)
}

/// The probabilities that these logits stand for.
pub(crate) fn probabilities(logits: &[f32]) -> Vec<f32> {
    logits.iter().map(|&logit| probability(logit)).collect()
}

/// How many of `values` lie in each bin.
pub(crate) fn of_probabilities(values: &[f32]) -> Result<Histogram, Error> {
    Ok(histogram(values, 0.0, 1.0, BINS as usize)?)
}
