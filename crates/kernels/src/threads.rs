//! Keeping the threads of the current rayon pool from sleeping between operations.

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether [`keep_pool_hot`] is at work.
static HOT: AtomicBool = AtomicBool::new(false);

/// Runs `f` while the other threads of rayon's current pool poll for work instead of going to
/// sleep.
///
/// An operation takes a millisecond or less, and a few microseconds pass between two of them: too
/// long for rayon's threads to stay awake, and waking one takes 50 microseconds and more, most of
/// all on a virtual machine. A thread without work yields its core to any other that wants it.
///
/// Within another call, while another one runs, and on a thread that is not one of the pool's, this
/// is `f` alone.
pub fn keep_pool_hot<R>(f: impl FnOnce() -> R) -> R {
    struct Over<'a>(&'a AtomicBool);
    impl Drop for Over<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
            HOT.store(false, Ordering::Relaxed);
        }
    }
    // Two at once could each wait in the other's task, and work from a thread outside of the pool
    // does not reach the pollers.
    let caller = rayon::current_thread_index();
    if caller.is_none() || HOT.swap(true, Ordering::Relaxed) {
        return f();
    }
    let over = AtomicBool::new(false);
    rayon::in_place_scope(|scope| {
        scope.spawn_broadcast(|_, context| {
            // The caller may steal this task while it waits for others.
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
