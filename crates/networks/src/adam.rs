//! Adam, in TensorFlow's form, with its state in the open.

use crate::parameters::{Arrays, lookup, refuse_unknown};
use crate::{Error, Gradients, Parameters, Result};
pub use dcgan_kernels::AdamConfig;

/// The optimiser of one network.
///
/// Equation, with t counted from 1: `m += (1-beta1)(g-m)`, `v += (1-beta2)(g²-v)`,
/// `lr_t = lr·sqrt(1-beta2^t)/(1-beta1^t)`, `w -= lr_t·m/(sqrt(v)+epsilon)`. Epsilon is added to the
/// plain sqrt(v). Source: Kingma & Ba 2015, <https://arxiv.org/abs/1412.6980>, end of section 2, as
/// TensorFlow's `AdamOptimizer` has it; lr 2e-4 and beta1 0.5: Radford et al. 2016, section 4.
#[derive(Debug, Clone)]
pub struct Adam {
    config: AdamConfig,
    share: f32,
    steps: u64,
    moments: Vec<Moments>,
}

/// The two moments of one weight, in its layout.
#[derive(Debug, Clone)]
struct Moments {
    name: String,
    shape: Vec<usize>,
    m: Vec<f32>,
    v: Vec<f32>,
}

impl Adam {
    /// No step taken, all moments 0.
    pub fn new(parameters: &Parameters, config: AdamConfig) -> Self {
        let moments = parameters.iter().map(|parameter| {
            let n_values = parameter.var.elem_count();
            Moments {
                name: parameter.name.clone(),
                shape: parameter.var.dims().to_vec(),
                m: vec![0.0; n_values],
                v: vec![0.0; n_values],
            }
        });
        Self {
            config,
            share: 1.0,
            steps: 0,
            moments: moments.collect(),
        }
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
        let mut adam = Self::new(parameters, config);
        adam.steps = steps;
        for Moments { name, shape, m, v } in &mut adam.moments {
            m.copy_from_slice(lookup(first, name, shape)?);
            v.copy_from_slice(lookup(second, name, shape)?);
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
        for (parameter, moments) in parameters.iter().zip(&mut self.moments) {
            let Moments { name, m, v, .. } = moments;
            let (var, config, steps) = (&parameter.var, &config, self.steps);
            gradients
                .read(parameter, |gradient| {
                    dcgan_kernels::adam_update_by(var, gradient, m, v, config, steps)
                })?
                .map_err(Error::at(name, &[var]))?;
        }
        Ok(norm)
    }

    /// Steps taken.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Copies of the first and the second moments under the weights' full names.
    pub fn moments(&self) -> (Arrays, Arrays) {
        let array = |moments: &Moments, values: &[f32]| {
            (
                moments.name.clone(),
                (moments.shape.clone(), values.to_vec()),
            )
        };
        (
            self.moments
                .iter()
                .map(|moments| array(moments, &moments.m))
                .collect(),
            self.moments
                .iter()
                .map(|moments| array(moments, &moments.v))
                .collect(),
        )
    }
}
