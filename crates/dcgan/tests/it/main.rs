//! Tests of `dcgan`: sizes, initial weights, loading, conversions, gradients and errors.
//!
//! The numbers of every layer are held by the golden vectors, in the workspace's own tests.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests; a failure names its place"
)]

mod conversions;
mod fixtures;
mod gradients;
mod initialisers;
mod inputs;
mod loading;
mod portable;
mod precision;
mod sizes;
