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
//! ([`operands::Left`]): convolutions multiply maps as they lie, without a copy of every patch, and
//! write pixels where they belong ([`maps`]). Tasks are blocks fixed by the shape; where a sum is
//! split, its parts are too and are added in order: nothing depends on the number of threads.

mod dense;
mod gradient;
mod layout;
mod linear;
mod maps;
mod numbers;
mod operands;
mod tile;
mod vectors;

pub(crate) use dense::multiply_dense;
pub(crate) use gradient::{has_few_rows, run_of_weight};
pub(crate) use maps::Maps;
pub(crate) use numbers::Numbers;
