//! Mean and variance of each feature of a batch.
//!
//! Moments keep their digits even where the spread is far below the mean, in one pass: each block
//! of a few rows is shifted by its own first row, and the blocks' moments are merged in `f64`
//! (Chan, Golub and `LeVeque` 1979), in an order that depends on the shape alone.
#![expect(
    clippy::inline_always,
    reason = "what is not inlined into `wide` is compiled for the baseline"
)]

use rayon::prelude::*;

use crate::isa::Isa;
use crate::real::Real;
use crate::tasks::CoarseTasks as _;
use crate::wide::wide;

/// Rows shifted together: few enough for sums in `f32`.
pub(crate) const ROWS: usize = 32;
/// Columns per task.
pub(crate) const COLUMNS: usize = 128;
/// Most partial results over the rows.
const PARTS: usize = 16;

/// Mean and biased variance per feature.
#[derive(Clone, Debug)]
pub(crate) struct Moments {
    pub(crate) mean: Vec<f64>,
    pub(crate) variance: Vec<f64>,
}

/// Rows per part: fixed by the shape.
pub(crate) fn part_rows(rows: usize) -> usize {
    rows.div_ceil(PARTS).next_multiple_of(ROWS)
}

/// The moments of `x` `[rows, c]`.
pub(crate) fn moments<T: Real>(x: &[T], c: usize, isa: Isa) -> Moments {
    let rows = x.len() / c;
    let part = part_rows(rows);
    // Per part: mean and sum of squared deviations of each feature.
    let mut parts = vec![(0.0, 0.0); rows.div_ceil(part) * c];
    parts
        .par_chunks_mut(c)
        .zip(x.par_chunks(part * c))
        .one_task_per_steal()
        .for_each(|(parts, x)| {
            parts
                .par_chunks_mut(COLUMNS)
                .enumerate()
                .for_each(|(at, parts)| {
                    wide(isa, || part_moments(x, c, at * COLUMNS, parts));
                });
        });
    let (first, rest) = parts.split_at(c);
    let mut merged = first.to_vec();
    for (i, other) in rest.chunks_exact(c).enumerate() {
        let n = (part * (i + 1)) as f64;
        let added = part.min(rows - part * (i + 1)) as f64;
        for (merged, &other) in merged.iter_mut().zip(other) {
            merge(merged, n, other, added);
        }
    }
    Moments {
        mean: merged.iter().map(|m| m.0).collect(),
        variance: merged.iter().map(|m| m.1 / rows as f64).collect(),
    }
}

/// Merges the moments of `added` values into the moments of `n`.
fn merge(into: &mut (f64, f64), n: f64, (mean, squares): (f64, f64), added: f64) {
    let delta = mean - into.0;
    let share = added / (n + added);
    into.0 += delta * share;
    into.1 += squares + delta * delta * n * share;
}

/// Moments of the columns from `first` on, over all rows of `x`.
#[inline(always)]
fn part_moments<T: Real>(x: &[T], c: usize, first: usize, parts: &mut [(f64, f64)]) {
    let width = parts.len();
    let (mut sums, mut squares) = ([T::ZERO; COLUMNS], [T::ZERO; COLUMNS]);
    let (sums, squares) = (&mut sums[..width], &mut squares[..width]);
    let mut n = 0.0;
    for block in x.chunks(ROWS * c) {
        let shift = &block[first..first + width];
        sums.fill(T::ZERO);
        squares.fill(T::ZERO);
        for row in block.chunks_exact(c).map(|row| &row[first..first + width]) {
            for (((sum, square), &x), &shift) in
                sums.iter_mut().zip(&mut *squares).zip(row).zip(shift)
            {
                let d = x - shift;
                *sum += d;
                *square += d * d;
            }
        }
        let count = (block.len() / c) as f64;
        for (((part, sum), square), shift) in parts.iter_mut().zip(&*sums).zip(&*squares).zip(shift)
        {
            let mean = sum.to_f64() / count;
            let squares = (square.to_f64() - mean * sum.to_f64()).max(0.0);
            merge(part, n, (shift.to_f64() + mean, squares), count);
        }
        n += count;
    }
}
