//! Runs the work in parallel, with progress and a limit on memory. Outputs don't depend on it.

use crate::Error;
use dcgan_stage::{Failure, Progress, Signals};
use rayon::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

/// Maximum bytes of files and decoded pictures in memory, for any number of threads: five
/// photographs of 24 million pixels, or thousands of small ones. A picture that needs more waits
/// until it is the only one.
const BYTES: u64 = 5 << 27;

/// Threads and their shared state.
pub(crate) struct Work<'a> {
    threads: rayon::ThreadPool,
    signals: &'a Signals,
    quiet: bool,
    free: Mutex<u64>,
    given_back: Condvar,
}

impl<'a> Work<'a> {
    /// Starts `threads` threads.
    ///
    /// # Errors
    /// [`Failure::Output`] if the system refuses.
    pub(crate) fn new(threads: usize, signals: &'a Signals, quiet: bool) -> Result<Self, Failure> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let threads = pool.map_err(|source| Failure::output(Error::Threads { source }))?;
        Ok(Self {
            threads,
            signals,
            quiet,
            free: Mutex::new(BYTES),
            given_back: Condvar::new(),
        })
    }

    /// Applies `work` to each item in parallel; the results are in the items' order.
    ///
    /// # Errors
    /// As `work`, and [`Failure::Interrupted`].
    pub(crate) fn each<T: Sync, R: Send>(
        &self,
        label: &str,
        items: &[T],
        work: impl Fn(&T) -> Result<R, Failure> + Sync,
    ) -> Result<Vec<R>, Failure> {
        let progress = Progress::new(label, items.len() as u64, self.quiet);
        let done = AtomicU64::new(0);
        let results: Result<Vec<R>, Failure> = self.threads.install(|| {
            let results = items.par_iter().map(|item| {
                if let Some(signal) = self.signals.received() {
                    return Err(Failure::Interrupted(signal));
                }
                let result = work(item)?;
                progress.set(1 + done.fetch_add(1, Ordering::Relaxed), "");
                Ok(result)
            });
            results.collect()
        });
        if results.is_ok() {
            progress.finish();
        }
        results
    }

    /// Waits until `bytes` of the limit are free, and reserves them until the result is dropped.
    pub(crate) fn take(&self, bytes: u64) -> Share<'_, 'a> {
        let bytes = bytes.min(BYTES);
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let is_short = |free: &mut u64| *free < bytes;
        let free = self.given_back.wait_while(free, is_short);
        *free.unwrap_or_else(PoisonError::into_inner) -= bytes;
        Share { work: self, bytes }
    }
}

/// A reserved part of the memory.
#[must_use]
pub(crate) struct Share<'w, 'a> {
    work: &'w Work<'a>,
    bytes: u64,
}

impl Drop for Share<'_, '_> {
    fn drop(&mut self) {
        let free = self.work.free.lock();
        *free.unwrap_or_else(PoisonError::into_inner) += self.bytes;
        self.work.given_back.notify_all();
    }
}
