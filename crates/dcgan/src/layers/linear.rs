//! The fully connected layer.

use super::{Compute, NORMAL, layer_name, take};
use crate::{Error, Result};
use candle_core::{Module, Tensor, Var};
use candle_nn::VarBuilder;
use candle_nn::init::ZERO;

/// Fully connected layer over x|y.
///
/// Equation: `h = (x|y)·Matrix + bias`. Shapes: x `[B,C]`, y `[B,Y]`, Matrix `[C+Y,out]`, bias
/// `[out]` -> `[B,out]`. Source: `linear`, ops.py.
#[derive(Debug, Clone)]
pub struct Linear {
    name: String,
    matrix: Var,
    bias: Var,
}

impl Linear {
    /// Takes `Matrix` `[inputs,outputs]` and `bias` `[outputs]` from `vb`; `inputs` counts the
    /// labels.
    ///
    /// # Errors
    /// [`Error::Missing`] or [`Error::Shape`] with the array's name.
    pub fn new(inputs: usize, outputs: usize, vb: &VarBuilder<'_>) -> Result<Self> {
        Ok(Self {
            name: layer_name(vb),
            matrix: take(vb, "Matrix", &[inputs, outputs], NORMAL)?,
            bias: take(vb, "bias", &[outputs], ZERO)?,
        })
    }

    /// x `[B,C]`, y `[B,Y]` -> `[B,out]`.
    ///
    /// # Errors
    /// [`Error::Layer`] if the shapes don't fit.
    pub fn forward_with(&self, x: &Tensor, y: Option<&Tensor>, compute: Compute) -> Result<Tensor> {
        let (matrix, bias) = (compute.see(&self.matrix), compute.see(&self.bias));
        let Compute {
            backend, precision, ..
        } = compute;
        let h = backend.linear(x, y, &matrix, &bias, precision);
        h.map_err(Error::at(&self.name, &[x, &matrix]))
    }

    /// Full name, such as `generator/g_h0_lin`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The weights by name, in their order.
    pub fn weights(&self) -> [(&'static str, &Var); 2] {
        [("Matrix", &self.matrix), ("bias", &self.bias)]
    }

    /// The layer followed by `h·scale` and, of the bias alone, by `(bias - mean)·scale + beta`;
    /// where the outputs are maps, each channel has one value for all positions.
    pub(crate) fn scaled(&self, [scale, mean, beta]: [&Tensor; 3]) -> Result<Self> {
        let fold = || {
            let channels = scale.elem_count();
            let matrix = self.matrix.as_detached_tensor();
            let scaled = matrix.reshape(((), channels))?.broadcast_mul(scale)?;
            let bias = self.bias.as_detached_tensor().reshape(((), channels))?;
            let bias = bias.broadcast_sub(mean)?.broadcast_mul(scale)?;
            Ok((
                Var::from_tensor(&scaled.reshape(matrix.shape())?)?,
                Var::from_tensor(&bias.broadcast_add(beta)?.flatten_all()?)?,
            ))
        };
        let (matrix, bias) = fold().map_err(Error::at(&self.name, &[&self.matrix, scale]))?;
        Ok(Self {
            matrix,
            bias,
            ..self.clone()
        })
    }
}

impl Module for Linear {
    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        Ok(self.forward_with(x, None, Compute::default())?)
    }
}
