//! The pool that all kernels share: rayon's current one.

use std::error::Error as _;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

/// Sets the number of threads of rayon's global pool, once; call it before anything else, on the
/// thread that will compute and lives as long as the program.
///
/// `None` leaves the choice to rayon: one thread per core. Returns the number of threads in use,
/// which is not the number asked for if the pool had been started before. No result depends on it.
///
/// The calling thread becomes one of the pool's. Were it none, each operation would be handed to a
/// sleeping thread and waited for, which takes as long as a small operation. No other thread may
/// use the kernels while this one waits outside of them.
///
/// It also keeps candle from starting workers of its own, which spin between operations and would
/// take the cores from the kernels (an environment that says `CANDLE_NUM_THREADS` is left as it
/// is), and has mimalloc keep freed memory for the next step, where that is the program's
/// allocator.
pub fn set_threads(n: Option<usize>) -> usize {
    static CANDLE: Once = Once::new();
    CANDLE.call_once(|| {
        const NAME: &str = "CANDLE_NUM_THREADS";
        if std::env::var_os(NAME).is_none() {
            #[expect(
                unsafe_code,
                reason = "candle reads this number from the environment alone"
            )]
            // SAFETY: this is called first thing, before the program starts a thread or calls
            // foreign code that reads the environment; Rust's own readers are kept apart by a lock.
            unsafe {
                std::env::set_var(NAME, "1");
            }
        }
    });
    crate::memory::keep();
    // Zero is rayon's own choice.
    let built = rayon::ThreadPoolBuilder::new()
        .num_threads(n.map_or(0, |n| n.max(1)))
        .use_current_thread()
        .build_global();
    // It fails if the pool is running already, and if the system gives no threads: then the caller
    // is alone in a pool whose other threads will never come.
    if built.is_err_and(|error| error.source().is_some()) {
        ALONE.store(true, Ordering::Relaxed);
        return 1;
    }
    threads()
}

/// Whether the system refused the pool's threads.
static ALONE: AtomicBool = AtomicBool::new(false);
/// Whether [`awake`] is at work.
static AWAKE: AtomicBool = AtomicBool::new(false);

/// The number of threads of the current pool.
pub fn threads() -> usize {
    rayon::current_num_threads()
}

/// Runs `f` while the other threads of the pool look for work without going to sleep in between.
///
/// An operation takes a millisecond or less, and what lies between two of them a few microseconds:
/// too long for rayon's threads to stay awake, and waking one takes 50 microseconds and more, most
/// of all on a virtual machine. A thread without work gives its core to whoever else wants it.
/// Within another call, beside one, and on a thread that is none of the pool's, this is `f` alone.
pub fn awake<R>(f: impl FnOnce() -> R) -> R {
    struct Over<'a>(&'a AtomicBool);
    impl Drop for Over<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
            AWAKE.store(false, Ordering::Relaxed);
        }
    }
    // Two at once could each wait in the other's task, and to a thread outside of the pool nobody
    // listens.
    let caller = rayon::current_thread_index();
    if caller.is_none() || ALONE.load(Ordering::Relaxed) || AWAKE.swap(true, Ordering::Relaxed) {
        return f();
    }
    let over = AtomicBool::new(false);
    rayon::in_place_scope(|scope| {
        scope.spawn_broadcast(|_, context| {
            // The caller may come by while it waits for others.
            while caller != Some(context.index()) && !over.load(Ordering::Relaxed) {
                if rayon::yield_now() != Some(rayon::Yield::Executed) {
                    std::thread::yield_now();
                }
            }
        });
        let _over = Over(&over);
        f()
    })
}
