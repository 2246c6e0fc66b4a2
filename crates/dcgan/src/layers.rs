//! The layers: each a struct of its weights, made from a [`VarBuilder`], with one operation of a
//! [`Backend`] as its forward pass.

mod batch_norm;
mod conv2d;
mod linear;

pub use batch_norm::BatchNorm;
pub use conv2d::Conv2d;
pub use linear::Linear;

use crate::{Backend, Error, Precision, Result, Weights};
use candle_core::{DType, Tensor, Var};
use candle_nn::{Init, VarBuilder};

/// Standard deviation of initial weights. Source: `ops.py`; Radford et al. 2016, section 4.
const NORMAL: Init = Init::Randn {
    mean: 0.0,
    stdev: 0.02,
};

/// How layers compute: by which operations, in which precision, and whether gradients reach their
/// weights.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Compute {
    /// What computes the operations.
    pub backend: Backend,
    /// The precision of products, where the kernels compute them.
    pub precision: Precision,
    /// Whether the weights are part of the graph.
    pub weights: Weights,
}

impl Compute {
    /// The tensor through which a layer sees `var`.
    fn see(self, var: &Var) -> Tensor {
        self.weights.of(var)
    }
}

/// The name in files of the layer that `vb` is at: with `/` for candle's `.`.
fn layer_name(vb: &VarBuilder<'_>) -> String {
    crate::file_name(&vb.prefix())
}

/// The array `name` of the layer that `vb` is at, as a variable. A variable of the builder's own,
/// such as a `VarMap`'s, is shared with it.
fn take(vb: &VarBuilder<'_>, name: &str, shape: &[usize], init: Init) -> Result<Var> {
    let full_name = format!("{}/{name}", layer_name(vb));
    if vb.dtype() != DType::F32 {
        return Err(Error::Input {
            what: "type of the weights",
            expected: "F32".into(),
            got: format!("{:?}", vb.dtype()),
        });
    }
    vb.get_with_hints(shape, name, init)
        .and_then(|tensor| Var::from_tensor(&tensor))
        .map_err(|source| match source {
            candle_core::Error::SafeTensor(_) if !vb.contains_tensor(name) => Error::Missing {
                name: full_name,
                expected: shape.to_vec(),
            },
            source => Error::of_builder(full_name, shape, source),
        })
}
