//! Adam, in TensorFlow's form, with its state in the open.

use crate::parameters::{Arrays, lookup, refuse_unknown};
use crate::tensors::{values, with_values_mut};
use crate::{Backend, Error, Gradients, Parameters, Result};
use candle_core::{Tensor, Var};
pub use dcgan_kernels::AdamConfig;

/// The optimiser of one network.
///
/// Equation, with t counted from 1: `m += (1-beta1)(g-m)`, `v += (1-beta2)(g²-v)`,
/// `lr_t = lr·sqrt(1-beta2^t)/(1-beta1^t)`, `w -= lr_t·m/(sqrt(v)+epsilon)`. Epsilon is added to the
/// plain sqrt(v). Source: Kingma & Ba 2015, <https://arxiv.org/abs/1412.6980>, end of section 2, as
/// TensorFlow's `AdamOptimizer` has it; lr 2e-4 and beta1 0.5: Radford et al. 2016, section 4.
#[derive(Debug)]
pub struct Adam {
    config: AdamConfig,
    backend: Backend,
    share: f32,
    steps: u64,
    moments: Vec<Moments>,
}

/// The two moments of one weight, in its shape and on its device.
#[derive(Debug)]
struct Moments {
    name: String,
    m: Var,
    v: Var,
}

impl Adam {
    /// No step taken, all moments 0.
    ///
    /// # Errors
    /// [`Error::Layer`] if there is no memory for a moment.
    pub fn new(parameters: &Parameters, config: AdamConfig) -> Result<Self> {
        let moments = parameters.iter().map(|parameter| {
            let (name, var) = (parameter.name.clone(), &parameter.var);
            let zeros = || {
                let zeros = Var::zeros(var.shape(), var.dtype(), var.device());
                zeros.map_err(Error::at(&parameter.name, &[var]))
            };
            let (m, v) = (zeros()?, zeros()?);
            Ok(Moments { name, m, v })
        });
        Ok(Self {
            config,
            backend: Backend::default(),
            share: 1.0,
            steps: 0,
            moments: moments.collect::<Result<_>>()?,
        })
    }

    /// The same optimiser with its updates by `backend`.
    #[must_use]
    pub fn with_backend(self, backend: Backend) -> Self {
        Self { backend, ..self }
    }

    /// The state after `steps` steps: both moments of every weight under the weight's own full
    /// name. Names of another network are left alone.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Shape`] or [`Error::Unexpected`] with the weight's name.
    pub fn load(
        parameters: &Parameters,
        config: AdamConfig,
        steps: u64,
        first: &Arrays,
        second: &Arrays,
    ) -> Result<Self> {
        for arrays in [first, second] {
            let known = |name: &str| parameters.get(name).is_some();
            refuse_unknown(arrays, parameters.scope(), known)?;
        }
        let mut adam = Self::new(parameters, config)?;
        adam.steps = steps;
        for Moments { name, m, v } in &adam.moments {
            for (moment, arrays) in [(m, first), (v, second)] {
                let values = lookup(arrays, name, moment.dims())?;
                Tensor::from_slice(values, moment.shape(), moment.device())
                    .and_then(|values| moment.set(&values))
                    .map_err(Error::at(name, &[moment]))?;
            }
        }
        Ok(adam)
    }

    /// From here on updates take `share` of the configured learning rate. It is no part of the
    /// state: whoever resumes says it again.
    pub fn scale_learning_rate(&mut self, share: f32) {
        self.share = share;
    }

    /// One update of all weights in place; returns the L2 norm of the gradient.
    ///
    /// Drop the loss first: the update writes into the tensors that its graph holds.
    ///
    /// Gradients with finite squares keep finite weights finite: both moments are means of what they
    /// were fed, and no update is larger than a bounded multiple of the learning rate. So no weight
    /// need be looked at after it.
    ///
    /// # Errors
    /// [`Error::NonFinite`] names the weight whose gradient, or its square, stopped being finite first
    /// on the way back through the network, and [`Error::NoGradient`] one that has none; then nothing
    /// was changed.
    pub fn step(&mut self, parameters: &Parameters, gradients: &Gradients) -> Result<f32> {
        let norm = gradients.norm(parameters)?;
        // The second moment takes squares, each of which is at most the norm's.
        if !(norm * norm).is_finite()
            && let Some(culprit) = gradients.first_non_finite(parameters)?
        {
            return Err(Error::NonFinite {
                what: "gradient of",
                name: culprit.into(),
            });
        }
        self.steps += 1;
        let config = AdamConfig {
            lr: self.config.lr * self.share,
            ..self.config
        };
        for (parameter, Moments { name, m, v }) in parameters.iter().zip(&self.moments) {
            let (var, steps) = (&parameter.var, self.steps);
            let update = if let Some(gradient) = gradients.of_kernels(parameter) {
                // In place, and without a copy of the gradient.
                with_values_mut(m, |m| {
                    with_values_mut(v, |v| {
                        dcgan_kernels::adam_update_by(var, gradient, m, v, &config, steps)
                    })
                })
                .flatten()
                .flatten()
            } else {
                let gradient = gradients.of(parameter)?;
                let moments = [m, v];
                self.backend
                    .adam_update(var, gradient, moments, &config, steps)
            };
            update.map_err(Error::at(name, &[var]))?;
        }
        Ok(norm)
    }

    /// Steps taken.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Copies of the first and the second moments under the weights' full names.
    ///
    /// # Errors
    /// [`Error::Layer`] if a moment cannot be read.
    pub fn moments(&self) -> Result<(Arrays, Arrays)> {
        let (mut first, mut second) = (Arrays::new(), Arrays::new());
        for Moments { name, m, v } in &self.moments {
            for (arrays, moment) in [(&mut first, m), (&mut second, v)] {
                let array = (moment.dims().to_vec(), values(moment)?);
                arrays.insert(name.clone(), array);
            }
        }
        Ok((first, second))
    }
}
