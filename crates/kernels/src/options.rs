//! How a layer computes: the argument that its operation takes.

use crate::kernels::Kernels;
use crate::precision::Precision;

/// How [`crate::linear()`], [`crate::conv2d`] and [`crate::conv2d_transpose`] compute.
///
/// A result keeps its options: its backward pass uses the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct KernelOptions {
    /// Which kernels.
    pub kernels: Kernels,
    /// The precision of their products.
    pub precision: Precision,
}

impl From<Kernels> for KernelOptions {
    /// In `f32`.
    fn from(kernels: Kernels) -> KernelOptions {
        KernelOptions {
            kernels,
            precision: Precision::F32,
        }
    }
}
