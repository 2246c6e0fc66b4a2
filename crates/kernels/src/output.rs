//! Memory for results, initialised by the threads that fill it.

use std::mem::MaybeUninit;

use rayon::prelude::*;

use crate::real::Real;
use crate::tasks::CoarseTasks as _;

/// A vector of `len` elements in pieces of `piece`: `make` gets the number of each piece and the
/// piece, zeroed.
///
/// Zeros written piece by piece, right before `make` needs them, stay in the cache, and all threads
/// write them; a vector of zeros would be a pass over memory on one thread.
pub(crate) fn build<T: Real>(
    len: usize,
    piece: usize,
    make: impl Fn(usize, &mut [T]) + Send + Sync,
) -> Vec<T> {
    let mut result = Vec::with_capacity(len);
    result.spare_capacity_mut()[..len]
        .par_chunks_mut(piece.max(1))
        .enumerate()
        .one_task_per_steal()
        .for_each(|(number, spare)| make(number, zeroed(spare)));
    #[expect(unsafe_code, reason = "the threads wrote into spare capacity")]
    // SAFETY: the capacity is at least `len`, and the pieces, all of them zeroed, cover its first
    // `len` elements.
    unsafe {
        result.set_len(len);
    }
    result
}

fn zeroed<T: Real>(spare: &mut [MaybeUninit<T>]) -> &mut [T] {
    for element in &mut *spare {
        element.write(T::ZERO);
    }
    #[expect(
        unsafe_code,
        reason = "a slice has no safe way to say that it is initialised"
    )]
    // SAFETY: every element was just written, and `MaybeUninit<T>` has the layout of `T`.
    unsafe {
        &mut *(std::ptr::from_mut(spare) as *mut [T])
    }
}
