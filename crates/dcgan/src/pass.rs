//! The result of one pass through a network.

use crate::Result;
use crate::tensors::first_non_finite;
use candle_core::Tensor;
use std::collections::BTreeMap;

/// The result of one training-mode pass.
#[derive(Debug, Clone)]
pub struct Pass {
    /// Generator: images `[B,H,W,C]`. Discriminator: logits `[B,1]`. The output still carries its
    /// graph: a discriminator update sees `output.detach()`, the first generator update that
    /// follows on the same z continues from `output` itself.
    pub output: Tensor,
    /// The batch statistics for the moving averages, to be fed once for each time that the original
    /// would have run this pass.
    pub stats: PassStats,
}

/// The batch statistics of one batch norm in one pass.
#[derive(Debug, Clone)]
pub struct NamedStats {
    /// Full name of the batch norm, such as `generator/g_bn0`.
    pub name: String,
    /// Mean over the batch, `[C]`.
    pub mean: Tensor,
    /// Variance over the batch times N/(N-1) for N values per channel, `[C]`.
    pub variance_unbiased: Tensor,
}

/// The batch statistics of one pass, in the order of the layers.
#[derive(Debug, Clone, Default)]
pub struct PassStats(pub Vec<NamedStats>);

impl PassStats {
    /// The statistics of the batch norm of that full name.
    pub fn get(&self, name: &str) -> Option<&NamedStats> {
        self.0.iter().find(|entry| entry.name == name)
    }

    /// The name of the first batch norm, in the order of the layers, with a statistic that is
    /// infinite or a NaN.
    ///
    /// # Errors
    /// [`Error::Layer`](crate::Error::Layer) if a statistic cannot be read.
    pub fn first_non_finite(&self) -> Result<Option<&str>> {
        first_non_finite(self.0.iter().flat_map(|entry| {
            let name = entry.name.as_str();
            [(name, &entry.mean), (name, &entry.variance_unbiased)]
        }))
    }
}

/// Activations of one pass by `layer/what`, such as `g_h0/pre`: `pre` is a layer's output with its
/// bias, `bn` the result of batch norm, `act` the result of the activation, `cat` the same with y
/// joined.
///
/// Detached copies: taps keep no graph alive.
pub type Taps = BTreeMap<String, Tensor>;
