//! Random orders of rows, so that no split, block or subset depends on how a set was sorted.

use dcgan_random::{Purpose, Stream};

/// The order of the first set of a measure.
pub(crate) const FIRST: u64 = 0;
/// The order of the second set.
pub(crate) const SECOND: u64 = 1;

/// A permutation of n rows, drawn by the seed; `set` keeps the orders of two sets apart.
pub(crate) fn shuffled(n: usize, seed: u64, set: u64) -> Vec<u32> {
    let n = u32::try_from(n).unwrap_or(u32::MAX);
    Stream::new(seed, Purpose::Split, set).permutation(n)
}
