//! Keeping the threads of the current rayon pool from sleeping between operations.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Whether [`keep_pool_hot`] is at work.
static HOT: AtomicBool = AtomicBool::new(false);

/// How long the work waits for threads to wake up; they take 50 to 100 microseconds.
const PATIENCE: Duration = Duration::from_micros(500);

/// The pollers that arrived before the work began.
///
/// A thread that comes later must not poll until the end of the work: it may be inside of a task of
/// the work, waiting for a part of that task, and the work would wait for the task forever.
#[derive(Default)]
struct Arrivals(AtomicUsize);

impl Arrivals {
    const CLOSED: usize = 1 << (usize::BITS - 1);

    /// Whether the work has yet to begin.
    fn arrive(&self) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed) & Self::CLOSED == 0
    }

    /// Waits for `expected` threads, but not long, and lets no other poll.
    fn close(&self, expected: usize) {
        let start = Instant::now();
        while self.0.load(Ordering::Relaxed) < expected && start.elapsed() < PATIENCE {
            std::thread::yield_now();
        }
        self.0.fetch_or(Self::CLOSED, Ordering::Relaxed);
    }
}

/// Runs `f` while the other threads of rayon's current pool poll for work instead of going to
/// sleep.
///
/// An operation takes a millisecond or less, and a few microseconds pass between two of them: too
/// long for rayon's threads to stay awake, and waking one takes 50 microseconds and more, most of
/// all on a virtual machine. A thread without work yields its core to any other that wants it.
///
/// A thread that takes longer than half a millisecond to wake up takes part without polling.
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
    let (over, arrivals) = (AtomicBool::new(false), Arrivals::default());
    rayon::in_place_scope(|scope| {
        scope.spawn_broadcast(|_, context| {
            // The caller may steal this task while it waits for others.
            if caller == Some(context.index()) || !arrivals.arrive() {
                return;
            }
            while !over.load(Ordering::Relaxed) {
                if rayon::yield_now() != Some(rayon::Yield::Executed) {
                    std::thread::yield_now();
                }
            }
        });
        let _over = Over(&over);
        arrivals.close(rayon::current_num_threads() - 1);
        f()
    })
}
