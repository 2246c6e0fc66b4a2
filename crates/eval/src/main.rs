//! The program `dcgan-eval`; everything it does is in the library.

use std::process::ExitCode;

/// The system's allocator returns large blocks to the kernel, and fresh pages cost more than the
/// arithmetic on them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    dcgan_stage::run_main(dcgan_eval::run)
}
