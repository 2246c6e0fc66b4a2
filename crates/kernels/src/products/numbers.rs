//! What the products of a layer multiply.

use crate::options::KernelOptions;
use crate::precision::Precision;

/// Channels on both sides from which the products of this module gain anything.
pub(super) const WIDE: usize = 8;

/// What products of this module multiply, and on what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Numbers {
    /// `f32` as they are, on vectors of AVX-512 where the processor has them.
    F32,
    /// `f32` rounded to bfloat16, by the processor's instructions where it has them.
    Bf16,
    /// `f32` rounded to bfloat16, by plain loops.
    PlainBf16,
}

impl Numbers {
    /// Operand format of a layer between `inputs` and `outputs` channels whose elements are `f32`;
    /// `None` means the `gemm` crate.
    pub(crate) fn of_layer(
        inputs: usize,
        outputs: usize,
        options: KernelOptions,
    ) -> Option<Numbers> {
        let numbers = match options.precision {
            Precision::Bf16 if options.kernels.isa().has_bf16() => Some(Numbers::Bf16),
            Precision::Bf16 => Some(Numbers::PlainBf16),
            Precision::F32 => Numbers::unrounded(options),
        };
        numbers.filter(|_| inputs.min(outputs) >= WIDE)
    }

    /// Operand format of a convolution between maps of `small` and `big` channels, and of its
    /// transpose. If only the big side is narrow, as for pictures, operands are not rounded and
    /// [`super::Maps::goes_up`] is false.
    pub(crate) fn of_maps(small: usize, big: usize, options: KernelOptions) -> Option<Numbers> {
        if big < WIDE && small >= WIDE {
            Numbers::unrounded(options)
        } else {
            Numbers::of_layer(small, big, options)
        }
    }

    /// Whether operands are rounded.
    pub(super) fn rounds(self) -> bool {
        self != Numbers::F32
    }

    fn unrounded(options: KernelOptions) -> Option<Numbers> {
        options.kernels.has_own_products().then_some(Numbers::F32)
    }
}
