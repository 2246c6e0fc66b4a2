//! The products of a fully connected layer, without labels and bias.

use rayon::prelude::*;

use super::layout::{Halves, PlainHalves, Single, Unit};
use super::numbers::Numbers;
use super::operands::{Ahead, COLUMNS, Left, Offsets, Panels, STEP, columns_of};
use super::tile::multiply;
use crate::matmul::Target;
use crate::scratch::Scratch;
use crate::tasks::CoarseTasks as _;

/// Pairs in a block of the inner dimension: a panel of them, 64 KB, stays in the second-level
/// cache.
const DEPTH: usize = 256;
/// Columns of a weight that are packed at once: runs of half a kilobyte, which are read at nearly
/// full memory speed.
const WIDTH: usize = 2 * COLUMNS;
/// Numbers in a line of the cache.
const LINE: usize = 16;
/// Rows of a weight in a task.
const HEIGHT: usize = 48;

impl Numbers {
    /// Adds `x w` to `result`: `x` `[batch, C]`, `w` `[C, out]`, `result` `[batch, out]`.
    pub(crate) fn forward(self, x: &[f32], w: &[f32], result: &mut [f32], batch: usize) {
        match self {
            Numbers::F32 => forward::<Single>(x, w, result, batch),
            Numbers::Bf16 => forward::<Halves>(x, w, result, batch),
            Numbers::PlainBf16 => forward::<PlainHalves>(x, w, result, batch),
        }
    }

    /// `dx = dy w^T`: `dy` `[batch, out]`, `w` `[C, out]`, `dx` `[batch, C]`.
    pub(crate) fn input_gradient(self, dy: &[f32], w: &[f32], dx: &mut [f32], batch: usize) {
        match self {
            Numbers::F32 => input_gradient::<Single>(dy, w, dx, batch),
            Numbers::Bf16 => input_gradient::<Halves>(dy, w, dx, batch),
            Numbers::PlainBf16 => input_gradient::<PlainHalves>(dy, w, dx, batch),
        }
    }

    /// `dw (=|+=) x^T dy`: `x` `[batch, C]`, `dy` `[batch, out]`, `dw` `[C, out]`.
    pub(crate) fn weight_gradient(
        self,
        dw: &mut [f32],
        mode: Target,
        x: &[f32],
        dy: &[f32],
        batch: usize,
    ) {
        match self {
            Numbers::F32 => weight_gradient::<Single>(dw, mode, x, dy, batch),
            Numbers::Bf16 => weight_gradient::<Halves>(dw, mode, x, dy, batch),
            Numbers::PlainBf16 => weight_gradient::<PlainHalves>(dw, mode, x, dy, batch),
        }
    }
}

/// The weight is read once, in blocks that are rounded and packed just before their products: with
/// as few rows as a batch has, reading it takes most of the time.
fn forward<U: Unit>(x: &[f32], w: &[f32], result: &mut [f32], batch: usize) {
    let (c, out) = (x.len() / batch, result.len() / batch);
    let x = Rounded::new::<U>(x, c);
    let rows = x.rows(batch);
    let steps: Vec<Offsets> = blocks::<U>(c).map(|(first, n)| x.steps(first, n)).collect();

    let mut tasks: Vec<Vec<&mut [f32]>> = Vec::new();
    tasks.resize_with(out.div_ceil(WIDTH), || Vec::with_capacity(batch));
    for row in result.chunks_exact_mut(out) {
        for (task, part) in tasks.iter_mut().zip(row.chunks_mut(WIDTH)) {
            task.push(part);
        }
    }
    tasks
        .into_par_iter()
        .enumerate()
        .one_task_per_steal()
        .for_each(|(at, mut task)| {
            let width = (out - at * WIDTH).min(WIDTH);
            let panels = width.div_ceil(COLUMNS);
            let mut packed = Scratch::take(panels * DEPTH * STEP);
            for ((first, n), steps) in blocks::<U>(c).zip(&steps) {
                for number in 0..n {
                    let k = U::NUMBERS * (first + number);
                    let even = &w[k * out + at * WIDTH..][..width];
                    let odd = (U::NUMBERS == 2 && k + 1 < c)
                        .then(|| &w[(k + 1) * out + at * WIDTH..][..width]);
                    for panel in 0..panels {
                        let columns = columns_of(panel, width);
                        let to = &mut packed[(panel * n + number) * STEP..][..STEP];
                        U::units(&even[columns.clone()], odd.map(|odd| &odd[columns]), to);
                    }
                }
                let lhs = Left {
                    data: &x.data,
                    rows: &rows,
                    steps,
                };
                let rhs = Panels {
                    data: &packed,
                    step: STEP,
                    panel: n * STEP,
                };
                let next = U::NUMBERS * (first + n)..c.min(U::NUMBERS * (first + n + DEPTH));
                let mut ahead = Ahead::of(next.map(|k| &w[k * out + at * WIDTH..][..width]));
                multiply::<U>(&mut task, Target::Add, width, lhs, rhs, &mut ahead);
            }
        });
}

/// The gradient is computed as `w dy^T`, so that the weight is read in place.
fn input_gradient<U: Unit>(dy: &[f32], w: &[f32], dx: &mut [f32], batch: usize) {
    let out = dy.len() / batch;
    let c = w.len() / out;
    let pairs = out.div_ceil(U::NUMBERS);
    let dy = columns::<U>(dy, batch);
    let mut transposed = Scratch::take(c * batch);
    transposed
        .par_chunks_mut(HEIGHT * batch)
        .enumerate()
        .one_task_per_steal()
        .for_each(|(at, target)| {
            let mut target: Vec<&mut [f32]> = target.chunks_exact_mut(batch).collect();
            let w = w[at * HEIGHT * out..].chunks_exact(out);
            // A little more than a power of two, which would keep all rows in the same places of
            // the cache.
            let stride = 2 * DEPTH + 32;
            let mut part = Scratch::take(target.len() * stride);
            let rows: Offsets = (0..target.len()).map(|row| row * stride).collect();
            for (first, n) in blocks::<U>(out) {
                let from = U::NUMBERS * first..out.min(U::NUMBERS * (first + n));
                for (w, part) in w.clone().zip(part.chunks_exact_mut(stride)) {
                    let (to, rest) = part.split_at_mut(U::HALVES * from.len());
                    U::row(&w[from.clone()], to);
                    rest[0] = 0;
                }
                let steps: Offsets = (0..n).map(|step| 2 * step).collect();
                let lhs = Left {
                    data: &part,
                    rows: &rows,
                    steps: &steps,
                };
                let rhs = Panels {
                    data: &dy[first * STEP..],
                    step: STEP,
                    panel: pairs * STEP,
                };
                let mode = if first == 0 {
                    Target::Replace
                } else {
                    Target::Add
                };
                let next =
                    out.min(U::NUMBERS * (first + n))..out.min(U::NUMBERS * (first + n + DEPTH));
                let rows = w.clone().take(target.len());
                let mut ahead = Ahead::of(rows.map(|w| &w[next.clone()]));
                multiply::<U>(&mut target, mode, batch, lhs, rhs, &mut ahead);
            }
        });
    dx.par_chunks_mut(LINE * c)
        .enumerate()
        .one_task_per_steal()
        .for_each(|(at, dx)| {
            for (i, row) in transposed.chunks_exact(batch).enumerate() {
                let rows = dx.chunks_exact_mut(c);
                for (dx, &value) in rows.zip(&row[at * LINE..]) {
                    dx[i] = value;
                }
            }
        });
}

/// The gradient is a product over the batch: rows of `x` and of `dy` are paired sample by sample.
fn weight_gradient<U: Unit>(dw: &mut [f32], mode: Target, x: &[f32], dy: &[f32], batch: usize) {
    let (c, out) = (x.len() / batch, dy.len() / batch);
    let pairs = batch.div_ceil(U::NUMBERS);
    let left = sample_rows::<U>(x, c, batch);
    let right = sample_panels::<U>(dy, out, batch);
    let all: Vec<Offsets> = (0..pairs.div_ceil(DEPTH))
        .map(|block| block * DEPTH..pairs.min((block + 1) * DEPTH))
        .map(|block| block.map(|number| number * 2 * c).collect())
        .collect();
    dw.par_chunks_mut(HEIGHT * out)
        .enumerate()
        .one_task_per_steal()
        .for_each(|(at, target)| {
            let mut target: Vec<&mut [f32]> = target.chunks_exact_mut(out).collect();
            let rows: Offsets = (0..target.len())
                .map(|row| 2 * (at * HEIGHT + row))
                .collect();
            for (block, steps) in all.iter().enumerate() {
                let lhs = Left {
                    data: &left,
                    rows: &rows,
                    steps,
                };
                let rhs = Panels {
                    data: &right[block * DEPTH * STEP..],
                    step: STEP,
                    panel: pairs * STEP,
                };
                let mode = if block == 0 { mode } else { Target::Add };
                let mut ahead = Ahead::of(panels_of(&target, out));
                multiply::<U>(&mut target, mode, out, lhs, rhs, &mut ahead);
            }
        });
}

/// The samples of a unit: the first, and the second where a unit has two numbers and the batch has
/// that sample.
fn samples<U: Unit>(unit: usize, batch: usize) -> (usize, Option<usize>) {
    let first = U::NUMBERS * unit;
    let second = (U::NUMBERS == 2 && first + 1 < batch).then_some(first + 1);
    (first, second)
}

/// `x` `[batch, c]` as units of samples: `[units, c]`.
fn sample_rows<U: Unit>(x: &[f32], c: usize, batch: usize) -> Scratch<u16> {
    let mut rows = Scratch::take(batch.div_ceil(U::NUMBERS) * 2 * c);
    rows.par_chunks_mut(2 * c)
        .enumerate()
        .one_task_per_steal()
        .for_each(|(unit, to)| {
            let (first, second) = samples::<U>(unit, batch);
            let row = |sample: usize| &x[sample * c..][..c];
            U::units(row(first), second.map(row), to);
        });
    rows
}

/// `dy` `[batch, out]` as units of samples in panels of 64 columns: `[panels, units, 64]`.
fn sample_panels<U: Unit>(dy: &[f32], out: usize, batch: usize) -> Scratch<u16> {
    let units = batch.div_ceil(U::NUMBERS);
    let mut panels = Scratch::take(out.div_ceil(COLUMNS) * units * STEP);
    panels
        .par_chunks_mut(units * STEP)
        .enumerate()
        .one_task_per_steal()
        .for_each(|(panel, to)| {
            let columns = columns_of(panel, out);
            let row = |sample: usize| &dy[sample * out..][columns.clone()];
            for (unit, to) in to.chunks_exact_mut(STEP).enumerate() {
                let (first, second) = samples::<U>(unit, batch);
                U::units(row(first), second.map(row), to);
            }
        });
    panels
}

/// All rows but their first panel, panel by panel.
fn panels_of<'a>(rows: &'a [&mut [f32]], columns: usize) -> impl Iterator<Item = &'a [f32]> {
    let panels = (COLUMNS..columns).step_by(COLUMNS);
    panels.flat_map(move |first| {
        let last = columns.min(first + COLUMNS);
        rows.iter().map(move |row| &row[first..last])
    })
}

/// First pair and number of pairs of each block of an inner dimension.
fn blocks<U: Unit>(inner: usize) -> impl Iterator<Item = (usize, usize)> {
    let pairs = inner.div_ceil(U::NUMBERS);
    (0..pairs)
        .step_by(DEPTH)
        .map(move |first| (first, (pairs - first).min(DEPTH)))
}

/// A rounded matrix, row by row.
struct Rounded {
    data: Scratch<u16>,
    stride: usize,
}

impl Rounded {
    /// Rounds rows of `c` numbers.
    fn new<U: Unit>(x: &[f32], c: usize) -> Rounded {
        // A little more than whole lines: rows a power of two apart would share places of the
        // cache.
        let stride = (U::HALVES * c).next_multiple_of(32) + 32;
        let mut data = Scratch::take(x.len() / c * stride);
        let rows = data.par_chunks_mut(stride).zip(x.par_chunks(c));
        rows.one_task_per_steal().for_each(|(to, x)| {
            let (to, rest) = to.split_at_mut(U::HALVES * c);
            U::row(x, to);
            rest[0] = 0;
        });
        Rounded { data, stride }
    }

    fn rows(&self, n: usize) -> Offsets {
        (0..n).map(|row| row * self.stride).collect()
    }

    fn steps(&self, first: usize, n: usize) -> Offsets {
        debug_assert!(2 * (first + n) <= self.stride, "steps inside a row");
        (first..first + n).map(|step| 2 * step).collect()
    }
}

/// Rows `[n, k]` as the columns of a right operand, in panels of 64: `[panels, pairs of k, 64]`.
fn columns<U: Unit>(rows: &[f32], n: usize) -> Scratch<u16> {
    let k = rows.len() / n;
    let pairs = k.div_ceil(U::NUMBERS);
    let mut packed = Scratch::take(n.div_ceil(COLUMNS) * pairs * STEP);
    packed
        .par_chunks_mut(pairs * STEP)
        .enumerate()
        .for_each(|(panel, packed)| {
            packed
                .par_chunks_mut(DEPTH * STEP)
                .enumerate()
                .one_task_per_steal()
                .for_each(|(block, packed)| {
                    let from = U::NUMBERS * block * DEPTH;
                    let rows = rows.chunks_exact(k).skip(panel * COLUMNS);
                    put_columns::<U>(
                        rows.map(|row| &row[from..k.min(from + U::NUMBERS * DEPTH)]),
                        packed,
                    );
                });
        });
    packed
}

/// Up to 64 rows of numbers as the columns of a panel; columns without a row become zero.
pub(super) fn put_columns<'a, U: Unit>(rows: impl Iterator<Item = &'a [f32]>, panel: &mut [u16]) {
    let mut number = 0;
    let mut rounded = Scratch::take(panel.len() / COLUMNS);
    for row in rows.take(COLUMNS) {
        let (to, rest) = rounded.split_at_mut(U::HALVES * row.len());
        U::row(row, to);
        rest.fill(0);
        for (step, pair) in panel.chunks_exact_mut(STEP).zip(rounded.chunks_exact(2)) {
            step[2 * number..2 * number + 2].copy_from_slice(pair);
        }
        number += 1;
    }
    for step in panel.chunks_exact_mut(STEP) {
        step[2 * number..].fill(0);
    }
}
