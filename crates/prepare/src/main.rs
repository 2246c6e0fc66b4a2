//! The program `dcgan-prepare`; the library has all the code.

use std::process::ExitCode;

// Fresh pages from the system's allocator are slow, and a dataset has many.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    dcgan_stage::run_main(dcgan_prepare::run)
}
