//! Tests of the program `dcgan-sample`.

#![expect(
    clippy::unwrap_used,
    reason = "a test that can't set itself up has failed"
)]

mod arithmetic;
mod errors;
mod files;
mod film;
mod help;
mod identity;
mod motion;
mod nearest;
mod pictures;
mod project;
mod support;
mod untrained;
