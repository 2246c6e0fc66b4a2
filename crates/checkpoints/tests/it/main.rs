//! Tests of reading and writing networks.

#![expect(
    clippy::unwrap_used,
    reason = "a test that can't set itself up has failed"
)]

mod classes;
mod descriptions;
mod discriminator;
mod generator;
mod support;
