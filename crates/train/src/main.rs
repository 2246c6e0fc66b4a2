//! The program `dcgan-train`; the library has all the code.

use std::process::ExitCode;

/// The system's allocator returns large blocks to the kernel, so each iteration would fault in
/// fresh pages; mimalloc keeps them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    dcgan_kernels::set_up_process();
    dcgan_stage::run_main(dcgan_train::run)
}
