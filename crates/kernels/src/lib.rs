//! CPU kernels as slice functions, their candle operations, and the reference twin of each.

mod activation;
mod adam;
mod backward;
mod batch_norm;
mod conv;
mod distances;
mod geometry;
mod isa;
mod kernels;
mod labels;
mod linear;
mod loss;
mod matmul;
mod moments;
mod options;
mod output;
mod precision;
#[cfg(feature = "programs")]
mod process;
mod products;
mod real;
mod record;
pub mod reference;
mod reshape;
mod scratch;
mod sums;
mod tasks;
mod tensors;
mod threads;
mod wide;
mod winograd;

pub use activation::{Activation, activate};
pub use adam::{AdamConfig, adam_update, adam_update_by};
pub use backward::{WeightGradients, backward};
pub use batch_norm::{BatchStats, batch_norm, batch_norm_inference};
pub use conv::{conv2d, conv2d_transpose};
pub use distances::{Integers, NearestImage, nearest_images};
pub use geometry::Geometry;
pub use kernels::Kernels;
pub use linear::linear;
pub use loss::{bce_with_logits, total_loss};
pub use options::KernelOptions;
pub use precision::Precision;
#[cfg(feature = "programs")]
pub use process::set_up_process;
pub use real::Real;
pub use reshape::reshape;
pub use threads::keep_pool_hot;
