//! Count, moments, quantiles and histogram of an array.

use crate::error::{Error, check_count, check_finite};

/// The probabilities whose quantiles a [`Distribution`] holds.
pub const QUANTILES: [f64; 9] = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99];

/// Statistics of the values of an array.
#[derive(Debug, Clone, PartialEq)]
pub struct Distribution {
    /// Number of values, n.
    pub count: usize,
    /// Arithmetic mean, `m = sum x / n`.
    pub mean: f64,
    /// Standard deviation `sqrt(sum (x - m)^2 / n)`; the divisor is n, because this describes the
    /// array, not a population.
    pub standard_deviation: f64,
    /// Minimum.
    pub min: f64,
    /// Maximum.
    pub max: f64,
    /// Quantiles at [`QUANTILES`], by [`quantile_of_sorted`].
    pub quantiles: [f64; QUANTILES.len()],
}

impl Distribution {
    /// Computes the statistics of an array.
    ///
    /// # Errors
    /// [`Error::TooFew`] for an empty array, [`Error::NotFinite`] for an infinite or NaN value.
    pub fn of(values: &[f32]) -> Result<Self, Error> {
        check_count("values", values.len(), 1)?;
        check_finite("values", values)?;
        let count = values.len();
        let mean = values.iter().map(|&x| f64::from(x)).sum::<f64>() / count as f64;
        let squares = values
            .iter()
            .map(|&x| (f64::from(x) - mean).powi(2))
            .sum::<f64>();
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f32::total_cmp);
        Ok(Self {
            count,
            mean,
            standard_deviation: (squares / count as f64).sqrt(),
            min: f64::from(sorted[0]),
            max: f64::from(sorted[count - 1]),
            quantiles: QUANTILES.map(|p| quantile_of_sorted(&sorted, p)),
        })
    }
}

/// The quantile at probability `p` in `[0, 1]` of an ascending, non-empty array.
///
/// `h = (n - 1) p`, `Q = x[floor h] + (h - floor h) (x[floor h + 1] - x[floor h])` with x counted
/// from 0: definition 7 of Hyndman & Fan, "Sample Quantiles in Statistical Packages", The American
/// Statistician 50 (1996), which `NumPy`'s `quantile` and R's `quantile` use by default.
///
/// # Panics
/// If the array is empty.
pub fn quantile_of_sorted<T: Copy + Into<f64>>(sorted: &[T], p: f64) -> f64 {
    let h = (sorted.len() - 1) as f64 * p.clamp(0.0, 1.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "h is in [0, n - 1], so its floor is an index"
    )]
    let below = h.floor() as usize;
    let (x, next) = (
        sorted[below].into(),
        sorted[(below + 1).min(sorted.len() - 1)].into(),
    );
    x + (h - h.floor()) * (next - x)
}

/// Counts of values in equal bins.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// Lower edge of the first bin.
    pub low: f64,
    /// Upper edge of the last bin.
    pub high: f64,
    /// Values in each bin; bin i is `[edge(i), edge(i + 1))`, the last one closed on both sides.
    pub counts: Vec<u64>,
    /// Values below `low`.
    pub below: u64,
    /// Values above `high`.
    pub above: u64,
}

impl Histogram {
    /// Lower edge of bin `i`, `low + i (high - low) / bins`; the upper edge of the last for
    /// `i = bins`.
    pub fn edge(&self, i: usize) -> f64 {
        self.low + i as f64 * (self.high - self.low) / self.counts.len() as f64
    }
}

/// Counts values in `bins` equal bins over `[low, high]`. A value x is in bin
/// `floor((x - low) / (high - low) * bins)`, and x = `high` in the last one.
///
/// # Errors
/// [`Error::OutOfRange`] for no bins or an empty range, [`Error::NotFinite`] for an infinite or
/// NaN value.
pub fn histogram(values: &[f32], low: f64, high: f64, bins: usize) -> Result<Histogram, Error> {
    check_finite("values", values)?;
    if bins == 0 {
        return Err(Error::OutOfRange {
            argument: "bins",
            expected: "at least 1",
            got: 0.0,
        });
    }
    if !(low.is_finite() && high.is_finite() && high > low) {
        let expected = "a finite number above `low`";
        return Err(Error::OutOfRange {
            argument: "high",
            expected,
            got: high,
        });
    }
    let mut histogram = Histogram {
        low,
        high,
        counts: vec![0; bins],
        below: 0,
        above: 0,
    };
    for x in values.iter().map(|&x| f64::from(x)) {
        if x < low {
            histogram.below += 1;
        } else if x > high {
            histogram.above += 1;
        } else {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the share is in [0, 1], so the product is at most `bins`"
            )]
            let bin = ((x - low) / (high - low) * bins as f64) as usize;
            histogram.counts[bin.min(bins - 1)] += 1;
        }
    }
    Ok(histogram)
}
