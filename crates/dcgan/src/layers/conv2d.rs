//! The strided convolution and its transpose.

use crate::builder::{Builder, Init};
use crate::forward::Forward;
use crate::{Error, Result};
use candle_core::{Tensor, Var};
use dcgan_kernels::Geometry;

/// Side of every kernel. Source: `k_h=5, k_w=5`, ops.py.
const KERNEL: usize = 5;
/// Stride of every convolution. Source: `d_h=2, d_w=2`, ops.py.
const STRIDE: usize = 2;

/// 5x5 convolution over x|y, stride 2, TensorFlow's "SAME" padding.
///
/// Equation: `h[o] = sum_k (x|y)[2·o + k - before]·w[k] + biases`, zero outside, `before` 1 for an
/// even side and 2 for an odd one. Shapes: x `[B,H,W,C]`, y `[B,Y]` at every position,
/// w `[5,5,C+Y,out]`, biases `[out]` -> [B,ceil(H/2),ceil(W/2),out]. Source: `conv2d`, ops.py;
/// Radford et al. 2016, section 3 (strided convolutions instead of pooling).
#[derive(Debug, Clone)]
pub struct Conv2d {
    name: String,
    w: Var,
    biases: Var,
    geometry: Geometry,
}

/// Takes `name/w` `[5,5,in,out]` and `name/biases` `[out]` from the builder; `inputs` counts the
/// labels, `size` is the input's height and width.
pub(crate) fn conv2d(
    name: &str,
    inputs: usize,
    outputs: usize,
    size: [usize; 2],
    builder: &mut Builder<'_>,
) -> Result<Conv2d> {
    let shape = [KERNEL, KERNEL, inputs, outputs];
    Ok(Conv2d {
        name: builder.full_name(name),
        w: builder.parameter(&format!("{name}/w"), &shape, Init::TruncatedNormal)?,
        biases: builder.parameter(&format!("{name}/biases"), &[outputs], Init::Constant(0.0))?,
        geometry: Geometry::same(size, KERNEL, STRIDE),
    })
}

impl Conv2d {
    /// x `[B,H,W,C]`, y `[B,Y]` -> [B,ceil(H/2),ceil(W/2),out].
    ///
    /// # Errors
    /// [`Error::Layer`] if the shapes don't fit.
    pub(crate) fn forward(
        &self,
        x: &Tensor,
        y: Option<&Tensor>,
        pass: &Forward<'_>,
    ) -> Result<Tensor> {
        let (w, biases) = (pass.weights.of(&self.w), pass.weights.of(&self.biases));
        let h = pass.backend.conv2d(x, y, &w, &biases, &self.geometry);
        h.map_err(Error::at(&self.name, &[x, &w]))
    }
}

/// 5x5 transposed convolution over x|y, stride 2, TensorFlow's "SAME" padding: the gradient of
/// [`Conv2d`] with respect to its input.
///
/// Equation: `(x|y)[i]·w[k]` is added to `h[2·i + k - before]` wherever that exists, then the
/// biases; `before` follows from the output's side. Shapes: x `[B,h,w,C]`, y `[B,Y]` at every position,
/// w `[5,5,out,C+Y]`, biases `[out]` -> `[B,H,W,out]`, where h = ceil(H/2). Source: `deconv2d`, ops.py;
/// Radford et al. 2016, section 3 (fractionally strided convolutions).
#[derive(Debug, Clone)]
pub struct Conv2dTranspose {
    name: String,
    w: Var,
    biases: Var,
    geometry: Geometry,
}

/// Takes `name/w` `[5,5,out,in]` and `name/biases` `[out]` from the builder; `inputs` counts the
/// labels, `size` is the output's height and width.
pub(crate) fn conv2d_transpose(
    name: &str,
    inputs: usize,
    outputs: usize,
    size: [usize; 2],
    builder: &mut Builder<'_>,
) -> Result<Conv2dTranspose> {
    let shape = [KERNEL, KERNEL, outputs, inputs];
    Ok(Conv2dTranspose {
        name: builder.full_name(name),
        w: builder.parameter(&format!("{name}/w"), &shape, Init::Normal)?,
        biases: builder.parameter(&format!("{name}/biases"), &[outputs], Init::Constant(0.0))?,
        geometry: Geometry::same(size, KERNEL, STRIDE),
    })
}

impl Conv2dTranspose {
    /// x `[B,h,w,C]`, y `[B,Y]` -> `[B,H,W,out]`.
    ///
    /// # Errors
    /// [`Error::Layer`] if the shapes don't fit.
    pub(crate) fn forward(
        &self,
        x: &Tensor,
        y: Option<&Tensor>,
        pass: &Forward<'_>,
    ) -> Result<Tensor> {
        let (w, biases) = (pass.weights.of(&self.w), pass.weights.of(&self.biases));
        let h = pass
            .backend
            .conv2d_transpose(x, y, &w, &biases, &self.geometry);
        h.map_err(Error::at(&self.name, &[x, &w]))
    }
}
