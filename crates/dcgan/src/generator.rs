//! The generator of either network.

use crate::builder::Builder;
use crate::forward::Forward;
use crate::{
    Arrays, Backend, Kind, MovingAverage, NetworkConfig, Parameters, Pass, PassStats, Precision,
    Result, Taps, Weights, averages, inputs, labelled, unlabelled,
};
use candle_core::Tensor;
use dcgan_random::Purpose;

/// Prefix of every name of a generator.
const SCOPE: &str = "generator";

/// A generator with its weights and moving averages: z and classes to images.
#[derive(Debug)]
pub struct Generator {
    config: NetworkConfig,
    layers: Layers,
    parameters: Parameters,
    averages: Vec<MovingAverage>,
    backend: Backend,
    precision: Precision,
}

#[derive(Debug)]
enum Layers {
    Labelled(Box<labelled::Generator>),
    Unlabelled(Box<unlabelled::Generator>),
}

impl Generator {
    /// A fresh generator; its weights are a function of `config` and `seed`.
    ///
    /// Normal weights with standard deviation 0.02, biases and beta 0, gamma 1, moving averages 0
    /// and 1. Source: ops.py; Radford et al. 2016, section 4.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) if `config` is not valid.
    pub fn init(config: &NetworkConfig, seed: u64) -> Result<Self> {
        Self::build(
            config,
            Builder::seeded(SCOPE, seed, Purpose::GeneratorWeights),
        )
    }

    /// A generator from all arrays of `arrays` under `generator/`; other names are left alone, so
    /// that a checkpoint of both networks can be given as it is.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config), or [`Error::Missing`](crate::Error::Missing), [`Error::Shape`](crate::Error::Shape) or [`Error::Unexpected`](crate::Error::Unexpected) with the
    /// array's name.
    pub fn from_arrays(config: &NetworkConfig, arrays: &Arrays) -> Result<Self> {
        Self::build(config, Builder::loading(SCOPE, arrays))
    }

    fn build(config: &NetworkConfig, mut builder: Builder<'_>) -> Result<Self> {
        config.validate()?;
        let layers = match config.kind {
            Kind::Labelled => {
                let layers = labelled::Generator::new(config, &mut builder)?;
                Layers::Labelled(Box::new(layers))
            }
            Kind::Unlabelled => {
                let layers = unlabelled::Generator::new(config, &mut builder)?;
                Layers::Unlabelled(Box::new(layers))
            }
        };
        let (parameters, averages) = builder.finish()?;
        Ok(Self {
            config: config.clone(),
            layers,
            parameters,
            averages,
            backend: Backend::default(),
            precision: Precision::F32,
        })
    }

    /// The same network with its operations by `backend`, in training mode and inference.
    #[must_use]
    pub fn with_backend(self, backend: Backend) -> Self {
        Self { backend, ..self }
    }

    /// Who computes its operations.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// The same network with the products of its training-mode passes, forward and backward, in that
    /// precision; inference stays in float32.
    #[must_use]
    pub fn with_precision(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }

    /// The training-mode pass, with batch statistics: z `[B,Z]`, y one-hot `[B,Y]` (labelled network
    /// only) to images `[B,H,W,C]`. Feeds no moving average: see [`Self::feed_averages`].
    ///
    /// # Errors
    /// [`Error::Input`](crate::Error::Input) if z or y don't fit, [`Error::BatchTooSmall`](crate::Error::BatchTooSmall) if batch norm can't work.
    pub fn forward(&self, z: &Tensor, y: Option<&Tensor>, weights: Weights) -> Result<Pass> {
        self.run(
            z,
            y,
            Forward::training(weights, self.backend, self.precision, None),
        )
    }

    /// [`Self::forward`], and every activation on the way.
    ///
    /// # Errors
    /// As [`Self::forward`].
    pub fn forward_with_taps(
        &self,
        z: &Tensor,
        y: Option<&Tensor>,
        weights: Weights,
        taps: &mut Taps,
    ) -> Result<Pass> {
        self.run(
            z,
            y,
            Forward::training(weights, self.backend, self.precision, Some(taps)),
        )
    }

    /// The inference pass, with moving averages: each image depends on its own row of z and y
    /// alone. Weights are constants; the gradient with respect to z is there if z is tracked.
    ///
    /// # Errors
    /// [`Error::Input`](crate::Error::Input) if z or y don't fit.
    pub fn infer(&self, z: &Tensor, y: Option<&Tensor>) -> Result<Tensor> {
        Ok(self
            .run(z, y, Forward::inference(self.backend, &self.averages))?
            .output)
    }

    fn run(&self, z: &Tensor, y: Option<&Tensor>, mut pass: Forward<'_>) -> Result<Pass> {
        let batch = inputs::rows("z", z, &[self.config.z_dim])?;
        let precision = pass.precision;
        let output = precision.scope(|| match (&self.layers, y) {
            (Layers::Labelled(layers), Some(y)) => {
                inputs::labels(y, batch, self.config.classes)?;
                layers.forward(z, y, &mut pass)
            }
            (Layers::Unlabelled(layers), None) => layers.forward(z, &mut pass),
            _ => Err(inputs::labels_mismatch(self.config.kind, y)),
        })?;
        Ok(Pass {
            output,
            stats: pass.stats,
        })
    }

    /// Moves the averages by the statistics of one pass; call it once for each time that the
    /// original would have run the pass.
    pub fn feed_averages(&mut self, stats: &PassStats) {
        averages::feed(&mut self.averages, stats);
    }

    /// The moving averages in the order of the layers.
    pub fn averages(&self) -> &[MovingAverage] {
        &self.averages
    }

    /// The network that this is.
    pub fn config(&self) -> &NetworkConfig {
        &self.config
    }

    /// The trained weights in their fixed order.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Number of trained values.
    pub fn parameter_count(&self) -> usize {
        self.parameters.count()
    }

    /// A copy of weights and moving averages under the original's names.
    ///
    /// # Errors
    /// [`Error::Layer`](crate::Error::Layer) if a weight cannot be read.
    pub fn arrays(&self) -> Result<Arrays> {
        let mut arrays = self.parameters.arrays()?;
        averages::export(&self.averages, &mut arrays);
        Ok(arrays)
    }
}
