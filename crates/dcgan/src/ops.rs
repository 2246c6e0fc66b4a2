//! The operations that layers, losses and the optimiser are built of, and what computes them.

use crate::portable;
use crate::tensors::{with_values, with_values_mut};
use candle_core::{Result, Tensor, Var};
use dcgan_kernels::{Activation, AdamConfig, Geometry, KernelOptions, Kernels, Precision};

/// What computes the operations of a network.
///
/// Both agree with the golden vectors of TensorFlow within the same tolerances, forward and
/// backward; their last bits differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Backend {
    /// These kernels of `dcgan-kernels` for tensors on the CPU, plain candle operations for those
    /// on another device. The default, with [`Kernels::Auto`].
    Fused(Kernels),
    /// Plain candle operations on every device, with candle's own gradients. On the CPU several
    /// times as slow.
    Portable,
}

impl Default for Backend {
    fn default() -> Self {
        Self::Fused(Kernels::Auto)
    }
}

impl Backend {
    /// The backend with that name: `portable`, or [`Kernels::name`] of a fused one.
    ///
    /// ```
    /// use dcgan::{Backend, Kernels};
    ///
    /// assert_eq!(Backend::named("direct"), Some(Backend::Fused(Kernels::Direct)));
    /// assert_eq!(Backend::named("portable"), Some(Backend::Portable));
    /// assert_eq!(Backend::named("fastest"), None);
    /// ```
    pub fn named(name: &str) -> Option<Self> {
        if name == "portable" {
            return Some(Self::Portable);
        }
        let mut all = Kernels::ALL.into_iter();
        all.find(|kernels| kernels.name() == name).map(Self::Fused)
    }

    /// The kernels of a fused backend, and the default ones for a portable backend.
    pub fn kernels(self) -> Kernels {
        match self {
            Self::Fused(kernels) => kernels,
            Self::Portable => Kernels::default(),
        }
    }

    /// The kernels for an operation on `x`; `None` means `portable`.
    fn on(self, x: &Tensor) -> Option<Kernels> {
        match self {
            Self::Fused(kernels) if x.device().is_cpu() => Some(kernels),
            _ => None,
        }
    }

    /// The options of a layer's operation on `x`; `None` means `portable`.
    fn options(self, x: &Tensor, precision: Precision) -> Option<KernelOptions> {
        self.on(x)
            .map(|kernels| KernelOptions { kernels, precision })
    }

    /// `(x|y)·matrix + bias`: x `[B,C]`, y `[B,Y]` or none, matrix `[C+Y,out]`, bias `[out]` to
    /// `[B,out]`. Plain candle operations are always in float32.
    ///
    /// # Errors
    /// If the shapes don't fit.
    pub fn linear(
        self,
        x: &Tensor,
        y: Option<&Tensor>,
        matrix: &Tensor,
        bias: &Tensor,
        precision: Precision,
    ) -> Result<Tensor> {
        match self.options(x, precision) {
            Some(options) => dcgan_kernels::linear(x, y, matrix, bias, options),
            None => portable::linear(x, y, matrix, bias),
        }
    }

    /// Strided convolution: x `[B,H,W,C]`, y `[B,Y]` or none, w `[kh,kw,C+Y,out]`, biases `[out]`
    /// to `[B,h,w,out]`, with the sizes of `geometry`. Precision as in [`Self::linear`].
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
        precision: Precision,
    ) -> Result<Tensor> {
        match self.options(x, precision) {
            Some(options) => dcgan_kernels::conv2d(x, y, w, biases, geometry, options),
            None => portable::conv2d(x, y, w, biases, geometry),
        }
    }

    /// Transposed convolution, the gradient of [`Self::conv2d`] with respect to its input:
    /// x `[B,h,w,C]`, y `[B,Y]` or none, w `[kh,kw,out,C+Y]`, biases `[out]` to `[B,H,W,out]`.
    /// Precision as in [`Self::linear`].
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
        precision: Precision,
    ) -> Result<Tensor> {
        match self.options(x, precision) {
            Some(options) => dcgan_kernels::conv2d_transpose(x, y, w, biases, geometry, options),
            None => portable::conv2d_transpose(x, y, w, biases, geometry),
        }
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
        let Some(kernels) = self.on(x) else {
            return portable::batch_norm(x, gamma, beta, epsilon, activation);
        };
        let (h, stats) = dcgan_kernels::batch_norm(x, gamma, beta, epsilon, activation, kernels)?;
        let vector = |values: Vec<f32>| Tensor::from_vec(values, gamma.shape(), x.device());
        Ok((h, [vector(stats.mean)?, vector(stats.variance_unbiased)?]))
    }

    /// Batch norm with given means and variances, then the activation: x `[..,C]`, gamma and beta,
    /// mean and variance `[C]` to `[..,C]`. The kernels compute no gradient of it.
    ///
    /// # Errors
    /// If the shapes don't fit.
    pub fn batch_norm_inference(
        self,
        x: &Tensor,
        affine: [&Tensor; 2],
        [mean, variance]: [&Tensor; 2],
        epsilon: f64,
        activation: Activation,
    ) -> Result<Tensor> {
        let Some(kernels) = self.on(x) else {
            let moments = [mean, variance];
            return portable::batch_norm_inference(x, affine, moments, epsilon, activation);
        };
        with_values(mean, |mean| {
            with_values(variance, |variance| {
                let moments = [mean, variance];
                dcgan_kernels::batch_norm_inference(
                    x, affine, moments, epsilon, activation, kernels,
                )
            })
        })??
    }

    /// `moving -= rate·(moving - batch)` in place, for two tensors of one shape.
    ///
    /// # Errors
    /// If the shapes differ.
    pub fn move_average(self, moving: &Var, batch: &Tensor, rate: f32) -> Result<()> {
        if self.on(moving).is_none() || moving.dims() != batch.dims() {
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
        match self.on(x) {
            Some(_) => dcgan_kernels::activate(x, activation),
            None => portable::activate(x, activation),
        }
    }

    /// The values of `x`, row-major, in another shape with the same number of values.
    ///
    /// # Errors
    /// If the shape has another number of values.
    pub fn reshape(self, x: &Tensor, shape: &[usize]) -> Result<Tensor> {
        match self.on(x) {
            Some(_) => dcgan_kernels::reshape(x, shape),
            None => portable::reshape(x, shape),
        }
    }

    /// The mean of `max(l, 0) - l·t + log(1 + exp(-|l|))` over all logits, a scalar.
    ///
    /// # Errors
    /// If there is no logit.
    pub fn bce_with_logits(self, logits: &Tensor, target: f32) -> Result<Tensor> {
        match self.on(logits) {
            Some(_) => dcgan_kernels::bce_with_logits(logits, target),
            None => portable::bce_with_logits(logits, target),
        }
    }

    /// The sum of two scalars.
    ///
    /// # Errors
    /// If one is not a scalar.
    pub fn total_loss(self, a: &Tensor, b: &Tensor) -> Result<Tensor> {
        match self.on(a) {
            Some(_) => dcgan_kernels::total_loss(a, b),
            None => portable::total_loss(a, b),
        }
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
        let Some(kernels) = self.on(w) else {
            return portable::adam_update(w, gradient, [m, v], config, step);
        };
        with_values_mut(m, |m| {
            with_values_mut(v, |v| {
                dcgan_kernels::adam_update(w, gradient, m, v, config, step, kernels)
            })
        })??
    }
}
