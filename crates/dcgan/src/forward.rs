//! The state of one pass through a network.

use crate::layers::{BatchNorm, Compute};
use crate::{Error, PassStats, Result, Taps};
use candle_core::Tensor;
use dcgan_kernels::Activation;

/// The state that a pass carries from layer to layer.
pub(crate) struct Forward<'a> {
    /// How the layers compute.
    pub(crate) compute: Compute,
    /// Whether batch norm uses the batch; if not, the moving averages.
    pub(crate) training: bool,
    /// Collected by batch norm in training mode.
    pub(crate) stats: PassStats,
    /// Where activations are stored, if the caller wants them.
    pub(crate) taps: Option<&'a mut Taps>,
}

impl Forward<'_> {
    /// Batch norm in the mode of the pass; taps `layer/bn`.
    pub(crate) fn normalise(
        &mut self,
        norm: &BatchNorm,
        layer: &str,
        x: &Tensor,
        activation: Activation,
    ) -> Result<Tensor> {
        if !self.training {
            return norm.infer(x, activation, self.compute);
        }
        let (h, stats) = norm.train(x, activation, self.compute)?;
        self.stats.0.push(stats);
        // The fused operation never stores the plain batch norm; a tap computes it separately.
        if self.taps.is_some() {
            let (plain, _) = norm.train(&x.detach(), Activation::Identity, self.compute)?;
            self.tap(layer, "bn", || Ok(plain))?;
        }
        Ok(h)
    }

    /// Stores the result of `tensor` as `layer/what`, if the caller wants taps.
    pub(crate) fn tap(
        &mut self,
        layer: &str,
        what: &str,
        tensor: impl FnOnce() -> candle_core::Result<Tensor>,
    ) -> Result<()> {
        if let Some(taps) = &mut self.taps {
            let name = format!("{layer}/{what}");
            let tensor = tensor().map_err(Error::at(&name, &[]))?.detach();
            taps.insert(name, tensor);
        }
        Ok(())
    }
}
