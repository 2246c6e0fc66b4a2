//! The strided convolution and its transpose.

use super::{Compute, NORMAL, layer_name, take};
use crate::{Error, Result};
use candle_core::{Module, Tensor, Var};
use candle_nn::VarBuilder;
use candle_nn::init::ZERO;
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

impl Conv2d {
    /// Takes `w` `[5,5,inputs,outputs]` and `biases` `[outputs]` from `vb`; `inputs` counts the
    /// labels, `size` is the input's height and width.
    ///
    /// # Errors
    /// [`Error::Missing`] or [`Error::Shape`] with the array's name.
    pub fn new(
        inputs: usize,
        outputs: usize,
        size: [usize; 2],
        vb: &VarBuilder<'_>,
    ) -> Result<Self> {
        Ok(Self {
            name: layer_name(vb),
            w: take(vb, "w", &[KERNEL, KERNEL, inputs, outputs], NORMAL)?,
            biases: take(vb, "biases", &[outputs], ZERO)?,
            geometry: Geometry::same(size, KERNEL, STRIDE),
        })
    }

    /// x `[B,H,W,C]`, y `[B,Y]` -> [B,ceil(H/2),ceil(W/2),out].
    ///
    /// # Errors
    /// [`Error::Layer`] if the shapes don't fit.
    pub fn forward_with(&self, x: &Tensor, y: Option<&Tensor>, compute: Compute) -> Result<Tensor> {
        let (w, biases) = (compute.see(&self.w), compute.see(&self.biases));
        let h = compute.backend.conv2d(x, y, &w, &biases, &self.geometry);
        h.map_err(Error::at(&self.name, &[x, &w]))
    }

    pub(crate) fn weights(&self) -> [(&'static str, &Var); 2] {
        [("w", &self.w), ("biases", &self.biases)]
    }

    /// The layer followed by `h·scale` and, of the biases alone, by `(biases - mean)·scale + beta`.
    pub(crate) fn scaled(&self, scales: [&Tensor; 3]) -> Result<Self> {
        let fold = || {
            let w = self.w.as_detached_tensor().broadcast_mul(scales[0])?;
            Ok((Var::from_tensor(&w)?, moved(&self.biases, scales)?))
        };
        let (w, biases) = fold().map_err(Error::at(&self.name, &[&self.w, scales[0]]))?;
        Ok(Self {
            name: self.name.clone(),
            w,
            biases,
            geometry: self.geometry,
        })
    }
}

/// `(biases - mean)·scale + beta`.
fn moved(biases: &Var, [scale, mean, beta]: [&Tensor; 3]) -> candle_core::Result<Var> {
    let centred = (biases.as_detached_tensor() - mean)?;
    Var::from_tensor(&((centred * scale)? + beta)?)
}

impl Module for Conv2d {
    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        Ok(self.forward_with(x, None, Compute::default())?)
    }
}

/// 5x5 transposed convolution over x|y, stride 2, TensorFlow's "SAME" padding: the gradient of
/// [`Conv2d`] with respect to its input.
///
/// Equation: `(x|y)[i]·w[k]` is added to `h[2·i + k - before]` wherever that exists, then the
/// biases; `before` follows from the output's side. Shapes: x `[B,h,w,C]`, y `[B,Y]` at every
/// position, w `[5,5,out,C+Y]`, biases `[out]` -> `[B,H,W,out]`, where h = ceil(H/2). Source:
/// `deconv2d`, ops.py; Radford et al. 2016, section 3 (fractionally strided convolutions).
#[derive(Debug, Clone)]
pub struct Conv2dTranspose {
    name: String,
    w: Var,
    biases: Var,
    geometry: Geometry,
}

impl Conv2dTranspose {
    /// Takes `w` `[5,5,outputs,inputs]` and `biases` `[outputs]` from `vb`; `inputs` counts the
    /// labels, `size` is the output's height and width.
    ///
    /// # Errors
    /// [`Error::Missing`] or [`Error::Shape`] with the array's name.
    pub fn new(
        inputs: usize,
        outputs: usize,
        size: [usize; 2],
        vb: &VarBuilder<'_>,
    ) -> Result<Self> {
        Ok(Self {
            name: layer_name(vb),
            w: take(vb, "w", &[KERNEL, KERNEL, outputs, inputs], NORMAL)?,
            biases: take(vb, "biases", &[outputs], ZERO)?,
            geometry: Geometry::same(size, KERNEL, STRIDE),
        })
    }

    /// x `[B,h,w,C]`, y `[B,Y]` -> `[B,H,W,out]`.
    ///
    /// # Errors
    /// [`Error::Layer`] if the shapes don't fit.
    pub fn forward_with(&self, x: &Tensor, y: Option<&Tensor>, compute: Compute) -> Result<Tensor> {
        let (w, biases) = (compute.see(&self.w), compute.see(&self.biases));
        let h = compute
            .backend
            .conv2d_transpose(x, y, &w, &biases, &self.geometry);
        h.map_err(Error::at(&self.name, &[x, &w]))
    }

    pub(crate) fn weights(&self) -> [(&'static str, &Var); 2] {
        [("w", &self.w), ("biases", &self.biases)]
    }

    /// The layer followed by `h·scale` and, of the biases alone, by `(biases - mean)·scale + beta`.
    pub(crate) fn scaled(&self, scales: [&Tensor; 3]) -> Result<Self> {
        let fold = || {
            let by_output = scales[0].reshape(((), 1))?;
            let w = self.w.as_detached_tensor().broadcast_mul(&by_output)?;
            Ok((Var::from_tensor(&w)?, moved(&self.biases, scales)?))
        };
        let (w, biases) = fold().map_err(Error::at(&self.name, &[&self.w, scales[0]]))?;
        Ok(Self {
            name: self.name.clone(),
            w,
            biases,
            geometry: self.geometry,
        })
    }
}

impl Module for Conv2dTranspose {
    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        Ok(self.forward_with(x, None, Compute::default())?)
    }
}
