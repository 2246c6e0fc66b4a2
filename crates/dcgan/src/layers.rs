//! The layers: each a struct of its weights, a function that takes them from a builder, and a
//! forward pass that is one operation of the pass's backend.

mod batch_norm;
mod conv2d;
mod linear;

pub use batch_norm::BatchNorm;
pub(crate) use batch_norm::batch_norm;
pub use conv2d::{Conv2d, Conv2dTranspose};
pub(crate) use conv2d::{conv2d, conv2d_transpose};
pub use linear::Linear;
pub(crate) use linear::linear;

use dcgan_kernels::Activation;

/// The discriminator's activation, max(x, 0.2·x). Source: `lrelu`, ops.py; Radford et al. 2016,
/// section 4.
pub(crate) const LEAKY_RELU: Activation = Activation::LeakyRelu(0.2);
