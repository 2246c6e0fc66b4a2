//! The pool that all kernels share: rayon's current one.

/// Sets the number of threads of rayon's global pool, once, before anything else runs on it.
///
/// `None` leaves the choice to rayon: one thread per core. Returns the number of threads in use, which
/// is not the number asked for if the pool had been started before. No result depends on it.
pub fn set_threads(n: Option<usize>) -> usize {
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
