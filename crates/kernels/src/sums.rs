//! The gradients of weights that a backward pass is summing.

use candle_core::TensorId;

use crate::scratch::{Scratch, Stored};

/// The sums of one backward pass, each with the weight that it belongs to.
#[derive(Debug)]
pub struct Sums<T: Stored>(Vec<(TensorId, Scratch<T>)>);

impl<T: Stored> Default for Sums<T> {
    fn default() -> Sums<T> {
        Sums(Vec::new())
    }
}

impl<T: Stored> Sums<T> {
    /// Takes out the sum of a weight, if it has one.
    pub(crate) fn remove(&mut self, weight: TensorId) -> Option<Scratch<T>> {
        let at = self.0.iter().position(|(known, _)| *known == weight)?;
        Some(self.0.swap_remove(at).1)
    }

    /// Adds the sum of a weight that has none.
    pub(crate) fn insert(&mut self, weight: TensorId, sum: Scratch<T>) {
        self.0.push((weight, sum));
    }

    /// All of them.
    pub(crate) fn into_vec(self) -> Vec<(TensorId, Scratch<T>)> {
        self.0
    }
}
