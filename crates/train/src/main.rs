//! The program `dcgan-train`; everything it does is in the library.

use std::process::ExitCode;

/// The system's allocator gives large blocks back to the kernel, so that each iteration would pay
/// for fresh pages again; this one keeps them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    dcgan_stage::run_main(dcgan_train::run)
}
