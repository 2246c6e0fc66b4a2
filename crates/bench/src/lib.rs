//! Shared by the benchmarks: a network with its batch, times with their spread, the process's peak
//! memory.
//!
//! The programs, each with `--help`: `iteration` times the trainer's own step, `parts` each
//! operation of it, `scale` batch sizes and widths, and `compare` runs our programs and those of
//! `peers/` in turn. `cargo bench -p dcgan-bench` times single kernels with criterion.

mod figure;
mod network;
mod spread;

pub use figure::{Line, figure};
pub use network::Network;
pub use spread::{Spread, peak_memory};

use dcgan::{Backend, Kernels};

/// Any error ends a benchmark.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The kernels selected by `DCGAN_KERNELS`, which the stages heed too.
///
/// # Errors
/// For an unknown value.
pub fn kernels() -> Result<Kernels> {
    let asked = dcgan_settings::kernels(|name| std::env::var_os(name))?;
    match Backend::named(asked.unwrap_or_default().name()) {
        Some(Backend::Fused(kernels)) => Ok(kernels),
        _ => Err("`DCGAN_KERNELS=portable`: benchmarks have the option `--portable`".into()),
    }
}
