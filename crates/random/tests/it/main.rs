//! Tests of `dcgan-random`: the recipe's pinned vectors, and that the numbers are what they claim.

mod statistics;
mod vectors;
