//! How threads share out parallel tasks.

use rayon::iter::{IndexedParallelIterator, MaxLen};

/// Coarse tasks, each stolen by itself.
///
/// By default rayon splits tasks into runs, with two threads a quarter of all tasks each: the
/// others wait for the thread that is late with its run.
pub(crate) trait CoarseTasks: IndexedParallelIterator {
    /// Makes every task a unit of its own for work stealing.
    fn one_task_per_steal(self) -> MaxLen<Self> {
        self.with_max_len(1)
    }
}

impl<I: IndexedParallelIterator> CoarseTasks for I {}
