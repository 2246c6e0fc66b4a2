//! One pass through a network: what it gives, and what travels with it from layer to layer.

use crate::{Backend, Error, MovingAverage, Precision, Result, Weights};
use candle_core::Tensor;
use dcgan_kernels::BatchStats;
use std::collections::BTreeMap;

/// The result of one training-mode pass.
#[derive(Debug, Clone)]
pub struct Pass {
    /// Generator: images `[B,H,W,C]`. Discriminator: logits `[B,1]`. The output still carries its
    /// graph: a discriminator update sees `output.detach()`, the first generator update that
    /// follows on the same z continues from `output` itself.
    pub output: Tensor,
    /// The batch statistics that the moving averages are fed, once for each time the original
    /// would have run this pass.
    pub stats: PassStats,
}

/// The batch statistics of one batch norm in one pass.
#[derive(Debug, Clone)]
pub struct NamedStats {
    /// Full name of the batch norm, such as `generator/g_bn0`.
    pub name: String,
    /// Mean and unbiased variance over the batch, one value per channel.
    pub stats: BatchStats,
}

/// The batch statistics of one pass, in the order of the layers.
#[derive(Debug, Clone, Default)]
pub struct PassStats(pub Vec<NamedStats>);

impl PassStats {
    /// The statistics of the batch norm of that full name.
    pub fn get(&self, name: &str) -> Option<&BatchStats> {
        self.0
            .iter()
            .find(|entry| entry.name == name)
            .map(|entry| &entry.stats)
    }

    /// The name of the first batch norm, in the order of the layers, of which a statistic is infinite
    /// or a NaN.
    pub fn first_non_finite(&self) -> Option<&str> {
        let finite = |values: &[f32]| values.iter().all(|value| value.is_finite());
        let sound = |stats: &BatchStats| finite(&stats.mean) && finite(&stats.variance_unbiased);
        let entry = self.0.iter().find(|entry| !sound(&entry.stats))?;
        Some(&entry.name)
    }
}

/// Activations of one pass by `layer/what`, such as `g_h0/pre`: `pre` is a layer's output with its
/// bias, `bn` what batch norm makes of it, `act` what the (Leaky)ReLU makes of that, `cat` the
/// same with y joined.
///
/// Detached copies: taps keep no graph alive.
pub type Taps = BTreeMap<String, Tensor>;

/// What travels through the layers of one pass.
pub(crate) struct Forward<'a> {
    /// Whether the weights are part of the graph.
    pub(crate) weights: Weights,
    /// Who computes the operations.
    pub(crate) backend: Backend,
    /// The precision of the layers' products.
    pub(crate) precision: Precision,
    /// Inference: batch norm uses these. Training: `None`, batch norm uses the batch.
    pub(crate) averages: Option<&'a [MovingAverage]>,
    /// Collected by batch norm in training mode.
    pub(crate) stats: PassStats,
    taps: Option<&'a mut Taps>,
}

impl<'a> Forward<'a> {
    /// A training-mode pass.
    pub(crate) fn training(
        weights: Weights,
        backend: Backend,
        precision: Precision,
        taps: Option<&'a mut Taps>,
    ) -> Self {
        Self {
            weights,
            backend,
            precision,
            averages: None,
            stats: PassStats::default(),
            taps,
        }
    }

    /// An inference pass: weights are constants, batch norm uses the moving averages, products are in
    /// float32.
    pub(crate) fn inference(backend: Backend, averages: &'a [MovingAverage]) -> Self {
        Self {
            weights: Weights::Frozen,
            backend,
            precision: Precision::F32,
            averages: Some(averages),
            stats: PassStats::default(),
            taps: None,
        }
    }

    /// Keeps what `tensor` gives as `layer/what`, if anybody asked for taps.
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
