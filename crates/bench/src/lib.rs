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

use dcgan_kernels::Kernels;

/// Any error ends a benchmark.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Uses the kernels selected by `DCGAN_KERNELS`, as the stages do.
///
/// # Errors
/// For an unknown value.
pub fn apply_environment() -> Result<()> {
    let asked = dcgan_settings::kernels(|name| std::env::var_os(name))?;
    dcgan_kernels::set_kernels(match asked.unwrap_or_default() {
        dcgan_settings::KernelChoice::Auto => Kernels::Auto,
        dcgan_settings::KernelChoice::Gemm => Kernels::Gemm,
        dcgan_settings::KernelChoice::Direct => Kernels::Direct,
        dcgan_settings::KernelChoice::Winograd => Kernels::Winograd,
        dcgan_settings::KernelChoice::Baseline => Kernels::Baseline,
        dcgan_settings::KernelChoice::Portable => {
            return Err("`DCGAN_KERNELS=portable`: benchmarks have the option `--portable`".into());
        }
    });
    Ok(())
}
