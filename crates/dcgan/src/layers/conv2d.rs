//! The strided convolution and its transpose, one layer that runs in either direction.

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

/// The side that a convolution takes as its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    /// From big maps to half their height and width.
    Down,
    /// From small maps to twice their height and width, transposed.
    Up,
}

/// 5x5 convolution over x|y, stride 2, TensorFlow's "SAME" padding, or its transpose.
///
/// Equation of the convolution: `h[o] = sum_k (x|y)[2·o + k - before]·w[k] + biases`, zero outside,
/// `before` 1 for an even side and 2 for an odd one. Shapes: x `[B,H,W,C]`, y `[B,Y]` at every
/// position, w `[5,5,C+Y,out]`, biases `[out]` -> [B,ceil(H/2),ceil(W/2),out]. Source: `conv2d`,
/// ops.py; Radford et al. 2016, section 3 (strided convolutions instead of pooling).
///
/// Equation of the transposed one, the gradient of the former with respect to its input:
/// `(x|y)[i]·w[k]` is added to `h[2·i + k - before]` wherever that exists, then the biases;
/// `before` follows from the output's side. Shapes: x `[B,h,w,C]`, y `[B,Y]` at every position, w
/// `[5,5,out,C+Y]`, biases `[out]` -> `[B,H,W,out]`, where h = ceil(H/2). Source: `deconv2d`,
/// ops.py; Radford et al. 2016, section 3 (fractionally strided convolutions).
#[derive(Debug, Clone)]
pub struct Conv2d {
    name: String,
    w: Var,
    biases: Var,
    geometry: Geometry,
    direction: Direction,
}

impl Conv2d {
    /// A convolution: takes `w` `[5,5,inputs,outputs]` and `biases` `[outputs]` from `vb`; `inputs`
    /// counts the labels, `size` is the input's height and width.
    ///
    /// # Errors
    /// [`Error::Missing`] or [`Error::Shape`] with the array's name.
    pub fn new(
        inputs: usize,
        outputs: usize,
        size: [usize; 2],
        vb: &VarBuilder<'_>,
    ) -> Result<Self> {
        Self::with_direction(Direction::Down, [inputs, outputs], size, vb)
    }

    /// A transposed convolution: takes `w` `[5,5,outputs,inputs]` and `biases` `[outputs]` from
    /// `vb`; `inputs` counts the labels, `size` is the output's height and width.
    ///
    /// # Errors
    /// [`Error::Missing`] or [`Error::Shape`] with the array's name.
    pub fn transposed(
        inputs: usize,
        outputs: usize,
        size: [usize; 2],
        vb: &VarBuilder<'_>,
    ) -> Result<Self> {
        Self::with_direction(Direction::Up, [inputs, outputs], size, vb)
    }

    fn with_direction(
        direction: Direction,
        [inputs, outputs]: [usize; 2],
        size: [usize; 2],
        vb: &VarBuilder<'_>,
    ) -> Result<Self> {
        let [big, small] = match direction {
            Direction::Down => [inputs, outputs],
            Direction::Up => [outputs, inputs],
        };
        Ok(Self {
            name: layer_name(vb),
            w: take(vb, "w", &[KERNEL, KERNEL, big, small], NORMAL)?,
            biases: take(vb, "biases", &[outputs], ZERO)?,
            geometry: Geometry::same(size, KERNEL, STRIDE),
            direction,
        })
    }

    /// x `[B,H,W,C]`, y `[B,Y]` -> [B,ceil(H/2),ceil(W/2),out]; transposed, x `[B,h,w,C]` to
    /// `[B,H,W,out]`.
    ///
    /// # Errors
    /// [`Error::Layer`] if the shapes don't fit.
    pub fn forward_with(&self, x: &Tensor, y: Option<&Tensor>, compute: Compute) -> Result<Tensor> {
        let (w, biases) = (compute.see(&self.w), compute.see(&self.biases));
        let Compute {
            backend, precision, ..
        } = compute;
        let geometry = &self.geometry;
        let h = match self.direction {
            Direction::Down => backend.conv2d(x, y, &w, &biases, geometry, precision),
            Direction::Up => backend.conv2d_transpose(x, y, &w, &biases, geometry, precision),
        };
        h.map_err(Error::at(&self.name, &[x, &w]))
    }

    /// Full name, such as `generator/g_h2`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The weights by name, in their order.
    pub fn weights(&self) -> [(&'static str, &Var); 2] {
        [("w", &self.w), ("biases", &self.biases)]
    }

    /// The layer followed by `h·scale` and, of the biases alone, by `(biases - mean)·scale + beta`.
    pub(crate) fn scaled(&self, [scale, mean, beta]: [&Tensor; 3]) -> Result<Self> {
        let fold = || {
            let by_output = match self.direction {
                Direction::Down => scale.clone(),
                Direction::Up => scale.reshape(((), 1))?,
            };
            let w = self.w.as_detached_tensor().broadcast_mul(&by_output)?;
            let centred = (self.biases.as_detached_tensor() - mean)?;
            let biases = ((centred * scale)? + beta)?;
            Ok((Var::from_tensor(&w)?, Var::from_tensor(&biases)?))
        };
        let (w, biases) = fold().map_err(Error::at(&self.name, &[&self.w, scale]))?;
        Ok(Self {
            w,
            biases,
            ..self.clone()
        })
    }
}

impl Module for Conv2d {
    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        Ok(self.forward_with(x, None, Compute::default())?)
    }
}
