//! The thread pool that a program computes on.

use rayon::{ThreadBuilder, ThreadPoolBuilder};
use std::io;
use std::sync::mpsc::{Sender, channel};

/// Gives rayon's global pool `n` threads, the calling one among them; `None` leaves the number to
/// rayon's own variable `RAYON_NUM_THREADS`, or else takes one per core.
///
/// Returns the number of threads in use: fewer if the system refuses some, and another number if
/// the pool has been started before. No result depends on it.
///
/// Call it at the program's start, on the thread that computes and lives as long as the program.
/// If that thread were not one of the pool's, each operation would be handed to a sleeping thread,
/// and waking it takes as long as a small operation. No other thread may compute while this one
/// waits outside of the pool.
pub fn claim_threads(n: Option<usize>) -> usize {
    let wanted = n.unwrap_or_else(default_number).max(1);
    let mut started = started(wanted - 1, start);
    if started.len() + 1 < wanted {
        let given = started.len() + 1;
        log::warn!("the system gave {given} of {wanted} threads: slower, with the same result");
    }
    // It fails if the pool is running already. Threads that it does not take end by themselves.
    let _ = ThreadPoolBuilder::new()
        .num_threads(started.len() + 1)
        .use_current_thread()
        .spawn_handler(|thread| {
            let refused = || io::Error::other("no thread is left for the pool");
            let next = started.pop().ok_or_else(refused)?;
            next.send(thread).map_err(|_| refused())
        })
        .build_global();
    rayon::current_num_threads()
}

/// The number of threads that rayon would choose.
fn default_number() -> usize {
    let asked = std::env::var("RAYON_NUM_THREADS").ok();
    let asked = asked.and_then(|n| n.parse().ok()).filter(|&n| n > 0);
    asked.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
}

/// Up to `n` threads that wait for their part in a pool; fewer if the system refuses one.
///
/// They are started before the pool, because a pool waits for ever for threads that it was promised
/// and the system refused.
fn started<T>(n: usize, start: impl FnMut() -> io::Result<T>) -> Vec<T> {
    std::iter::repeat_with(start)
        .take(n)
        .map_while(Result::ok)
        .collect()
}

/// A thread that runs what it is sent; if nothing comes, it ends.
fn start() -> io::Result<Sender<ThreadBuilder>> {
    let (sender, receiver) = channel::<ThreadBuilder>();
    std::thread::Builder::new().spawn(move || {
        if let Ok(thread) = receiver.recv() {
            thread.run();
        }
    })?;
    Ok(sender)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::sync::Barrier;

    #[test]
    fn a_refused_thread_leaves_the_pool_with_those_before_it() {
        let mut attempts = 0;
        let found = started(5, || {
            attempts += 1;
            if attempts > 2 {
                Err(io::ErrorKind::WouldBlock.into())
            } else {
                Ok(attempts)
            }
        });
        assert_eq!((found, attempts), (vec![1, 2], 3));
    }

    #[test]
    fn the_pool_has_as_many_threads_as_asked_for_and_the_caller_is_one() {
        let found = std::thread::spawn(|| {
            assert_eq!(claim_threads(Some(3)), 3);
            let caller = rayon::current_thread_index();
            // Each waits for the others: they are three at once.
            let barrier = Barrier::new(3);
            let ids = rayon::broadcast(|_| {
                barrier.wait();
                format!("{:?}", std::thread::current().id())
            });
            (
                caller,
                ids.into_iter().collect::<BTreeSet<_>>().len(),
                claim_threads(Some(2)),
            )
        });
        let (caller, threads, again) = found.join().expect("no panic");
        assert_eq!((caller, threads, again), (Some(0), 3, 3));
    }
}
