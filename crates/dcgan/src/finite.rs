//! Refuses losses and batch statistics that are NaN or infinite.

use crate::{Error, PassStats, Result, scalar};
use candle_core::Tensor;

pub(crate) const LOSS: &str = "loss";
pub(crate) const STATISTICS: &str = "mean or variance of";

/// The value of a loss; fails unless it is finite.
pub(crate) fn finite(name: &str, loss: &Tensor) -> Result<f32> {
    let value = scalar(loss)?;
    if value.is_finite() {
        return Ok(value);
    }
    Err(Error::NonFinite {
        what: LOSS,
        name: name.into(),
    })
}

/// Refuses batch statistics that are not finite: an infinite variance turns all that follows into
/// zeros, and no loss would show it.
pub(crate) fn check_stats(stats: &PassStats) -> Result<()> {
    match stats.first_non_finite()? {
        None => Ok(()),
        Some(name) => Err(Error::NonFinite {
            what: STATISTICS,
            name: name.into(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn a_loss_that_is_no_finite_number_is_named() {
        let loss = |value: f32| Tensor::new(value, &Device::Cpu).expect("a scalar");
        assert!(finite("g_loss", &loss(0.5)).is_ok());
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let refused = finite("g_loss", &loss(value)).expect_err("no number");
            assert!(refused.to_string().contains("g_loss"), "{refused}");
        }
    }
}
