//! The pool that all kernels share: rayon's current one.

use std::sync::Once;

/// Sets the number of threads of rayon's global pool, once; call it before anything else.
///
/// `None` leaves the choice to rayon: one thread per core. Returns the number of threads in use, which
/// is not the number asked for if the pool had been started before. No result depends on it.
///
/// It also keeps candle from starting workers of its own, which spin between operations and would take the
/// cores from the kernels (an environment that says `CANDLE_NUM_THREADS` is left as it is), and has mimalloc
/// keep freed memory for the next step, where that is the program's allocator.
pub fn set_threads(n: Option<usize>) -> usize {
    static CANDLE: Once = Once::new();
    CANDLE.call_once(|| {
        const NAME: &str = "CANDLE_NUM_THREADS";
        if std::env::var_os(NAME).is_none() {
            #[expect(
                unsafe_code,
                reason = "candle reads this number from the environment alone"
            )]
            // SAFETY: this is called first thing, before the program starts a thread or calls foreign code
            // that reads the environment; Rust's own readers are kept apart by a lock.
            unsafe {
                std::env::set_var(NAME, "1");
            }
        }
    });
    crate::memory::keep();
    if let Some(n) = n {
        // Fails only if the pool is running already; the caller sees that in the returned number.
        let _ = rayon::ThreadPoolBuilder::new()
            .num_threads(n.max(1))
            .build_global();
    }
    threads()
}

/// The number of threads of the current pool.
pub fn threads() -> usize {
    rayon::current_num_threads()
}
