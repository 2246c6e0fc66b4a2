//! The fully connected layer.

use crate::builder::{Builder, Init};
use crate::forward::Forward;
use crate::{Error, Result};
use candle_core::{Tensor, Var};

/// Fully connected layer over x|y.
///
/// Equation: `h = (x|y)·Matrix + bias`. Shapes: x `[B,C]`, y `[B,Y]`, Matrix `[C+Y,out]`, bias `[out]` ->
/// `[B,out]`. Source: `linear`, ops.py.
#[derive(Debug, Clone)]
pub struct Linear {
    name: String,
    matrix: Var,
    bias: Var,
}

/// Takes `name/Matrix` `[in,out]` and `name/bias` `[out]` from the builder; `inputs` counts the labels.
pub(crate) fn linear(
    name: &str,
    inputs: usize,
    outputs: usize,
    builder: &mut Builder<'_>,
) -> Result<Linear> {
    Ok(Linear {
        name: builder.full_name(name),
        matrix: builder.parameter(&format!("{name}/Matrix"), &[inputs, outputs], Init::Normal)?,
        bias: builder.parameter(&format!("{name}/bias"), &[outputs], Init::Constant(0.0))?,
    })
}

impl Linear {
    /// x `[B,C]`, y `[B,Y]` -> `[B,out]`.
    ///
    /// # Errors
    /// [`Error::Layer`] if the shapes don't fit.
    pub(crate) fn forward(
        &self,
        x: &Tensor,
        y: Option<&Tensor>,
        pass: &Forward<'_>,
    ) -> Result<Tensor> {
        let (matrix, bias) = (pass.weights.of(&self.matrix), pass.weights.of(&self.bias));
        let h = pass.backend.linear(x, y, &matrix, &bias);
        h.map_err(Error::at(&self.name, &[x, &matrix]))
    }
}
