//! Settings of the whole process, for programs: the feature `programs`.

use std::ffi::{c_int, c_long};

// Brings the C code to the linker.
use libmimalloc_sys as _;

/// Number of the option `mi_option_purge_delay`, the same in versions 2 and 3 of mimalloc.
const PURGE_DELAY: c_int = 15;

/// The variable from which candle takes the number of its own workers.
const CANDLE_WORKERS: &str = "CANDLE_NUM_THREADS";

#[expect(unsafe_code, reason = "mimalloc is written in C")]
unsafe extern "C" {
    /// mimalloc's own; its binding hides options that have no place in a stable interface.
    fn mi_option_set(option: c_int, value: c_long);
}

/// Prepares the process for training. A program calls this first thing in `main`, before it starts
/// a thread; a library must leave it to the program.
///
/// * mimalloc, where it is the program's allocator, keeps freed memory. A training step asks for
///   the same blocks over and over. After a second without use mimalloc would return one to the
///   operating system, and the next step would wait for cleared pages: about a tenth of its time.
/// * candle starts no workers of its own, unless `CANDLE_NUM_THREADS` is set. They would share out
///   its elementwise operations of 65,536 elements and more, spin between them, and take cores from
///   the kernels, whatever number of threads the program was told to use.
pub fn set_up_process() {
    #[expect(unsafe_code, reason = "mimalloc is written in C")]
    // SAFETY: sets a number in a table, atomically, at any time; the number is known to mimalloc.
    unsafe {
        mi_option_set(PURGE_DELAY, -1);
    }
    if std::env::var_os(CANDLE_WORKERS).is_none() {
        #[expect(
            unsafe_code,
            reason = "candle reads this number from the environment alone"
        )]
        // SAFETY: this is called first thing, before the program starts a thread or calls foreign
        // code that reads the environment; Rust's own readers are kept apart by a lock.
        unsafe {
            std::env::set_var(CANDLE_WORKERS, "1");
        }
    }
}
