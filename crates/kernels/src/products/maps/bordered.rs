//! Maps with a border of zeros, laid out for products.

use std::ops::Range;

use rayon::prelude::*;

use crate::products::layout::Unit;
use crate::scratch::Scratch;
use crate::tasks::CoarseTasks as _;

/// Rounded maps `[samples, height, width, channels]` with a border of zeros, and one more element.
pub(super) struct Bordered {
    pub(super) size: [usize; 2],
    pub(super) channels: usize,
    pub(super) border: [usize; 2],
}

impl Bordered {
    fn len(&self) -> usize {
        self.size[0] * self.size[1] * self.channels
    }

    pub(super) fn at(&self, sample: usize, row: usize, column: usize) -> usize {
        ((sample * self.size[0] + row) * self.size[1] + column) * self.channels
    }

    /// The rows of a map that fit inside, each with its place, in elements.
    fn rows_inside(
        &self,
        [height, width]: [usize; 2],
    ) -> impl Iterator<Item = (Range<usize>, usize)> {
        let height = height.min(self.size[0] - self.border[0]);
        let run = width.min(self.size[1] - self.border[1]) * self.channels;
        (0..height).map(move |row| {
            let from = row * width * self.channels;
            let to = self.at(0, row + self.border[0], self.border[1]);
            (from..from + run, to)
        })
    }

    /// Rounds maps of `size` into the middle.
    pub(super) fn rounded<U: Unit>(&self, maps: &[f32], size: [usize; 2]) -> Scratch<u16> {
        let len = size[0] * size[1] * self.channels;
        let mut bordered = Scratch::take(maps.len() / len * self.len() * U::HALVES + 1);
        bordered.fill(0);
        let samples = bordered.chunks_exact_mut(self.len() * U::HALVES);
        for (map, to) in maps.chunks_exact(len).zip(samples) {
            for (from, at) in self.rows_inside(size) {
                let to = &mut to[U::HALVES * at..][..U::HALVES * from.len()];
                U::row(&map[from], to);
            }
        }
        bordered
    }

    /// Like [`Self::rounded`], with two samples paired element by element; a sample without a
    /// partner is paired with zeros.
    pub(super) fn units<U: Unit>(&self, maps: &[f32], size: [usize; 2]) -> Scratch<u16> {
        let len = size[0] * size[1] * self.channels;
        let pairs = (maps.len() / len).div_ceil(U::NUMBERS);
        let mut bordered = Scratch::take(pairs * 2 * self.len());
        bordered
            .par_chunks_exact_mut(2 * self.len())
            .zip(maps.par_chunks(U::NUMBERS * len))
            .one_task_per_steal()
            .for_each(|(to, maps)| {
                to.fill(0);
                let (even, odd) = maps.split_at(len);
                for (from, at) in self.rows_inside(size) {
                    let odd = (!odd.is_empty()).then(|| &odd[from.clone()]);
                    U::units(
                        &even[from.clone()],
                        odd,
                        &mut to[2 * at..2 * (at + from.len())],
                    );
                }
            });
        bordered
    }
}
