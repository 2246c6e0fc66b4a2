//! Batch norm, fused with the activation that follows.

use super::{Compute, layer_name, take};
use crate::{Backend, Error, NamedStats, Result};
use candle_core::{ModuleT, Tensor, Var};
use candle_nn::VarBuilder;
use candle_nn::init::{ONE, ZERO};
use dcgan_kernels::Activation;

/// Added to the variance. Source: `batch_norm(epsilon=1e-5)`, ops.py.
const EPSILON: f64 = 1e-5;

/// Share of the batch in each move of the averages: 1 - 0.9, rounded once to float32. Source:
/// `batch_norm(decay=0.9)`, ops.py.
const RATE: f32 = 0.1;

/// Batch norm over all axes but the last, then an activation.
///
/// Equation: `act(gamma·(x - mean)/sqrt(var + 1e-5) + beta)`; in training mode mean and biased
/// variance of the batch, with the gradient through both; in inference mode the moving averages.
/// [`BatchNorm::feed`] moves these, `moving -= 0.1·(moving - batch)`, without debiasing, the
/// variance towards the unbiased one. Shapes: x `[B,..,C]`, gamma and beta `[C]` -> `[B,..,C]`.
/// Source: `batch_norm`, ops.py; `assign_moving_average` of TensorFlow; Ioffe & Szegedy 2015,
/// <https://arxiv.org/abs/1502.03167>, algorithms 1 and 2.
#[derive(Debug, Clone)]
pub struct BatchNorm {
    name: String,
    beta: Var,
    gamma: Var,
    moving_mean: Var,
    moving_variance: Var,
}

impl BatchNorm {
    /// Takes `beta`, `gamma`, `moving_mean` and `moving_variance`, all `[channels]`, from `vb`.
    ///
    /// # Errors
    /// [`Error::Missing`] or [`Error::Shape`] with the array's name.
    pub fn new(channels: usize, vb: &VarBuilder<'_>) -> Result<Self> {
        let vector = |name, init| take(vb, name, &[channels], init);
        Ok(Self {
            name: layer_name(vb),
            beta: vector("beta", ZERO)?,
            gamma: vector("gamma", ONE)?,
            moving_mean: vector("moving_mean", ZERO)?,
            moving_variance: vector("moving_variance", ONE)?,
        })
    }

    /// x `[B,..,C]` -> `[B,..,C]` with the batch's own statistics, and these. Feeds no average: see
    /// [`Self::feed`].
    ///
    /// # Errors
    /// [`Error::BatchTooSmall`] for one value per channel, [`Error::Layer`] if the shapes don't
    /// fit.
    pub fn train(
        &self,
        x: &Tensor,
        activation: Activation,
        compute: Compute,
    ) -> Result<(Tensor, NamedStats)> {
        let (gamma, beta) = (compute.see(&self.gamma), compute.see(&self.beta));
        if x.elem_count() <= gamma.elem_count() {
            return Err(Error::BatchTooSmall {
                layer: self.name.clone(),
            });
        }
        let (h, [mean, variance_unbiased]) = compute
            .backend
            .batch_norm(x, &gamma, &beta, EPSILON, activation)
            .map_err(Error::at(&self.name, &[x, &gamma, &beta]))?;
        let stats = NamedStats {
            name: self.name.clone(),
            mean,
            variance_unbiased,
        };
        Ok((h, stats))
    }

    /// x `[B,..,C]` -> `[B,..,C]` with the moving averages.
    ///
    /// # Errors
    /// [`Error::Layer`] if the shapes don't fit.
    pub fn infer(&self, x: &Tensor, activation: Activation, compute: Compute) -> Result<Tensor> {
        let (gamma, beta) = (compute.see(&self.gamma), compute.see(&self.beta));
        let (mean, variance) = (&self.moving_mean, &self.moving_variance);
        let h = compute.backend.batch_norm_inference(
            x,
            [&gamma, &beta],
            [mean, variance].map(|average| average as &Tensor),
            EPSILON,
            activation,
        );
        h.map_err(Error::at(&self.name, &[x, &gamma, &beta]))
    }

    /// Moves both averages by the statistics of one batch.
    ///
    /// # Errors
    /// [`Error::Layer`] if the shapes don't fit.
    pub fn feed(&self, batch: &NamedStats, backend: Backend) -> Result<()> {
        for (moving, batch) in [
            (&self.moving_mean, &batch.mean),
            (&self.moving_variance, &batch.variance_unbiased),
        ] {
            let moved = backend.move_average(moving, batch, RATE);
            moved.map_err(Error::at(&self.name, &[moving, batch]))?;
        }
        Ok(())
    }

    /// Full name, such as `generator/g_bn0`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The trained weights by name, in their order.
    pub fn weights(&self) -> [(&'static str, &Var); 2] {
        [("beta", &self.beta), ("gamma", &self.gamma)]
    }

    /// The moving averages by name, in their order.
    pub fn averages(&self) -> [(&'static str, &Var); 2] {
        [
            ("moving_mean", &self.moving_mean),
            ("moving_variance", &self.moving_variance),
        ]
    }

    /// Inference mode as `[scale, mean, beta]` of `(x - mean)·scale + beta`.
    pub(crate) fn scales(&self) -> Result<[Tensor; 3]> {
        let [gamma, beta, mean, variance] = [
            &self.gamma,
            &self.beta,
            &self.moving_mean,
            &self.moving_variance,
        ]
        .map(Var::as_detached_tensor);
        let deviation = (variance + EPSILON).and_then(|variance| variance.sqrt());
        let scale = deviation.and_then(|deviation| gamma / deviation);
        Ok([scale.map_err(Error::at(&self.name, &[]))?, mean, beta])
    }
}

/// Without an activation; training mode feeds the averages once.
impl ModuleT for BatchNorm {
    fn forward_t(&self, x: &Tensor, train: bool) -> candle_core::Result<Tensor> {
        let compute = Compute::default();
        if !train {
            return Ok(self.infer(x, Activation::Identity, compute)?);
        }
        let (h, stats) = self.train(x, Activation::Identity, compute)?;
        self.feed(&stats, compute.backend)?;
        Ok(h)
    }
}
