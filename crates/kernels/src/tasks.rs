//! How parallel tasks are shared out.

use rayon::iter::{IndexedParallelIterator, MaxLen};

/// Coarse tasks, of which a thread takes one at a time.
///
/// rayon hands out runs of tasks, with two threads a quarter of all at once: whoever is late with
/// such a run has the others wait for it.
pub(crate) trait OneByOne: IndexedParallelIterator {
    /// The same tasks, each to be taken alone.
    fn one_by_one(self) -> MaxLen<Self> {
        self.with_max_len(1)
    }
}

impl<I: IndexedParallelIterator> OneByOne for I {}
