//! Checks every number of the golden vectors with the public functions of the crates.
//!
//! `vectors` reads and compares the files, `ops` covers single operations, `forward` one batch,
//! `train` whole iterations, and `full_width` compares the original's sizes with an independent
//! computation. `sparse` trains with channels that are mostly zero. `golden/README.md` describes each
//! tensor.
#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot read a vector has failed the test"
)]

mod forward;
mod full_width;
mod network;
mod ops;
mod reference;
mod sparse;
mod train;
mod vectors;
