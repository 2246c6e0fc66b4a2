//! Memory that stays with the process.

use std::ffi::{c_int, c_long};

// Brings the C code to the linker.
use libmimalloc_sys as _;

/// Number of the option `mi_option_purge_delay`, the same in versions 2 and 3 of mimalloc.
const PURGE_DELAY: c_int = 15;

#[expect(unsafe_code, reason = "mimalloc is written in C")]
unsafe extern "C" {
    /// mimalloc's own; its binding hides options that have no place in a stable interface.
    fn mi_option_set(option: c_int, value: c_long);
}

/// Has mimalloc, the allocator of the programs, keep what is freed.
///
/// A training step asks for the same blocks over and over. After a second without use mimalloc
/// would give one back to the kernel, and the next step would pay for cleared pages: about a tenth
/// of its time. Nothing happens in a program with another allocator.
pub(crate) fn keep() {
    #[expect(unsafe_code, reason = "mimalloc is written in C")]
    // SAFETY: sets a number in a table, atomically, at any time; the number is known to mimalloc.
    unsafe {
        mi_option_set(PURGE_DELAY, -1);
    }
}
