//! The program `dcgan-prepare`; everything it does is in the library.

use std::process::ExitCode;

// Fresh pages are slow from the system's allocator, and a dataset is many of them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    dcgan_stage::run_main(dcgan_prepare::run)
}
