//! Every number of the golden vectors, through the public functions of the crates.
//!
//! `vectors` reads the files and compares, `ops` covers single operations, `forward` one batch,
//! `train` whole iterations, `full_width` the original's sizes against an independent computation.
//! The files' own page, `golden/README.md`, says what each tensor is.
#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot read a vector has failed the test"
)]

mod forward;
mod full_width;
mod network;
mod ops;
mod reference;
mod train;
mod vectors;
