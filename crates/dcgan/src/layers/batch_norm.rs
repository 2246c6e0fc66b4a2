//! Batch norm, fused with the activation that follows.

use crate::builder::{Builder, Init};
use crate::forward::{Forward, NamedStats};
use crate::{Error, Result};
use candle_core::{Tensor, Var};
use dcgan_kernels::Activation;

/// Added to the variance. Source: `batch_norm(epsilon=1e-5)`, ops.py.
const EPSILON: f64 = 1e-5;

/// Batch norm over all axes but the last, then an activation.
///
/// Equation: `act(gamma·(x - mean)/sqrt(var + 1e-5) + beta)`; in training mode mean and biased
/// variance of the batch, with the gradient through both; in inference mode the moving averages.
/// Shapes: x `[B,..,C]`, gamma and beta `[C]` -> `[B,..,C]`. Source: `batch_norm`, ops.py; Ioffe &
/// Szegedy 2015, <https://arxiv.org/abs/1502.03167>, algorithms 1 and 2.
#[derive(Debug, Clone)]
pub struct BatchNorm {
    name: String,
    gamma: Var,
    beta: Var,
    average_idx: usize,
}

/// Takes `name/beta`, `name/gamma`, `name/moving_mean`, `name/moving_variance`, all `[channels]`,
/// from the builder.
pub(crate) fn batch_norm(
    name: &str,
    channels: usize,
    builder: &mut Builder<'_>,
) -> Result<BatchNorm> {
    Ok(BatchNorm {
        name: builder.full_name(name),
        beta: builder.parameter(&format!("{name}/beta"), &[channels], Init::Constant(0.0))?,
        gamma: builder.parameter(&format!("{name}/gamma"), &[channels], Init::Constant(1.0))?,
        average_idx: builder.moving_average(name, channels)?,
    })
}

impl BatchNorm {
    /// x `[B,..,C]` -> `[B,..,C]` in the mode of the pass; taps `layer/bn` and `layer/act`.
    ///
    /// # Errors
    /// [`Error::BatchTooSmall`] if training mode has one value per channel, [`Error::Layer`] if the
    /// shapes don't fit.
    pub(crate) fn forward(
        &self,
        layer: &str,
        x: &Tensor,
        activation: Activation,
        pass: &mut Forward<'_>,
    ) -> Result<Tensor> {
        let (gamma, beta) = (pass.weights.of(&self.gamma), pass.weights.of(&self.beta));
        let operands = [x, &gamma, &beta];
        if let Some(averages) = pass.averages {
            let average = &averages[self.average_idx];
            let (mean, variance) = (&average.mean, &average.variance);
            return pass
                .backend
                .batch_norm_inference(x, &gamma, &beta, mean, variance, EPSILON, activation)
                .map_err(Error::at(&self.name, &operands));
        }
        if x.elem_count() <= gamma.elem_count() {
            return Err(Error::BatchTooSmall {
                layer: self.name.clone(),
            });
        }
        let backend = pass.backend;
        let (h, stats) = backend
            .batch_norm(x, &gamma, &beta, EPSILON, activation)
            .map_err(Error::at(&self.name, &operands))?;
        pass.stats.0.push(NamedStats {
            name: self.name.clone(),
            stats,
        });
        // The fused operation never holds the plain batch norm; a tap computes it by itself.
        pass.tap(layer, "bn", || {
            let (x, gamma, beta) = (x.detach(), gamma.detach(), beta.detach());
            let plain = backend.batch_norm(&x, &gamma, &beta, EPSILON, Activation::Identity)?;
            Ok(plain.0)
        })?;
        pass.tap(layer, "act", || Ok(h.clone()))?;
        Ok(h)
    }
}
