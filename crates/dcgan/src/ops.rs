//! The operations that layers, losses and the optimiser are built of, and who computes them.

use crate::portable;
use crate::tensors::{with_values, with_values_mut};
use candle_core::{Result, Tensor, Var};
use dcgan_kernels::{Activation, AdamConfig, Geometry};

/// Who computes the operations of a network.
///
/// Both agree with the golden vectors of TensorFlow within the same tolerances, forward and
/// backward; their last bits differ.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Backend {
    /// `dcgan-kernels` for tensors on the CPU, plain candle operations for those on another device.
    #[default]
    Fused,
    /// Plain candle operations on every device, with candle's own gradients. On the CPU several
    /// times as slow.
    Portable,
}

/// The operation by name, of the kernels or of `portable`.
macro_rules! dispatch {
    ($backend:expr, $x:expr, $name:ident($($argument:expr),*)) => {
        if $backend.is_fused($x) {
            dcgan_kernels::$name($($argument),*)
        } else {
            portable::$name($($argument),*)
        }
    };
}

impl Backend {
    /// Whether an operation on `x` is one of `dcgan-kernels`.
    pub(crate) fn is_fused(self, x: &Tensor) -> bool {
        self == Self::Fused && x.device().is_cpu()
    }

    /// `(x|y)·matrix + bias`: x `[B,C]`, y `[B,Y]` or none, matrix `[C+Y,out]`, bias `[out]` to
    /// `[B,out]`.
    ///
    /// # Errors
    /// If the shapes don't fit.
    pub fn linear(
        self,
        x: &Tensor,
        y: Option<&Tensor>,
        matrix: &Tensor,
        bias: &Tensor,
    ) -> Result<Tensor> {
        dispatch!(self, x, linear(x, y, matrix, bias))
    }

    /// Strided convolution: x `[B,H,W,C]`, y `[B,Y]` or none, w `[kh,kw,C+Y,out]`, biases `[out]`
    /// to `[B,h,w,out]`, with the sizes of `geometry`.
    ///
    /// # Errors
    /// If the shapes don't fit.
    pub fn conv2d(
        self,
        x: &Tensor,
        y: Option<&Tensor>,
        w: &Tensor,
        biases: &Tensor,
        geometry: &Geometry,
    ) -> Result<Tensor> {
        dispatch!(self, x, conv2d(x, y, w, biases, geometry))
    }

    /// Transposed convolution, the gradient of [`Self::conv2d`] with respect to its input:
    /// x `[B,h,w,C]`, y `[B,Y]` or none, w `[kh,kw,out,C+Y]`, biases `[out]` to `[B,H,W,out]`.
    ///
    /// # Errors
    /// If the shapes don't fit.
    pub fn conv2d_transpose(
        self,
        x: &Tensor,
        y: Option<&Tensor>,
        w: &Tensor,
        biases: &Tensor,
        geometry: &Geometry,
    ) -> Result<Tensor> {
        dispatch!(self, x, conv2d_transpose(x, y, w, biases, geometry))
    }

    /// Batch norm over all axes but the last with the batch's own mean and biased variance, then
    /// the activation: x `[..,C]`, gamma and beta `[C]` to `[..,C]`, and the mean and the unbiased
    /// variance, `[C]` each, detached. Gradients flow through mean and variance.
    ///
    /// # Errors
    /// If the shapes don't fit.
    pub fn batch_norm(
        self,
        x: &Tensor,
        gamma: &Tensor,
        beta: &Tensor,
        epsilon: f64,
        activation: Activation,
    ) -> Result<(Tensor, [Tensor; 2])> {
        if !self.is_fused(x) {
            return portable::batch_norm(x, gamma, beta, epsilon, activation);
        }
        let (h, stats) = dcgan_kernels::batch_norm(x, gamma, beta, epsilon, activation)?;
        let vector = |values: Vec<f32>| Tensor::from_vec(values, gamma.shape(), x.device());
        Ok((h, [vector(stats.mean)?, vector(stats.variance_unbiased)?]))
    }

    /// Batch norm with given means and variances, then the activation: x `[..,C]`, gamma, beta,
    /// mean and variance `[C]` to `[..,C]`. The kernels compute no gradient of it.
    ///
    /// # Errors
    /// If the shapes don't fit.
    pub fn batch_norm_inference(
        self,
        x: &Tensor,
        [gamma, beta]: [&Tensor; 2],
        [mean, variance]: [&Tensor; 2],
        epsilon: f64,
        activation: Activation,
    ) -> Result<Tensor> {
        if !self.is_fused(x) {
            let (affine, moments) = ([gamma, beta], [mean, variance]);
            return portable::batch_norm_inference(x, affine, moments, epsilon, activation);
        }
        with_values(mean, |mean| {
            with_values(variance, |variance| {
                dcgan_kernels::batch_norm_inference(
                    x, gamma, beta, mean, variance, epsilon, activation,
                )
            })
        })??
    }

    /// `moving -= rate·(moving - batch)` in place, for two tensors of one shape.
    ///
    /// # Errors
    /// If the shapes differ.
    pub fn move_average(self, moving: &Var, batch: &Tensor, rate: f32) -> Result<()> {
        if !self.is_fused(moving) || moving.dims() != batch.dims() {
            return portable::move_average(moving, batch, rate);
        }
        with_values_mut(moving, |moving| {
            with_values(batch, |batch| {
                for (moving, batch) in moving.iter_mut().zip(batch) {
                    *moving -= rate * (*moving - batch);
                }
            })
        })?
    }

    /// The activation of every value.
    ///
    /// # Errors
    /// If the element type is neither `f32` nor `f64`.
    pub fn activate(self, x: &Tensor, activation: Activation) -> Result<Tensor> {
        dispatch!(self, x, activate(x, activation))
    }

    /// The values of `x`, row-major, in another shape of as many.
    ///
    /// # Errors
    /// If the shape has another number of values.
    pub fn reshape(self, x: &Tensor, shape: &[usize]) -> Result<Tensor> {
        dispatch!(self, x, reshape(x, shape))
    }

    /// The mean of `max(l, 0) - l·t + log(1 + exp(-|l|))` over all logits, a scalar.
    ///
    /// # Errors
    /// If there is no logit.
    pub fn bce_with_logits(self, logits: &Tensor, target: f32) -> Result<Tensor> {
        dispatch!(self, logits, bce_with_logits(logits, target))
    }

    /// The sum of two scalars.
    ///
    /// # Errors
    /// If one is no scalar.
    pub fn total_loss(self, a: &Tensor, b: &Tensor) -> Result<Tensor> {
        dispatch!(self, a, total_loss(a, b))
    }

    /// One update of a weight `w` and of its moments `m` and `v`, all of one shape, by its
    /// gradient; `step` counts from 1. See [`Adam`](crate::Adam) for the equation.
    ///
    /// # Errors
    /// If `step` is 0 or the shapes differ.
    pub fn adam_update(
        self,
        w: &Var,
        gradient: &Tensor,
        [m, v]: [&Var; 2],
        config: &AdamConfig,
        step: u64,
    ) -> Result<()> {
        if self.is_fused(w) {
            with_values_mut(m, |m| {
                with_values_mut(v, |v| {
                    dcgan_kernels::adam_update(w, gradient, m, v, config, step)
                })
            })??
        } else {
            portable::adam_update(w, gradient, [m, v], config, step)
        }
    }
}
