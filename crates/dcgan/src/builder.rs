//! Where a network's weights come from: fresh by seed, or given as named arrays.
//!
//! Layers ask for their weights in a fixed order; the builder keeps that order.

use crate::parameters::{lookup, refuse_unknown};
use crate::{Arrays, Error, MovingAverage, Parameter, Parameters, Result};
use candle_core::{Device, Var};
use dcgan_random::{Purpose, Stream};

/// The original's initialisers. Source: `ops.py`; Radford et al. 2016, section 4 (stddev 0.02).
#[derive(Debug, Clone, Copy)]
pub(crate) enum Init {
    /// Every value the same.
    Constant(f32),
    /// Normal with mean 0 and standard deviation 0.02: linear and transposed convolution.
    Normal,
    /// The same, redrawn outside two standard deviations: convolution.
    TruncatedNormal,
}

const STDDEV: f32 = 0.02;

enum Source<'a> {
    Seed { seed: u64, purpose: Purpose },
    Arrays(&'a Arrays),
}

/// Hands out the weights of one network.
pub(crate) struct Builder<'a> {
    source: Source<'a>,
    parameters: Parameters,
    averages: Vec<MovingAverage>,
}

impl<'a> Builder<'a> {
    /// Fresh weights: tensor number i of the network is drawn from stream i of (seed, purpose).
    pub(crate) fn seeded(scope: &'static str, seed: u64, purpose: Purpose) -> Self {
        Self {
            source: Source::Seed { seed, purpose },
            parameters: Parameters::new(scope),
            averages: Vec::new(),
        }
    }

    /// Weights from `arrays`; names outside `scope/` are left alone.
    pub(crate) fn loading(scope: &'static str, arrays: &'a Arrays) -> Self {
        Self {
            source: Source::Arrays(arrays),
            parameters: Parameters::new(scope),
            averages: Vec::new(),
        }
    }

    /// The full name of what the network calls `name`.
    pub(crate) fn full_name(&self, name: &str) -> String {
        format!("{}/{name}", self.parameters.scope())
    }

    /// The next trained weight.
    pub(crate) fn parameter(&mut self, name: &str, shape: &[usize], init: Init) -> Result<Var> {
        let name = self.full_name(name);
        let n_values = shape.iter().product();
        let values = match &self.source {
            Source::Arrays(arrays) => lookup(arrays, &name, shape)?.to_vec(),
            Source::Seed { seed, purpose } => {
                let mut stream = Stream::new(*seed, *purpose, self.parameters.len() as u64);
                let mut draw = || match init {
                    Init::Constant(value) => value,
                    Init::Normal => STDDEV * stream.normal(),
                    Init::TruncatedNormal => STDDEV * stream.truncated_normal(),
                };
                (0..n_values).map(|_| draw()).collect()
            }
        };
        let var = Var::from_vec(values, shape, &Device::Cpu).map_err(Error::at(&name, &[]))?;
        self.parameters.push(Parameter {
            name,
            var: var.clone(),
        });
        Ok(var)
    }

    /// The next pair of moving averages; returns its place among the network's.
    pub(crate) fn moving_average(&mut self, name: &str, channels: usize) -> Result<usize> {
        let mut average = MovingAverage {
            name: self.full_name(name),
            mean: vec![0.0; channels],
            variance: vec![1.0; channels],
        };
        if let Source::Arrays(arrays) = &self.source {
            average.mean = lookup(arrays, &average.mean_name(), &[channels])?.to_vec();
            average.variance = lookup(arrays, &average.variance_name(), &[channels])?.to_vec();
        }
        self.averages.push(average);
        Ok(self.averages.len() - 1)
    }

    /// What was handed out.
    ///
    /// # Errors
    /// [`Error::Unexpected`] if the given arrays hold a name of this network that no layer took.
    pub(crate) fn finish(self) -> Result<(Parameters, Vec<MovingAverage>)> {
        let Self {
            source,
            parameters,
            averages,
        } = self;
        if let Source::Arrays(arrays) = source {
            refuse_unknown(arrays, parameters.scope(), |name| {
                parameters.get(name).is_some()
                    || averages.iter().any(|average| {
                        name == average.mean_name() || name == average.variance_name()
                    })
            })?;
        }
        Ok((parameters, averages))
    }
}
