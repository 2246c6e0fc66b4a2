//! Confidence intervals.
//!
//! In 95 of 100 repetitions with other images of the same kind, a 95 % interval contains the mean
//! of the figure over infinitely many repetitions. `tests/it/interval.rs` simulates how often each
//! kind of interval does.

use crate::error::{Error, check_count};
use crate::quantile_of_sorted;
use crate::student;
use dcgan_random::{Purpose, Stream};
use rayon::prelude::*;

/// Standard normal quantile at 0.975.
const Z: f64 = 1.959_963_984_540_054;
/// Minimum number of values or groups for an interval.
pub const LEAST_GROUPS: usize = 5;

/// A 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A figure with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The figure.
    pub value: f64,
    /// `None` for fewer than [`LEAST_GROUPS`] values or groups.
    pub interval: Option<Interval>,
}

/// A figure and its variance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Uncertain {
    /// The figure.
    pub value: f64,
    /// Its estimated variance.
    pub variance: f64,
    /// Degrees of freedom of that estimate.
    pub degrees: f64,
}

impl Uncertain {
    /// `value +- t s`, where t is the quantile at 0.975 of Student's distribution with these
    /// degrees of freedom and s^2 the variance. No interval for fewer than [`LEAST_GROUPS`] - 1
    /// degrees of freedom.
    pub fn estimate(&self) -> Estimate {
        let has_enough = self.degrees + 1.0 >= LEAST_GROUPS as f64;
        let interval = has_enough.then(|| {
            let half = student::quantile(self.degrees) * self.variance.sqrt();
            Interval {
                low: self.value - half,
                high: self.value + half,
            }
        });
        Estimate {
            value: self.value,
            interval,
        }
    }

    /// The mean of independent figures: `s^2 = sum s_i^2 / k^2`, with the degrees of freedom of
    /// Welch and Satterthwaite, `(sum s_i^2)^2 / sum (s_i^4 / degrees_i)`.
    ///
    /// # Errors
    /// [`Error::TooFew`] for none.
    pub fn mean(figures: &[Self]) -> Result<Self, Error> {
        check_count("figures", figures.len(), 1)?;
        let k = figures.len() as f64;
        let sum = |of: fn(&Self) -> f64| figures.iter().map(of).sum::<f64>();
        let variance = sum(|figure| figure.variance);
        let fourth = sum(|figure| figure.variance * figure.variance / figure.degrees);
        let degrees = if fourth > 0.0 {
            variance * variance / fourth
        } else {
            sum(|figure| figure.degrees)
        };
        Ok(Self {
            value: sum(|figure| figure.value) / k,
            variance: variance / (k * k),
            degrees,
        })
    }
}

/// The mean of `values` with an interval by the bootstrap: quantiles of the means of `resamples`
/// draws with replacement (Efron, "Bootstrap Methods: Another Look at the Jackknife", 1979), at `p`
/// and `1 - p` with `p = Phi(-t sqrt(n / (n - 1)))`, where t is the quantile at 0.975 of Student's
/// distribution with n - 1 degrees of freedom: 2.5 % for many values, less for few, because
/// resamples of few values spread too little (Hesterberg, "What Teachers Should Know about the
/// Bootstrap", 2015, section 4.3). Resample r depends on (seed, r) only; the result does not depend
/// on the order of the values.
///
/// # Errors
/// [`Error::TooFew`] without values or resamples.
pub fn bootstrap_mean(values: &[f64], resamples: usize, seed: u64) -> Result<Estimate, Error> {
    check_count("values", values.len(), 1)?;
    check_count("resamples", resamples, 1)?;
    let mut values = values.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    let value = values.iter().sum::<f64>() / values.len() as f64;
    if values.len() < LEAST_GROUPS {
        let interval = None;
        return Ok(Estimate { value, interval });
    }
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
    let others = f64::from(n - 1);
    let far = student::quantile(others) * (f64::from(n) / others).sqrt();
    let p = libm::erfc(far / std::f64::consts::SQRT_2) / 2.0;
    let interval = Some(Interval {
        low: quantile_of_sorted(&means, p),
        high: quantile_of_sorted(&means, 1.0 - p),
    });
    Ok(Estimate { value, interval })
}

/// The share p of `flags` that are set, with Wilson's interval, the shares that are within z = 1.96
/// of their own standard errors of p:
/// `(p + z^2 / 2n +- z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n)`. Its width is not 0 if
/// all flags are equal. Wilson, "Probable Inference, the Law of Succession, and Statistical
/// Inference" (1927).
///
/// # Errors
/// [`Error::TooFew`] without flags.
pub fn share(flags: &[bool]) -> Result<Estimate, Error> {
    check_count("flags", flags.len(), 1)?;
    let n = flags.len() as f64;
    let value = flags.iter().filter(|&&flag| flag).count() as f64 / n;
    let interval = (flags.len() >= LEAST_GROUPS).then(|| {
        let square = Z * Z / n;
        let middle = (value + square / 2.0) / (1.0 + square);
        let half = (square * (value * (1.0 - value) + square / 4.0)).sqrt() / (1.0 + square);
        // Rounding must not exclude the share itself.
        Interval {
            low: (middle - half).clamp(0.0, value),
            high: (middle + half).clamp(value, 1.0),
        }
    });
    Ok(Estimate { value, interval })
}

/// A figure with the delete-a-group jackknife variance, `s^2 = (g - 1) / g sum (v_i - mean v)^2`,
/// where `v_i` is the figure without group i of g equal groups; g - 1 degrees of freedom.
/// Quenouille (1956), Tukey (1958); for smooth functions of sums.
///
/// # Errors
/// [`Error::TooFew`] for fewer than two groups.
pub fn jackknife(value: f64, without: &[f64]) -> Result<Uncertain, Error> {
    check_count("without", without.len(), 2)?;
    let g = without.len() as f64;
    let mean = without.iter().sum::<f64>() / g;
    let squares: f64 = without.iter().map(|v| (v - mean).powi(2)).sum();
    Ok(Uncertain {
        value,
        variance: (g - 1.0) / g * squares,
        degrees: g - 1.0,
    })
}

/// The mean of the figures of g disjoint subsets with the interval `mean +- t s / sqrt g`, where s
/// is their standard deviation with divisor g - 1 and t the quantile at 0.975 of Student's
/// distribution with g - 1 degrees of freedom.
///
/// # Errors
/// [`Error::TooFew`] for none.
pub fn mean_of_subsets(figures: &[f64]) -> Result<Estimate, Error> {
    check_count("figures", figures.len(), 1)?;
    let g = figures.len() as f64;
    let value = figures.iter().sum::<f64>() / g;
    if figures.len() < LEAST_GROUPS {
        let interval = None;
        return Ok(Estimate { value, interval });
    }
    let squares: f64 = figures.iter().map(|v| (v - value).powi(2)).sum();
    let uncertain = Uncertain {
        value,
        variance: squares / (g - 1.0) / g,
        degrees: g - 1.0,
    };
    Ok(uncertain.estimate())
}
