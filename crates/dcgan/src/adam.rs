//! Adam, in TensorFlow's form, with access to its state.

use crate::parameters::{Arrays, lookup, refuse_unknown};
use crate::tensors::{values, with_values_mut};
use crate::{Backend, Error, LossGradients, Parameter, Parameters, Result, gradients};
use candle_core::backprop::GradStore;
use candle_core::{Tensor, Var};
use candle_nn::Optimizer;
pub use dcgan_kernels::AdamConfig;

/// The optimiser of one network.
///
/// Equation, with t counted from 1: `m += (1-beta1)(g-m)`, `v += (1-beta2)(g²-v)`,
/// `lr_t = lr·sqrt(1-beta2^t)/(1-beta1^t)`, `w -= lr_t·m/(sqrt(v)+epsilon)`. Epsilon is added to
/// the plain sqrt(v). Source: Kingma & Ba 2015, <https://arxiv.org/abs/1412.6980>, end of section
/// 2, as in TensorFlow's `AdamOptimizer`; lr 2e-4 and beta1 0.5: Radford et al. 2016, section 4.
///
/// It is a [`candle_nn::Optimizer`] of any float32 variables, too:
///
/// ```
/// use candle_core::{Device, Var};
/// use candle_nn::Optimizer;
/// use dcgan::{Adam, AdamConfig};
///
/// let w = Var::new(&[1.0_f32, -2.0], &Device::Cpu)?;
/// let mut adam = Adam::new(vec![w.clone()], AdamConfig { lr: 0.1, ..AdamConfig::default() })?;
/// adam.backward_step(&w.sqr()?.sum_all()?)?;
/// // The first step is as long as the learning rate, whatever the gradient.
/// let moved = w.to_vec1::<f32>()?;
/// assert!((moved[0] - 0.9).abs() < 1e-6 && (moved[1] + 1.9).abs() < 1e-6);
/// # Ok::<(), candle_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Adam {
    config: AdamConfig,
    backend: Backend,
    share: f32,
    steps: u64,
    parameters: Parameters,
    moments: Vec<Moments>,
}

/// The two moments of one weight, in its shape and on its device.
#[derive(Debug)]
struct Moments {
    m: Var,
    v: Var,
}

impl Moments {
    fn zeros(weight: &Parameter) -> Result<Self> {
        let Parameter { name, var } = weight;
        let zeros = || {
            let zeros = Var::zeros(var.shape(), var.dtype(), var.device());
            zeros.map_err(Error::at(name, &[var]))
        };
        Ok(Self {
            m: zeros()?,
            v: zeros()?,
        })
    }
}

impl Adam {
    /// The optimiser of a network's parameters: no step taken, all moments 0.
    ///
    /// # Errors
    /// [`Error::Layer`] if there is no memory for a moment.
    pub fn of(parameters: &Parameters, config: AdamConfig) -> Result<Self> {
        let moments = parameters.iter().map(Moments::zeros);
        Ok(Self {
            config,
            backend: Backend::default(),
            share: 1.0,
            steps: 0,
            moments: moments.collect::<Result<_>>()?,
            parameters: parameters.clone(),
        })
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
        let mut adam = Self::of(parameters, config)?;
        adam.steps = steps;
        for (Parameter { name, .. }, Moments { m, v }) in adam.parameters.iter().zip(&adam.moments)
        {
            for (moment, arrays) in [(m, first), (v, second)] {
                let values = lookup(arrays, name, moment.dims())?;
                Tensor::from_slice(values, moment.shape(), moment.device())
                    .and_then(|values| moment.set(&values))
                    .map_err(Error::at(name, &[moment]))?;
            }
        }
        Ok(adam)
    }

    /// This optimiser with its updates by `backend`.
    #[must_use]
    pub fn with_backend(self, backend: Backend) -> Self {
        Self { backend, ..self }
    }

    /// From now on updates use `share` of the configured learning rate. It is not part of the
    /// state: a resumed run must set it again.
    pub fn scale_learning_rate(&mut self, share: f32) {
        self.share = share;
    }

    /// One update of all weights in place; returns the L2 norm of the gradient.
    ///
    /// Drop the loss first: the update writes into the tensors that its graph holds.
    ///
    /// Gradients with finite squares keep finite weights finite: both moments are means of finite
    /// values, and no update is larger than a bounded multiple of the learning rate. So weights
    /// need no check after it.
    ///
    /// # Errors
    /// [`Error::NonFinite`] names the weight whose gradient, or its square, stopped being finite
    /// first on the way back through the network, and [`Error::NoGradient`] one that has none; then
    /// nothing was changed.
    pub fn update(&mut self, gradients: &LossGradients) -> Result<f32> {
        let norm = gradients.norm(&self.parameters)?;
        // The second moment is a mean of squares, each at most the norm's.
        if !(norm * norm).is_finite()
            && let Some(culprit) = gradients.first_non_finite(&self.parameters)?
        {
            return Err(Error::NonFinite {
                what: "gradient of",
                name: culprit.into(),
            });
        }
        self.update_by(gradients)?;
        Ok(norm)
    }

    /// [`Self::update`] without a look at the gradients; a weight without one stays as it is.
    fn update_by(&mut self, gradients: &LossGradients) -> Result<()> {
        self.steps += 1;
        let (config, steps) = (self.current(), self.steps);
        let kernels = self.backend.kernels();
        for (weight, Moments { m, v }) in self.parameters.iter().zip(&self.moments) {
            let var = &weight.var;
            let update = if let Some(gradient) = gradients.of_kernels(weight) {
                // In place, and without a copy of the gradient.
                with_values_mut(m, |m| {
                    with_values_mut(v, |v| {
                        dcgan_kernels::adam_update_by(var, gradient, m, v, &config, steps, kernels)
                    })
                })
                .flatten()
                .flatten()
            } else if let Some(gradient) = gradients.get(var) {
                let moments = [m, v];
                self.backend
                    .adam_update(var, gradient, moments, &config, steps)
            } else {
                Ok(())
            };
            update.map_err(Error::at(&weight.name, &[var]))?;
        }
        Ok(())
    }

    fn current(&self) -> AdamConfig {
        AdamConfig {
            lr: self.config.lr * self.share,
            ..self.config
        }
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
        for (Parameter { name, .. }, Moments { m, v }) in self.parameters.iter().zip(&self.moments)
        {
            for (arrays, moment) in [(&mut first, m), (&mut second, v)] {
                let array = (moment.dims().to_vec(), values(moment)?);
                arrays.insert(name.clone(), array);
            }
        }
        Ok((first, second))
    }
}

/// As candle's optimisers do, it leaves a variable without a gradient as it is and looks at no
/// number.
impl Optimizer for Adam {
    type Config = AdamConfig;

    fn new(vars: Vec<Var>, config: AdamConfig) -> candle_core::Result<Self> {
        let weight = |(number, var): (usize, Var)| Parameter {
            name: number.to_string(),
            var,
        };
        let weights = vars.into_iter().enumerate().map(weight);
        Ok(Self::of(&Parameters::new("", weights.collect()), config)?)
    }

    fn step(&mut self, gradients: &GradStore) -> candle_core::Result<()> {
        self.steps += 1;
        let (config, steps) = (self.current(), self.steps);
        for (Parameter { var, .. }, Moments { m, v }) in self.parameters.iter().zip(&self.moments) {
            if let Some(gradient) = gradients.get(var) {
                self.backend
                    .adam_update(var, gradient, [m, v], &config, steps)?;
            }
        }
        Ok(())
    }

    /// Without candle's copies of the weights' gradients, where the kernels compute them.
    fn backward_step(&mut self, loss: &Tensor) -> candle_core::Result<()> {
        Ok(self.update_by(&gradients(loss)?)?)
    }

    fn learning_rate(&self) -> f64 {
        self.current().lr.into()
    }

    fn set_learning_rate(&mut self, lr: f64) {
        #[expect(clippy::cast_possible_truncation, reason = "training is in float32")]
        let lr = lr as f32;
        (self.config.lr, self.share) = (lr, 1.0);
    }
}
