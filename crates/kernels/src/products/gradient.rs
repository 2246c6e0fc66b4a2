//! The gradient of the weight between small and big maps: a product over all positions of the small
//! side.

use std::ops::Range;

use rayon::prelude::*;

use super::layout::Unit;
use super::operands::{Ahead, COLUMNS, Left, Offsets, Panels, STEP, columns_of};
use super::tile::multiply;
use crate::matmul::Target;
use crate::scratch::Scratch;
use crate::tasks::CoarseTasks as _;

/// Units in a block of the inner dimension.
const DEPTH: usize = 256;
/// Rows of the weight in a task.
const HEIGHT: usize = 48;
/// Fewest tasks.
const TASKS: usize = 16;

/// Whether a weight has too few rows for a task per block of rows; see [`Gradient::by_positions`].
pub(crate) fn has_few_rows(rows: usize) -> bool {
    rows < TASKS * HEIGHT
}

/// Positions in one sum of the gradient of a weight with `rows` rows.
pub(crate) fn run_of_weight(rows: usize, positions: usize) -> usize {
    if has_few_rows(rows) {
        positions.div_ceil(TASKS).clamp(1, DEPTH)
    } else {
        DEPTH
    }
}

/// The operands.
pub(super) struct Gradient<'a> {
    /// The big side with its border.
    pub(super) big: &'a [u16],
    /// The small side: `[positions, width]` units.
    pub(super) small: &'a [u16],
    /// Channels of the small side.
    pub(super) width: usize,
    /// For each row of the weight, the place of its element of the big side for the first position,
    /// in halves.
    pub(super) rows: Vec<usize>,
    /// The distance of each position from the first, in halves.
    pub(super) positions: Vec<usize>,
}

impl Gradient<'_> {
    /// Writes or adds the gradient: tasks are runs of the weight's rows, or of positions if there
    /// are few rows.
    pub(super) fn write<U: Unit>(&self, rows: Vec<&mut [f32]>, mode: Target) {
        if has_few_rows(rows.len()) {
            self.by_positions::<U>(rows, mode);
        } else {
            self.by_rows::<U>(rows, mode);
        }
    }

    /// Tasks of [`HEIGHT`] rows, which share one right operand.
    fn by_rows<U: Unit>(&self, mut rows: Vec<&mut [f32]>, mode: Target) {
        let (n, panels) = (self.positions.len(), self.width.div_ceil(COLUMNS));
        let mut right = Scratch::take(panels * n * STEP);
        right
            .par_chunks_exact_mut(n * STEP)
            .enumerate()
            .for_each(|(panel, to)| {
                to.par_chunks_mut(DEPTH * STEP)
                    .enumerate()
                    .one_task_per_steal()
                    .for_each(|(block, to)| {
                        let first = block * DEPTH;
                        self.put_panel(panel, first..n.min(first + DEPTH), to);
                    });
            });
        let blocks: Vec<Offsets> = self
            .positions
            .chunks(DEPTH)
            .map(|block| block.iter().copied().collect())
            .collect();
        rows.par_chunks_mut(HEIGHT)
            .zip(self.rows.par_chunks(HEIGHT))
            .one_task_per_steal()
            .for_each(|(target, places)| {
                let places = places.iter().copied().collect();
                for (block, steps) in blocks.iter().enumerate() {
                    let rhs = Panels {
                        data: &right[block * DEPTH * STEP..],
                        step: STEP,
                        panel: n * STEP,
                    };
                    let mode = if block == 0 { mode } else { Target::Add };
                    self.multiply::<U>(target, mode, &places, steps, rhs);
                }
            });
    }

    /// Tasks of all rows, each over a run of positions, whose sums are added in order.
    fn by_positions<U: Unit>(&self, mut rows: Vec<&mut [f32]>, mode: Target) {
        let (n, width) = (self.positions.len(), self.width);
        let panels = width.div_ceil(COLUMNS);
        let run = n.div_ceil(TASKS).max(1);
        let places: Offsets = self.rows.iter().copied().collect();
        let mut sums = Scratch::take(n.div_ceil(run) * rows.len() * width);
        sums.par_chunks_exact_mut(rows.len() * width)
            .enumerate()
            .one_task_per_steal()
            .for_each(|(at, sum)| {
                let mut target: Vec<&mut [f32]> = sum.chunks_exact_mut(width).collect();
                let run = at * run..n.min((at + 1) * run);
                let mut right = Scratch::take(panels * DEPTH * STEP);
                for first in run.clone().step_by(DEPTH) {
                    let block = first..run.end.min(first + DEPTH);
                    let steps = self.positions[block.clone()].iter().copied().collect();
                    for panel in 0..panels {
                        let to = &mut right[panel * DEPTH * STEP..][..block.len() * STEP];
                        self.put_panel(panel, block.clone(), to);
                    }
                    let rhs = Panels {
                        data: &right,
                        step: STEP,
                        panel: DEPTH * STEP,
                    };
                    let mode = if first == run.start {
                        Target::Replace
                    } else {
                        Target::Add
                    };
                    self.multiply::<U>(&mut target, mode, &places, &steps, rhs);
                }
            });
        let n_rows = rows.len();
        rows.par_iter_mut().enumerate().for_each(|(row, dw)| {
            for (at, sum) in sums.chunks_exact(n_rows * width).enumerate() {
                let mode = if at == 0 { mode } else { Target::Add };
                mode.put(&sum[row * width..][..width], &mut dw[..width]);
            }
        });
    }

    /// One panel of the right operand at some positions.
    fn put_panel(&self, panel: usize, positions: Range<usize>, to: &mut [u16]) {
        let width = self.width;
        let columns = columns_of(panel, width);
        let rows = self.small[2 * positions.start * width..2 * positions.end * width]
            .chunks_exact(2 * width);
        for (to, row) in to.chunks_exact_mut(STEP).zip(rows) {
            let row = &row[2 * columns.start..2 * columns.end];
            let (to, rest) = to.split_at_mut(row.len());
            to.copy_from_slice(row);
            rest.fill(0);
        }
    }

    fn multiply<U: Unit>(
        &self,
        target: &mut [&mut [f32]],
        mode: Target,
        rows: &Offsets,
        steps: &Offsets,
        rhs: Panels<'_>,
    ) {
        let lhs = Left {
            data: self.big,
            rows,
            steps,
        };
        let ahead = &mut Ahead::nothing();
        multiply::<U>(target, mode, self.width, lhs, rhs, ahead);
    }
}
