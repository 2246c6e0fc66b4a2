//! Random orders of rows, so that no split, block or subset depends on how a set is sorted.

use dcgan_random::{Purpose, Stream};

/// Key for the order of a measure's first set.
pub(crate) const FIRST: u64 = 0;
/// Key for the order of the second set.
pub(crate) const SECOND: u64 = 1;

/// A random permutation of n rows, a function of `seed` and `set`.
pub(crate) fn shuffled(n: usize, seed: u64, set: u64) -> Vec<u32> {
    let n = u32::try_from(n).unwrap_or(u32::MAX);
    Stream::new(seed, Purpose::Split, set).permutation(n)
}
