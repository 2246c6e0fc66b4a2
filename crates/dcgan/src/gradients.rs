//! The gradients of one loss, their norm, and where they stop being finite.

use crate::tensors::{values, with_values};
use crate::{Error, Parameter, Parameters, Result};
use candle_core::Tensor;
use candle_core::backprop::GradStore;
use dcgan_kernels::WeightGradients;
use rayon::prelude::*;

/// Values summed in one piece; pieces are added in order, so that the norm does not depend on the
/// number of threads.
const PIECE: usize = 1 << 16;

/// The gradients of one loss with respect to its tracked leaves.
#[derive(Debug)]
pub struct LossGradients {
    weights: WeightGradients,
    others: GradStore,
}

/// Runs the backward pass of a scalar loss.
///
/// # Errors
/// [`Error::Layer`] if an operation's backward pass fails.
pub fn gradients(loss: &Tensor) -> Result<LossGradients> {
    let (weights, others) =
        dcgan_kernels::backward(loss).map_err(Error::at("backward", &[loss]))?;
    Ok(LossGradients { weights, others })
}

impl LossGradients {
    /// The gradient with respect to a tracked leaf: a weight, or an input that is a `Var`.
    ///
    /// A weight's gradient is copied at the first call; the update reads it in place.
    pub fn get(&self, leaf: &Tensor) -> Option<&Tensor> {
        self.weights.tensor(leaf).or_else(|| self.others.get(leaf))
    }

    /// The gradient with respect to a weight.
    ///
    /// # Errors
    /// [`Error::NoGradient`] if the loss doesn't depend on it or it was frozen.
    pub fn of(&self, parameter: &Parameter) -> Result<&Tensor> {
        self.get(&parameter.var)
            .ok_or_else(|| no_gradient(parameter))
    }

    /// The values of the gradient with respect to a weight, where the kernels have summed it.
    pub(crate) fn of_kernels(&self, parameter: &Parameter) -> Option<&[f32]> {
        self.weights.get(&parameter.var)
    }

    /// Gives `read` the values of the gradient with respect to a weight, row-major, without a copy.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub(crate) fn read<R>(
        &self,
        parameter: &Parameter,
        read: impl FnOnce(&[f32]) -> R,
    ) -> Result<R> {
        if let Some(values) = self.of_kernels(parameter) {
            return Ok(read(values));
        }
        let gradient = self.of(parameter)?;
        with_values(gradient, read).map_err(Error::at(&parameter.name, &[gradient]))
    }

    /// L2 norm over all weights of a network, summed in float64; on another device than the CPU
    /// each weight's part in float32, there.
    ///
    /// # Errors
    /// [`Error::NoGradient`] if a weight has none.
    pub fn norm(&self, parameters: &Parameters) -> Result<f32> {
        let mut total = 0.0;
        let mut elsewhere = Vec::new();
        for parameter in parameters {
            if parameter.var.device().is_cpu() {
                total += self.read(parameter, sum_of_squares)?;
            } else {
                let gradient = self.of(parameter)?;
                let sum = gradient.sqr().and_then(|squares| squares.sum_all());
                elsewhere.push(sum.map_err(Error::at(&parameter.name, &[gradient]))?);
            }
        }
        if !elsewhere.is_empty() {
            let sums = Tensor::stack(&elsewhere, 0).map_err(Error::at("norm", &[]))?;
            total += values(&sums)?.into_iter().map(f64::from).sum::<f64>();
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a norm is reported in float32"
        )]
        Ok(total.sqrt() as f32)
    }

    /// The name of the first weight, in the order of the backward pass, whose gradient has a value
    /// that is a NaN or has no finite square. The backward pass meets the last layer first, so that
    /// is where it began. On any device all gradients are read.
    ///
    /// # Errors
    /// [`Error::NoGradient`] if a weight has none.
    pub fn first_non_finite<'a>(&self, parameters: &'a Parameters) -> Result<Option<&'a str>> {
        for parameter in parameters.iter().rev() {
            let finite = |values: &[f32]| values.iter().all(|value| (value * value).is_finite());
            if !self.read(parameter, finite)? {
                return Ok(Some(&parameter.name));
            }
        }
        Ok(None)
    }
}

fn no_gradient(parameter: &Parameter) -> Error {
    Error::NoGradient {
        name: parameter.name.clone(),
    }
}

/// Eight running sums per piece, so that the compiler can keep them in one register.
fn sum_of_squares(values: &[f32]) -> f64 {
    let piece = |values: &[f32]| {
        let mut sums = [0.0_f64; 8];
        let (rows, rest) = values.as_chunks::<8>();
        for row in rows {
            for (sum, &value) in sums.iter_mut().zip(row) {
                *sum += f64::from(value) * f64::from(value);
            }
        }
        let rest: f64 = rest
            .iter()
            .map(|&value| f64::from(value) * f64::from(value))
            .sum();
        sums.iter().sum::<f64>() + rest
    };
    let pieces: Vec<f64> = values.par_chunks(PIECE).map(piece).collect();
    pieces.iter().sum()
}
