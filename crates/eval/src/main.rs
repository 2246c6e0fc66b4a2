//! The program `dcgan-eval`; the library has all the code.

use std::process::ExitCode;

/// The system's allocator returns large blocks to the kernel, and fresh pages are slow; mimalloc
/// keeps them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    dcgan_kernels::set_up_process();
    dcgan_stage::run_main(dcgan_eval::run)
}
