//! Tests of `dcgan`: sizes, initial weights, loading, conversions, gradients, candle's traits, the
//! training step and errors.
//!
//! The numbers of every layer are held by the golden vectors, in the workspace's own tests.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests; a failure names its place"
)]

mod candle;
mod conversions;
mod fixtures;
mod gradients;
mod inference;
mod initialisers;
mod inputs;
mod iteration;
mod latents;
mod loading;
mod portable;
mod precision;
mod sizes;
