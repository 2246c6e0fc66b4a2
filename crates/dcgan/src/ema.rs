//! The exponential moving average of a generator's weights.

use crate::tensors::with_values;
use crate::{Arrays, Error, Generator, Result};
use rayon::prelude::*;

/// Values that one task moves.
const PIECE: usize = 1 << 16;

/// A generator's weights and moving averages, averaged over the steps of its training: a steadier
/// generator than at any single step.
///
/// Equation, after step t from 1: `average -= (1 - d)(average - weight)` with
/// `d = min(decay, (1 + t)/(10 + t))`, so that the beginning is soon forgotten. Source:
/// TensorFlow's `ExponentialMovingAverage` with `num_updates`; for the generator of a GAN: Yazici
/// et al. 2019, <https://arxiv.org/abs/1806.04498>.
#[derive(Debug, Clone, PartialEq)]
pub struct WeightAverage {
    decay: f64,
    arrays: Arrays,
}

impl WeightAverage {
    /// An average that starts as a copy of `generator`. `decay` is in `[0, 1)`.
    ///
    /// # Errors
    /// [`Error::Layer`] if a weight cannot be read.
    pub fn new(generator: &Generator, decay: f64) -> Result<Self> {
        Ok(Self {
            decay,
            arrays: generator.arrays()?,
        })
    }

    /// The average that `arrays` hold under the names of `generator`'s own.
    ///
    /// # Errors
    /// As [`Generator::from_arrays`].
    pub fn load(generator: &Generator, decay: f64, arrays: &Arrays) -> Result<Self> {
        Self::new(&Generator::from_arrays(generator.config(), arrays)?, decay)
    }

    /// Moves the average towards the weights of `generator` after `step`.
    ///
    /// # Errors
    /// [`Error::Missing`] if `generator` is another network, [`Error::Layer`] if a weight cannot be
    /// read.
    pub fn feed(&mut self, generator: &Generator, step: u64) -> Result<()> {
        let step = step as f64;
        #[expect(clippy::cast_possible_truncation, reason = "the average is in float32")]
        let rate = (1.0 - self.decay.min((1.0 + step) / (10.0 + step))) as f32;
        let weights = generator.parameters().iter();
        let weights = weights.map(|weight| (weight.name.clone(), weight.var.as_tensor()));
        for (name, weight) in weights.chain(generator.averages()) {
            with_values(weight, |values| self.move_by(&name, values, rate))
                .map_err(Error::at(&name, &[weight]))??;
        }
        Ok(())
    }

    fn move_by(&mut self, name: &str, weight: &[f32], rate: f32) -> Result<()> {
        let (_, average) = self.arrays.get_mut(name).ok_or_else(|| Error::Missing {
            name: name.into(),
            expected: vec![weight.len()],
        })?;
        average
            .par_chunks_mut(PIECE)
            .zip(weight.par_chunks(PIECE))
            .for_each(|(average, weight)| {
                for (average, weight) in average.iter_mut().zip(weight) {
                    *average -= rate * (*average - weight);
                }
            });
        Ok(())
    }

    /// The averages under the generator's full names.
    pub fn arrays(&self) -> &Arrays {
        &self.arrays
    }
}
