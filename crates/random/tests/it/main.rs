//! Tests of `dcgan-random`: fixed vectors of the algorithm, and the distributions.

mod statistics;
mod vectors;
