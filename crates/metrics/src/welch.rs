//! Welch's t-test.

use crate::error::{Error, check_count};
use crate::student::two_sided;

/// Result of Welch's t-test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Welch {
    /// Mean of the first sample minus mean of the second.
    pub difference: f64,
    /// The difference in units of its standard error; infinite for unequal samples without spread.
    pub t: f64,
    /// Degrees of freedom.
    pub degrees: f64,
    /// Probability of a difference at least as great, in either direction, if the means were equal.
    pub p: f64,
}

/// Welch's two-sided t-test of equal means, which does not require equal variances:
/// `t = (m1 - m2) / sqrt(s1^2/n1 + s2^2/n2)` with the degrees of freedom of Welch and
/// Satterthwaite. Welch, "The generalization of Student's problem when several different population
/// variances are involved" (1947).
///
/// # Errors
/// [`Error::TooFew`] for fewer than two values in a sample.
pub fn welch(a: &[f64], b: &[f64]) -> Result<Welch, Error> {
    check_count("a", a.len(), 2)?;
    check_count("b", b.len(), 2)?;
    let (mean_a, error_a) = moments(a);
    let (mean_b, error_b) = moments(b);
    let (difference, error) = (mean_a - mean_b, error_a + error_b);
    if error == 0.0 {
        let is_equal = difference == 0.0;
        return Ok(Welch {
            difference,
            t: if is_equal {
                0.0
            } else {
                f64::INFINITY.copysign(difference)
            },
            degrees: (a.len() + b.len() - 2) as f64,
            p: if is_equal { 1.0 } else { 0.0 },
        });
    }
    let t = difference / error.sqrt();
    let share = |error: f64, n: usize| error * error / (n as f64 - 1.0);
    let degrees = error * error / (share(error_a, a.len()) + share(error_b, b.len()));
    Ok(Welch {
        difference,
        t,
        degrees,
        p: two_sided(t, degrees),
    })
}

/// Mean, and variance (divisor n - 1) divided by n.
fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    (mean, squares / (n - 1.0) / n)
}
