//! Products of bfloat16 numbers with sums in `f32`, for linear layers and both kinds of convolution.
//!
//! A product reads pairs of numbers: `sum += l[2p + 1] r[2p + 1]`, then `sum += l[2p] r[2p]`, each rounded to
//! `f32`, which is what the instruction `vdpbf16ps` of `AVX512_BF16` does for sixteen sums at once
//! ([`tile`]). Elsewhere plain loops give the same bits.
//!
//! Operands are rounded where they are laid out for the products, so that rounding costs no pass of its own
//! ([`narrow`]). What a product reads from its left operand may lie anywhere ([`tile::Rows`]): convolutions
//! multiply maps as they lie, without a copy of every patch, and write pixels where they belong
//! ([`maps`]). Tasks are blocks fixed by the shape and no sum is split, so nothing depends on the number of
//! threads.

mod linear;
mod maps;
mod narrow;
mod tile;

pub(crate) use linear::{forward, input_gradient, weight_gradient};
pub(crate) use maps::Maps;

/// Whether the processor multiplies bfloat16 numbers, and may.
pub(crate) fn has_instructions() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        std::arch::is_x86_feature_detected!("avx512f")
            && std::arch::is_x86_feature_detected!("avx512bw")
            && std::arch::is_x86_feature_detected!("avx512bf16")
            && !crate::wide::baseline()
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        false
    }
}
