//! The product of two matrices in place, by one thread.

use super::layout::{Single, Unit};
use super::linear::put_columns;
use super::operands::{Ahead, COLUMNS, LANES, Left, Offsets, Panels, ROWS, STEP, columns_of};
use super::tile::multiply;
use crate::matmul::{Matrix, Target};
use crate::scratch::Scratch;

/// Steps at once: a panel of them, 128 KB, and the left operand of a few hundred rows stay in the
/// second-level cache.
const DEPTH: usize = 512;
/// Largest distance between rows, in numbers, for which the right operand is read in place: with a
/// larger one, each step would be on a page of its own.
const NEAR: usize = 512;

/// `target (=|+=) lhs rhs` for a row-major target `[lhs.rows, rhs.cols]`, by the calling thread.
///
/// Each operand has rows or columns whose elements are adjacent.
pub(crate) fn multiply_dense(
    target: &mut [f32],
    mode: Target,
    lhs: Matrix<'_, f32>,
    rhs: Matrix<'_, f32>,
    run: usize,
) {
    assert_eq!(lhs.cols, rhs.rows, "inner dimensions differ");
    let columns = rhs.cols;
    let mut target: Vec<&mut [f32]> = target.chunks_exact_mut(columns).collect();
    assert_eq!(
        target.len(),
        lhs.rows,
        "rows of target and left operand differ"
    );
    if lhs.cols == 0 && mode == Target::Replace {
        for row in &mut target {
            row.fill(0.0);
        }
    }
    for first in (0..lhs.cols).step_by(DEPTH) {
        let n = (lhs.cols - first).min(DEPTH);
        let mode = if first == 0 { mode } else { Target::Add };
        with_panels(rhs.part(first..first + n), |panels| {
            let lhs = lhs.t().part(first..first + n).t();
            with_left(lhs, run, |left, ahead| {
                multiply::<Single>(&mut target, mode, columns, left, panels, ahead);
            });
        });
    }
}

/// A left operand, with the memory to prefetch. Steps that are not adjacent are copied.
fn with_left(lhs: Matrix<'_, f32>, run: usize, product: impl FnOnce(Left<'_>, &mut Ahead)) {
    let (n_rows, n) = (lhs.rows, lhs.cols);
    if lhs.col_stride == 1 {
        let rows: Offsets = (0..n_rows).map(|row| 2 * row * lhs.row_stride).collect();
        let steps: Offsets = (0..n).map(|step| 2 * step).collect();
        let steps = steps.in_runs(run);
        let left = Left {
            data: bytemuck::cast_slice(lhs.data),
            rows: &rows,
            steps: &steps,
        };
        let mut ahead = Ahead::of((ROWS..n_rows).map(|row| &lhs.data[row * lhs.row_stride..][..n]));
        return product(left, &mut ahead);
    }
    assert_eq!(lhs.row_stride, 1, "a left operand with gaps either way");
    // A little more than whole lines: steps a power of two apart would share places of the cache.
    let stride = (2 * n_rows).next_multiple_of(32) + 32;
    let mut copy = Scratch::take(n * stride);
    for (step, to) in copy.chunks_exact_mut(stride).enumerate() {
        let row = &lhs.data[step * lhs.col_stride..][..n_rows];
        to[..2 * n_rows].copy_from_slice(bytemuck::cast_slice(row));
    }
    let rows: Offsets = (0..n_rows).map(|row| 2 * row).collect();
    let steps: Offsets = (0..n).map(|step| step * stride).collect();
    let steps = steps.in_runs(run);
    let left = Left {
        data: &copy,
        rows: &rows,
        steps: &steps,
    };
    product(left, &mut Ahead::nothing());
}

/// A right operand in panels, in place where possible.
fn with_panels(rhs: Matrix<'_, f32>, product: impl FnOnce(Panels<'_>)) {
    let (n, columns) = (rhs.rows, rhs.cols);
    let near = rhs.row_stride <= NEAR && columns % LANES == 0;
    if rhs.col_stride == 1 && near {
        return product(Panels {
            data: bytemuck::cast_slice(rhs.data),
            step: 2 * rhs.row_stride,
            panel: STEP,
        });
    }
    let mut packed = Scratch::take(columns.div_ceil(COLUMNS) * n * STEP);
    for (panel, to) in packed.chunks_exact_mut(n * STEP).enumerate() {
        let columns = columns_of(panel, columns);
        if rhs.col_stride == 1 {
            for (step, to) in to.chunks_exact_mut(STEP).enumerate() {
                let row = &rhs.data[step * rhs.row_stride..];
                Single::units(&row[columns.clone()], None, to);
            }
        } else {
            assert_eq!(rhs.row_stride, 1, "a right operand with gaps either way");
            let columns = columns.map(|column| &rhs.data[column * rhs.col_stride..][..n]);
            put_columns::<Single>(columns, to);
        }
    }
    product(Panels {
        data: &packed,
        step: STEP,
        panel: n * STEP,
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::has_avx512;
    use crate::matmul::{Par, multiply};
    use dcgan_testkit::{Missing, untested};

    fn numbers(n: usize, seed: usize) -> Vec<f32> {
        let number = |i: usize| ((i + seed) * 7919 % 1013) as f32 / 1013.0 - 0.4;
        (0..n).map(number).collect()
    }

    #[test]
    fn operands_of_either_order_and_any_width_give_what_gemm_gives() {
        if !has_avx512() {
            untested("products on vectors", Missing::Instructions("AVX-512"));
        }
        // Widths of whole vectors and others, rows near and far, more than a block of the inner
        // dimension.
        for (m, n, k) in [
            (7, 48, 5),
            (13, 70, 600),
            (6, 64, 513),
            (1, 1, 1),
            (20, 130, 33),
            (9, 16, 0),
        ] {
            for (far, transposed_left, transposed_right) in [
                (0, false, false),
                (600, false, false),
                (3, true, false),
                (3, false, true),
                (0, true, true),
            ] {
                let (left, right) = (
                    numbers(m.max(k) * (m.max(k) + far) + far, 1),
                    numbers((n.max(k) + 1) * (n.max(k) + far) + far, 2),
                );
                let lhs = if transposed_left {
                    Matrix::strided(&left, k, m, m + far, 1).t()
                } else {
                    Matrix::strided(&left, m, k, k + far, 1)
                };
                let rhs = if transposed_right {
                    Matrix::strided(&right, n, k, k + far, 1).t()
                } else {
                    Matrix::strided(&right, k, n, n + far, 1)
                };
                for mode in [Target::Replace, Target::Add] {
                    let (mut got, mut wanted) = (numbers(m * n, 3), numbers(m * n, 3));
                    multiply_dense(&mut got, mode, lhs, rhs, 64);
                    multiply(&mut wanted, n, mode, lhs, rhs, Par::Serial);
                    for (got, wanted) in got.iter().zip(&wanted) {
                        assert!(
                            (got - wanted).abs() <= 1e-5 * (1.0 + wanted.abs()),
                            "{m} x {n}, {k} steps, {mode:?}: got {got}, wanted {wanted}"
                        );
                    }
                }
            }
        }
    }
}
