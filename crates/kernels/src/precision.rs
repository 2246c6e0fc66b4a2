//! In which precision the products of layers are computed.

use crate::kernels::Kernels;

/// The precision of the matrix products of [`crate::linear()`], [`crate::conv2d`] and
/// [`crate::conv2d_transpose`], forward and backward.
///
/// Everything else, and what the products read and write, is `f32` in either.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Precision {
    /// As the tensors are.
    #[default]
    F32,
    /// Operands of `f32` tensors rounded to bfloat16, sums in `f32`: see
    /// [`crate::reference::bf16`]. Layers with fewer than eight channels on either side, such as
    /// those to and from pictures, stay in `f32`, and so do biases and the products of labels.
    Bf16,
}

impl Precision {
    /// What this processor has instead of the instructions that make this precision fast; `None` if
    /// `kernels` may use them. Without them plain loops give the same bits in many times the time.
    pub fn missing(self, kernels: Kernels) -> Option<&'static str> {
        let isa = kernels.isa();
        (self == Precision::Bf16 && !isa.has_bf16()).then(|| isa.widest())
    }
}
