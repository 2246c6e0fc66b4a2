//! How sure a figure is.

use crate::error::{Error, check_count};
use crate::quantile_of_sorted;
use dcgan_random::{Purpose, Stream};
use rayon::prelude::*;

/// Standard normal quantile at 0.975.
const Z: f64 = 1.959_963_984_540_054;

/// A figure with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The figure.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The mean of `values` with the percentile bootstrap's interval: the 2.5 % and 97.5 % quantiles of
/// the means of `resamples` draws with replacement. Efron, "Bootstrap Methods: Another Look at the
/// Jackknife" (1979). Resample r depends on (seed, r) only.
///
/// # Errors
/// [`Error::TooFew`] without values or resamples.
pub fn bootstrap_mean(values: &[f64], resamples: usize, seed: u64) -> Result<Interval, Error> {
    check_count("values", values.len(), 1)?;
    check_count("resamples", resamples, 1)?;
    let n = u32::try_from(values.len()).unwrap_or(u32::MAX);
    let mut means: Vec<f64> = (0..resamples as u64)
        .into_par_iter()
        .map(|r| {
            let mut stream = Stream::new(seed, Purpose::Bootstrap, r);
            let sum: f64 = (0..n).map(|_| values[stream.below(n) as usize]).sum();
            sum / f64::from(n)
        })
        .collect();
    means.sort_unstable_by(f64::total_cmp);
    Ok(Interval {
        value: values.iter().sum::<f64>() / values.len() as f64,
        low: quantile_of_sorted(&means, 0.025),
        high: quantile_of_sorted(&means, 0.975),
    })
}

/// A figure with the delete-a-group jackknife's interval, `value +- 1.96 s` with
/// `s^2 = (g - 1) / g sum (v_i - mean v)^2`, where `v_i` is the figure without group i
/// of g equal groups.
/// Quenouille (1956), Tukey (1958); for smooth functions of sums.
///
/// # Errors
/// [`Error::TooFew`] for fewer than two groups.
pub fn jackknife(value: f64, without: &[f64]) -> Result<Interval, Error> {
    check_count("without", without.len(), 2)?;
    let g = without.len() as f64;
    let mean = without.iter().sum::<f64>() / g;
    let squares: f64 = without.iter().map(|v| (v - mean).powi(2)).sum();
    let half = Z * ((g - 1.0) / g * squares).sqrt();
    Ok(Interval {
        value,
        low: value - half,
        high: value + half,
    })
}

/// The mean of figures of disjoint subsets with `mean +- 1.96 s / sqrt g`, s being their standard
/// deviation with divisor g - 1.
///
/// # Errors
/// [`Error::TooFew`] for fewer than two.
pub fn mean_of_subsets(figures: &[f64]) -> Result<Interval, Error> {
    check_count("figures", figures.len(), 2)?;
    let g = figures.len() as f64;
    let value = figures.iter().sum::<f64>() / g;
    let squares: f64 = figures.iter().map(|v| (v - value).powi(2)).sum();
    let half = Z * (squares / (g - 1.0) / g).sqrt();
    Ok(Interval {
        value,
        low: value - half,
        high: value + half,
    })
}
