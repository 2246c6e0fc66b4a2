//! The kernels against their reference twins, against finite differences, and against themselves on
//! other numbers of threads.

#![expect(clippy::unwrap_used, reason = "a failing set-up should stop the test")]

mod distances;
mod errors;
mod exactness;
mod golden;
mod gradients;
mod layers;
mod precision;
mod threads;
mod twins;
