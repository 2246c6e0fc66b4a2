//! CPU kernels as slice functions, their candle operations, and the reference twin of each.

mod activation;
mod adam;
mod backward;
mod batch_norm;
mod conv;
mod distances;
mod forms;
mod geometry;
mod labels;
mod linear;
mod loss;
mod matmul;
mod memory;
mod output;
mod precision;
mod products;
mod real;
pub mod reference;
mod scratch;
mod threads;
mod wide;
mod winograd;

pub use activation::{Activation, activate};
pub use adam::{AdamConfig, adam_update, adam_update_by};
pub use backward::{WeightGradients, backward};
pub use batch_norm::{BatchStats, batch_norm, batch_norm_inference};
pub use conv::{conv2d, conv2d_transpose};
pub use distances::{Integers, NearestImage, nearest_images};
pub use forms::Form;
pub use geometry::Geometry;
pub use linear::linear;
pub use loss::bce_with_logits;
pub use precision::Precision;
pub use real::Real;
pub use threads::{set_threads, threads};
pub use wide::use_baseline;
