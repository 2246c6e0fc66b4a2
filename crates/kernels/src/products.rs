//! Products of linear layers and both kinds of convolution on wide vectors: in bfloat16 with sums
//! in `f32`, and in `f32` where the processor has AVX-512.
//!
//! A product walks over units of 32 bits: a pair of bfloat16 or one `f32` ([`layout::Unit`]). Sums
//! are those of `sum += l r`, number by number in a fixed order and each rounded to `f32`, which is
//! what AVX-512's instructions do for sixteen sums at once ([`tile`]). Elsewhere plain loops give
//! the same bits.
//!
//! Operands are laid out, and rounded for bfloat16, just before their products, so that it costs no
//! pass of its own ([`layout`]). What a product reads from its left operand may lie anywhere
//! ([`tile::Left`]): convolutions multiply maps as they lie, without a copy of every patch, and
//! write pixels where they belong ([`maps`]). Tasks are blocks fixed by the shape; where a sum is
//! split, its parts are too and are added in order: nothing depends on the number of threads.

mod dense;
mod gradient;
mod layout;
mod linear;
mod maps;
mod tile;
mod vectors;

pub(crate) use dense::multiply_dense;
pub(crate) use gradient::{has_few_rows, run_of_weight};
pub(crate) use maps::Maps;

use crate::forms::Form;
use crate::precision::Precision;

/// Channels on either side from which the products of this module gain anything.
const WIDE: usize = 8;

/// What products of this module multiply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Numbers {
    /// `f32` as they are.
    F32,
    /// `f32` rounded to bfloat16.
    Bf16,
}

impl Numbers {
    /// Operand format of a layer between `inputs` and `outputs` channels whose elements are `f32`;
    /// `None` means the `gemm` crate.
    pub(crate) fn of_layer(inputs: usize, outputs: usize) -> Option<Numbers> {
        let numbers = match Precision::chosen() {
            Precision::Bf16 => Some(Numbers::Bf16),
            Precision::F32 => Numbers::unrounded(),
        };
        numbers.filter(|_| inputs.min(outputs) >= WIDE)
    }

    /// Operand format of a convolution between maps of `small` and `big` channels, and of its
    /// transpose. If only the big side is narrow, as for pictures, operands are not rounded and
    /// [`Maps::goes_up`] is false.
    pub(crate) fn of_maps(small: usize, big: usize) -> Option<Numbers> {
        if big < WIDE && small >= WIDE {
            Numbers::unrounded()
        } else {
            Numbers::of_layer(small, big)
        }
    }

    fn unrounded() -> Option<Numbers> {
        (has_avx512() && !Form::is_gemm()).then_some(Numbers::F32)
    }
}

/// Whether the processor multiplies bfloat16 numbers, and may.
pub(crate) fn has_bf16() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        std::arch::is_x86_feature_detected!("avx512bf16")
            && has_avx512()
            && !crate::wide::baseline()
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        false
    }
}

/// Whether the processor has vectors of sixteen `f32`.
pub(crate) fn has_avx512() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        std::arch::is_x86_feature_detected!("avx512f")
            && std::arch::is_x86_feature_detected!("avx512bw")
            && !crate::wide::baseline_from_the_start()
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        false
    }
}
