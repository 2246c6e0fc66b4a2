//! CPU kernels as slice functions, their candle operations, and the reference twin of each.
//!
//! ```
//! use candle_core::{Device, Tensor, Var};
//! use dcgan_kernels::{KernelOptions, Kernels, backward, linear};
//!
//! let x = Tensor::new(&[[1.0_f32, 2.0], [3.0, 4.0]], &Device::Cpu)?;
//! let w = Var::new(&[[1.0_f32], [10.0]], &Device::Cpu)?;
//! let b = Var::new(&[0.5_f32], &Device::Cpu)?;
//! let y = linear(&x, None, &w, &b, KernelOptions::default())?;
//! assert_eq!(y.flatten_all()?.to_vec1::<f32>()?, [21.5, 43.5]);
//!
//! // Other kernels: an argument, which the backward pass of this result keeps.
//! let y = linear(&x, None, &w, &b, KernelOptions::from(Kernels::Gemm))?;
//! let (weights, _) = backward::<f32>(&y.sum_all()?)?;
//! assert_eq!(weights.get(&w), Some(&[4.0, 6.0][..]));
//! # Ok::<(), candle_core::Error>(())
//! ```
//!
//! All kernels run on rayon's current pool; no result depends on its number of threads. The crate
//! claims no pool, reads no environment variable and has no switch for a thread or a process.

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
