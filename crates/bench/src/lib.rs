//! What the benchmarks share: a network with its batch, times with their spread, the process's peak memory.
//!
//! The programs, each with `--help`: `iteration` times the trainer's own step, `parts` each operation of it,
//! `scale` batches and widths, and `compare` drives programs in turn, ours and those of `peers/`.
//! `cargo bench -p dcgan-bench` times single kernels with criterion.

mod figure;
mod network;
mod spread;

pub use figure::{Line, figure};
pub use network::Network;
pub use spread::{Spread, peak_memory};

/// What goes wrong in a benchmark ends it.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;
