//! Scratch memory that is kept for the next call.
//!
//! Fresh memory is slow (each page faults on first touch, about 2.4 GB/s), and a training step
//! needs the same buffers again and again. So a dropped buffer returns to a shelf, and the next
//! user takes the smallest that is large enough. All threads share the shelf: rayon may run a task
//! on any thread, and a buffer per thread and call site would multiply memory.

use std::ops::{Deref, DerefMut};
use std::sync::Mutex;

/// An element type of scratch buffers.
pub trait Stored: Copy + Send + Sync + 'static {
    /// The value of the elements of a fresh buffer.
    const EMPTY: Self;
    /// The buffers of this type that are not in use.
    #[doc(hidden)]
    fn shelf() -> &'static Mutex<Vec<Vec<Self>>>;
}

macro_rules! stored {
    ($($t:ty: $empty:expr),+) => {$(
        impl Stored for $t {
            const EMPTY: Self = $empty;
            fn shelf() -> &'static Mutex<Vec<Vec<Self>>> {
                static SHELF: Mutex<Vec<Vec<$t>>> = Mutex::new(Vec::new());
                &SHELF
            }
        }
    )+};
}
stored!(f32: 0.0, f64: 0.0, u16: 0);

/// A borrowed buffer of a given length with arbitrary (initialised, stale) contents.
#[derive(Debug)]
pub(crate) struct Scratch<T: Stored> {
    buffer: Vec<T>,
    len: usize,
}

impl<T: Stored> Scratch<T> {
    /// Takes a buffer of `len` elements. Its contents are whatever its last user left.
    pub(crate) fn take(len: usize) -> Scratch<T> {
        let mut shelf = T::shelf()
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let fits = (0..shelf.len())
            .filter(|&i| shelf[i].len() >= len)
            .min_by_key(|&i| shelf[i].len())
            .or_else(|| (0..shelf.len()).max_by_key(|&i| shelf[i].len()));
        let mut buffer = fits.map_or_else(Vec::new, |i| shelf.swap_remove(i));
        drop(shelf);
        if buffer.len() < len {
            // Dropped first, so that old and new are never held at once.
            buffer = Vec::new();
            buffer.resize(len, T::EMPTY);
        }
        Scratch { buffer, len }
    }
}

impl<T: Stored> Deref for Scratch<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.buffer[..self.len]
    }
}

impl<T: Stored> DerefMut for Scratch<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.buffer[..self.len]
    }
}

impl<T: Stored> Drop for Scratch<T> {
    fn drop(&mut self) {
        let mut shelf = T::shelf()
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        shelf.push(std::mem::take(&mut self.buffer));
    }
}
