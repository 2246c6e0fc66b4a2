//! The program `dcgan-convert`; everything it does is in the library.

use std::process::ExitCode;

/// Fresh pages are slow; this allocator keeps them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    dcgan_kernels::set_up_process();
    dcgan_stage::run_main(dcgan_convert::run)
}
