//! The program `dcgan-convert`, run as its users run it.

#![expect(
    clippy::unwrap_used,
    reason = "a test that can't set itself up has failed"
)]

mod card;
mod errors;
mod files;
mod onnx;
mod page;
mod support;
mod tensorflow;
mod torch;
mod wire;
