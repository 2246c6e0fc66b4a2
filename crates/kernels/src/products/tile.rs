//! The product: tiles of six rows by up to 64 columns, whose sums stay in registers.

use std::ops::Range;

use super::layout::Unit;
#[cfg(target_arch = "x86_64")]
use super::layout::Vectors;
#[cfg(target_arch = "x86_64")]
use super::vectors::{with_avx512, with_bf16};
#[cfg(target_arch = "x86_64")]
use crate::isa::{has_avx512, has_bf16};
use crate::matmul::Target;

/// Rows of a tile.
pub(super) const ROWS: usize = 6;
/// Columns of a vector of sums.
pub(super) const LANES: usize = 16;
/// Columns of a tile: with six rows, 24 vectors of sums, four of the right operand and one of the
/// left.
pub(super) const COLUMNS: usize = 4 * LANES;
/// Those of a number of columns that lie in a panel.
pub(super) fn columns_of(panel: usize, columns: usize) -> Range<usize> {
    panel * COLUMNS..columns.min((panel + 1) * COLUMNS)
}

/// Halves of a step of a panel: a unit for each column.
pub(super) const STEP: usize = 2 * COLUMNS;

/// Places in a slice, and the highest of them.
#[derive(Debug)]
pub(super) struct Offsets {
    values: Vec<usize>,
    highest: usize,
    /// As steps of a product: how many make one sum, if not all.
    run: Option<usize>,
}

impl FromIterator<usize> for Offsets {
    fn from_iter<I: IntoIterator<Item = usize>>(values: I) -> Offsets {
        let values: Vec<usize> = values.into_iter().collect();
        let highest = values.iter().copied().max().unwrap_or(0);
        Offsets {
            values,
            highest,
            run: None,
        }
    }
}

impl Offsets {
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    pub(super) fn values(&self) -> &[usize] {
        &self.values
    }

    /// The same as steps of a product, of which `run` make one sum, and the sums are added in
    /// order: that rounds less than a single long sum.
    pub(super) fn in_runs(self, run: usize) -> Offsets {
        Offsets {
            run: Some(run),
            ..self
        }
    }

    /// Whether there may be several sums.
    pub(super) fn are_in_runs(&self) -> bool {
        self.run.is_some()
    }

    /// The steps of each sum.
    pub(super) fn runs(&self) -> std::slice::Chunks<'_, usize> {
        self.values.chunks(self.run.unwrap_or(usize::MAX))
    }
}

/// The right operand: the units of a step lie side by side, column by column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Panels<'a> {
    pub(super) data: &'a [u16],
    /// Halves from a step to the next.
    pub(super) step: usize,
    /// Halves from a panel of 64 columns to the next.
    pub(super) panel: usize,
}

/// The left operand: the unit of a row and a step lies where both offsets together say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Left<'a> {
    pub(super) data: &'a [u16],
    pub(super) rows: &'a Offsets,
    pub(super) steps: &'a Offsets,
}

/// Memory that is needed soon: a product fetches a line of it per step of its tiles, while it
/// computes.
///
/// Nothing is read or written by that, so that the places may be anything.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// Runs of memory, the last first.
    runs: Vec<Range<*const f32>>,
}

/// Numbers in a line of the cache.
const LINE: usize = 16;

impl Ahead {
    /// Nothing.
    pub(super) fn nothing() -> Ahead {
        Ahead::default()
    }

    /// Those runs, in that order.
    pub(super) fn of<'a>(runs: impl Iterator<Item = &'a [f32]>) -> Ahead {
        let mut runs: Vec<_> = runs.map(<[f32]>::as_ptr_range).collect();
        runs.reverse();
        Ahead { runs }
    }

    /// The next line.
    #[inline]
    pub(super) fn next(&mut self) -> Option<*const f32> {
        let run = self.runs.last_mut()?;
        let line = run.start;
        run.start = line.wrapping_add(LINE);
        if run.start >= run.end {
            self.runs.pop();
        }
        Some(line)
    }
}

/// `target (=|+=) lhs rhs`, of which the first `columns` results of each row.
pub(super) fn multiply<U: Unit>(
    target: &mut [&mut [f32]],
    mode: Target,
    columns: usize,
    lhs: Left<'_>,
    rhs: Panels<'_>,
    ahead: &mut Ahead,
) {
    let (m, n_steps) = (target.len(), lhs.steps.len());
    if m == 0 || columns == 0 {
        return;
    }
    let panels = columns.div_ceil(COLUMNS);
    let last = (columns - (panels - 1) * COLUMNS).div_ceil(LANES) * LANES;
    assert_eq!(m, lhs.rows.len(), "rows of target and left operand differ");
    assert!(
        target.iter().all(|row| row.len() >= columns),
        "target too small"
    );
    if n_steps > 0 {
        assert!(
            panels == 1 || rhs.panel >= STEP,
            "panels of the right operand overlap"
        );
        assert!(
            lhs.rows.highest + lhs.steps.highest + 2 <= lhs.data.len(),
            "left operand too small"
        );
        assert!(
            (panels - 1) * rhs.panel + (n_steps - 1) * rhs.step + 2 * last <= rhs.data.len(),
            "right operand too small"
        );
    }
    let product = Product {
        columns,
        lhs,
        rhs,
        add: mode == Target::Add,
    };
    #[cfg(target_arch = "x86_64")]
    match U::VECTORS {
        Some(Vectors::Avx512Bf16) if has_bf16() => {
            #[expect(unsafe_code, reason = "needs instructions beyond the baseline")]
            // SAFETY: the processor has them, and every place of rows, steps and columns is inside
            // its slice, as was just asserted.
            return unsafe { with_bf16::multiply(&product, target, ahead) };
        }
        Some(Vectors::Avx512) if has_avx512() => {
            #[expect(unsafe_code, reason = "needs instructions beyond the baseline")]
            // SAFETY: as above.
            return unsafe { with_avx512::multiply(&product, target, ahead) };
        }
        _ => {}
    }
    *ahead = Ahead::nothing();
    product.plain::<U>(target);
}

/// What [`multiply`] has found sound.
pub(super) struct Product<'a> {
    pub(super) columns: usize,
    pub(super) lhs: Left<'a>,
    pub(super) rhs: Panels<'a>,
    /// Whether results are added to the target.
    pub(super) add: bool,
}

impl Product<'_> {
    /// The same bits by plain loops.
    fn plain<U: Unit>(&self, target: &mut [&mut [f32]]) {
        for (&row, target) in self.lhs.rows.values.iter().zip(target) {
            for (column, target) in target[..self.columns].iter_mut().enumerate() {
                let first = column / COLUMNS * self.rhs.panel + column % COLUMNS * 2;
                let unit = |halves: &[u16], at: usize| [halves[at], halves[at + 1]];
                let mut at = first;
                let mut sum_of = |steps: &[usize]| {
                    let mut sum = 0.0;
                    for step in steps {
                        let l = unit(self.lhs.data, row + step);
                        sum = U::add(sum, l, unit(self.rhs.data, at));
                        at += self.rhs.step;
                    }
                    sum
                };
                let steps = self.lhs.steps;
                let sum = if steps.are_in_runs() {
                    steps.runs().fold(0.0, |sum, run| sum + sum_of(run))
                } else {
                    sum_of(steps.values())
                };
                *target = if self.add { *target + sum } else { sum };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::layout::{Halves, Single};
    use super::*;
    use dcgan_testkit::{Missing, untested};

    /// Rows of numbers that are neither whole nor regular, as halves.
    fn numbers<U: Unit>(n: usize, seed: usize) -> Vec<u16> {
        let row: Vec<f32> = (0..n)
            .map(|i| ((i + seed) * 7919 % 1013) as f32 / 1013.0 - 0.4)
            .collect();
        let mut halves = vec![0; n * U::HALVES];
        U::row(&row, &mut halves);
        halves
    }

    fn check<U: Unit>(run: Option<usize>) {
        for (m, columns, n_steps) in [
            (1, 1_usize, 1),
            (6, 64, 40),
            (7, 65, 3),
            (17, 113, 9),
            (5, 47, 0),
        ] {
            let stride = 2 * n_steps + 6;
            let panels = columns.div_ceil(COLUMNS);
            let left = numbers::<U>(m * stride, 1);
            let right = numbers::<U>(panels * n_steps * STEP, 2);
            let rows: Offsets = (0..m).rev().map(|row| row * stride).collect();
            let steps: Offsets = (0..n_steps).map(|step| 2 * step + step % 2).collect();
            let steps = match run {
                Some(run) => steps.in_runs(run),
                None => steps,
            };
            let lhs = Left {
                data: &left,
                rows: &rows,
                steps: &steps,
            };
            let rhs = Panels {
                data: &right,
                step: STEP,
                panel: n_steps * STEP,
            };
            for mode in [Target::Replace, Target::Add] {
                let bits = |plain: bool| -> Vec<u32> {
                    // A column more than the product has, which stays as it is.
                    let mut target = vec![0.75; m * (columns + 1)];
                    let mut rows: Vec<&mut [f32]> = target.chunks_exact_mut(columns + 1).collect();
                    if plain {
                        let add = mode == Target::Add;
                        let product = Product {
                            columns,
                            lhs,
                            rhs,
                            add,
                        };
                        product.plain::<U>(&mut rows);
                    } else {
                        let mut ahead = Ahead::of([&[0.0; 40][..]].into_iter());
                        multiply::<U>(&mut rows, mode, columns, lhs, rhs, &mut ahead);
                    }
                    target.into_iter().map(f32::to_bits).collect()
                };
                let (got, wanted) = (bits(false), bits(true));
                assert_eq!(
                    got, wanted,
                    "{m} x {columns}, {n_steps} steps, {run:?}, {mode:?}"
                );
                assert_eq!(wanted[columns], 0.75_f32.to_bits());
            }
        }
    }

    #[test]
    fn vectors_and_plain_loops_give_the_same_bits() {
        // Without these instructions plain loops are compared with themselves.
        if !has_avx512() {
            untested("tiles of f32", Missing::Instructions("AVX-512"));
        }
        if !has_bf16() {
            untested("tiles of bfloat16", Missing::Instructions("AVX512_BF16"));
        }
        for run in [None, Some(1), Some(4), Some(64)] {
            check::<Single>(run);
            check::<Halves>(run);
        }
    }
}
