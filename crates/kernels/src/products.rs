//! Products of linear layers and both kinds of convolution on wide vectors: in bfloat16 with sums
//! in `f32`, and in `f32` where the processor has AVX-512.
//!
//! A product walks over units of 32 bits: a pair of bfloat16 or one `f32` ([`layout::Unit`]). Each
//! sum is `sum += l r`, number by number in a fixed order and rounded to `f32` every time, as
//! AVX-512's instructions do for sixteen sums at once ([`tile`]). Without these instructions plain
//! loops give the same bits.
//!
//! Operands are packed, and rounded for bfloat16, just before their products, so that packing is no
//! extra pass over memory ([`layout`]). The elements of a left operand may be anywhere in a slice
//! ([`operands::Left`]): convolutions read maps in place, without a copy of every patch, and write
//! pixels in place ([`maps`]). The shape alone fixes the blocks of tasks and the parts of a split
//! sum, which are added in order: nothing depends on the number of threads.

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
