//! Going down: the convolution of big maps, row of taps by row of taps.

use std::ops::Range;

use rayon::prelude::*;

use super::parts::{Part, add_parts};
use super::{BLOCK, Maps};
use crate::products::layout::Unit;
use crate::products::operands::{COLUMNS, STEP, columns_of};
use crate::scratch::Scratch;
use crate::tasks::CoarseTasks as _;

/// Most pairs of a product of several rows of taps: a longer sum in one piece rounds worse than a
/// sum of sums.
const SHORT: usize = 64;

impl Maps {
    /// The rows of taps of each product: several if they are short.
    fn row_groups<U: Unit>(&self) -> Vec<Range<usize>> {
        let [height, width] = self.geometry.kernel;
        let pairs = (width * self.big).div_ceil(U::NUMBERS);
        let most = (SHORT / pairs).clamp(1, height);
        let rows = height.div_ceil(height.div_ceil(most));
        let groups = (0..height).step_by(rows);
        groups
            .map(|first| first..height.min(first + rows))
            .collect()
    }

    /// The weight `[kh, kw, rows, columns]` for [`Maps::down`].
    fn pack_down<U: Unit>(&self, w: &[f32]) -> Scratch<u16> {
        let [height, width] = self.geometry.kernel;
        let inner = width * self.big;
        let (pairs, panels) = (inner.div_ceil(U::NUMBERS), self.small.div_ceil(COLUMNS));
        let mut packed = Scratch::take(height * panels * pairs * STEP);
        let mut tasks = Vec::new();
        let mut rest = &mut packed[..];
        for rows in self.row_groups::<U>() {
            for panel in 0..panels {
                let part;
                let len = rows.len() * pairs * STEP;
                (part, rest) = std::mem::take(&mut rest).split_at_mut(len);
                let parts = part.chunks_exact_mut(pairs * STEP);
                tasks.extend(rows.clone().zip(parts).map(|(row, to)| (row, panel, to)));
            }
        }
        tasks
            .into_par_iter()
            .one_task_per_steal()
            .for_each(|(row, panel, packed)| {
                let columns = columns_of(panel, self.small);
                let run = |k: usize| {
                    let (tap, channel) = (row * width + k / self.big, k % self.big);
                    &self.weight_row(w, tap, channel)[columns.clone()]
                };
                for (number, to) in packed.chunks_exact_mut(STEP).enumerate() {
                    let k = U::NUMBERS * number;
                    let odd = (U::NUMBERS == 2 && k + 1 < inner).then(|| run(k + 1));
                    U::units(run(k), odd, to);
                }
            });
        packed
    }

    pub(super) fn go_down<U: Unit>(&self, w: &[f32], big: &[f32], small: &mut [f32]) {
        let w = &self.pack_down::<U>(w);
        let g = &self.geometry;
        let map = self.big_bordered();
        let pairs = (g.kernel[1] * self.big).div_ceil(U::NUMBERS);
        let panels = self.small.div_ceil(COLUMNS);
        let groups = self.row_groups::<U>().into_iter();
        let parts: Vec<Part> = groups
            .map(|rows| Part {
                first: rows.start * panels * pairs * STEP,
                steps: rows
                    .flat_map(|row| {
                        let start = U::HALVES * map.at(0, row, 0);
                        (0..pairs).map(move |step| start + 2 * step)
                    })
                    .collect(),
            })
            .collect();
        small
            .par_chunks_mut(BLOCK * self.small_len())
            .zip(big.par_chunks(BLOCK * self.big_len()))
            .one_task_per_steal()
            .for_each(|(small, big)| {
                let big = map.rounded::<U>(big, g.big);
                let mut target: Vec<&mut [f32]> = small.chunks_exact_mut(self.small).collect();
                let rows = self.positions(&map, target.len(), U::HALVES).collect();
                add_parts::<U>(&mut target, self.small, &big, &rows, &parts, w);
            });
    }
}
