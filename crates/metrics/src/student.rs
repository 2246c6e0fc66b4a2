//! Student's distribution: two-sided probability and quantile.

use libm::{exp, lgamma, log};

/// Maximum number of terms of the continued fraction; it converges much earlier.
const TERMS: u32 = 10_000;
/// Bisection steps for a quantile: more than an `f64` has bits.
const HALVINGS: u32 = 64;

/// The probability that Student's t with these degrees of freedom is at least as far from 0 as `t`.
pub(crate) fn two_sided(t: f64, degrees: f64) -> f64 {
    incomplete_beta(degrees / 2.0, 0.5, degrees / (degrees + t * t))
}

/// The quantile at 0.975, where [`two_sided`] is 0.05; for at least 1 degree of freedom.
pub(crate) fn quantile(degrees: f64) -> f64 {
    // 1.96 for a normal distribution, 12.71 for 1 degree of freedom.
    let (mut low, mut high) = (1.9, 13.0);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if two_sided(middle, degrees) > 0.05 {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// The regularised incomplete beta function `I_x(a, b)`, x in `[0, 1]`: the continued fraction
/// 8.17.22 of the NIST Handbook of Mathematical Functions, for x or 1 - x, whichever converges
/// faster.
fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(b, a, 1.0 - x);
    }
    let scale = lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1.0 - x);
    exp(scale) / (a * fraction(a, b, x))
}

/// `1 + d1/(1 + d2/(1 + ...))`, by Lentz's method.
fn fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let (mut result, mut c, mut d) = (1.0, 1.0, 0.0);
    for i in 1..TERMS {
        let m = f64::from(i / 2);
        let term = if i % 2 == 0 {
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        } else {
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        };
        d = 1.0 / away_from_zero(1.0 + term * d);
        c = away_from_zero(1.0 + term / c);
        result *= c * d;
        if (c * d - 1.0).abs() < 1e-15 {
            break;
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (degrees, expected) in [
            (1.0, 12.706_204_736),
            (4.0, 2.776_445_105),
            (9.0, 2.262_157_163),
            (19.0, 2.093_024_054),
            (1e6, 1.959_966_0),
        ] {
            let got = quantile(degrees);
            assert!((got - expected).abs() < 1e-6, "{degrees}: {got}");
        }
    }
}
