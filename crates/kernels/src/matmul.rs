//! Matrix products: a bounds-checked front of the `gemm` crate.
//!
//! `gemm` never splits the inner dimension over threads, so that every element is one ordered sum
//! and the result does not depend on the number of threads, which the tests check.

use std::ops::Range;

use gemm::Parallelism;

use crate::real::Real;

/// A matrix inside a slice, with any row and column stride: views of parts and transposes are free.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matrix<'a, T> {
    pub(crate) data: &'a [T],
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    pub(crate) row_stride: usize,
    pub(crate) col_stride: usize,
}

impl<'a, T> Matrix<'a, T> {
    /// The row-major matrix `[rows, cols]` that starts at the slice's first element.
    pub(crate) fn new(data: &'a [T], rows: usize, cols: usize) -> Matrix<'a, T> {
        Matrix::strided(data, rows, cols, cols, 1)
    }

    /// A matrix with element (r, c) at `r * row_stride + c * col_stride`.
    pub(crate) fn strided(
        data: &'a [T],
        rows: usize,
        cols: usize,
        row_stride: usize,
        col_stride: usize,
    ) -> Matrix<'a, T> {
        assert!(
            reaches(rows, cols, row_stride, col_stride) <= data.len(),
            "matrix exceeds its slice"
        );
        Matrix {
            data,
            rows,
            cols,
            row_stride,
            col_stride,
        }
    }

    /// The transposed view.
    pub(crate) fn t(self) -> Matrix<'a, T> {
        let Matrix {
            data,
            rows,
            cols,
            row_stride,
            col_stride,
        } = self;
        Matrix {
            data,
            rows: cols,
            cols: rows,
            row_stride: col_stride,
            col_stride: row_stride,
        }
    }

    /// Some of its rows.
    pub(crate) fn part(self, rows: Range<usize>) -> Matrix<'a, T> {
        let first = (rows.start * self.row_stride).min(self.data.len());
        let data = &self.data[first..];
        Matrix::strided(
            data,
            rows.len(),
            self.cols,
            self.row_stride,
            self.col_stride,
        )
    }
}

impl<'a, T: Real> Matrix<'a, T> {
    /// The matrix if its elements are `f32`.
    pub(crate) fn narrow(self) -> Option<Matrix<'a, f32>> {
        let data = T::narrow(self.data)?;
        Some(Matrix::strided(
            data,
            self.rows,
            self.cols,
            self.row_stride,
            self.col_stride,
        ))
    }
}

/// The number of elements from the first to the last of a strided matrix.
fn reaches(rows: usize, cols: usize, row_stride: usize, col_stride: usize) -> usize {
    if rows == 0 || cols == 0 {
        0
    } else {
        (rows - 1) * row_stride + (cols - 1) * col_stride + 1
    }
}

/// The threads that work on a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Par {
    /// The calling thread alone: inside tasks that are parallel already.
    Serial,
    /// All threads of the current rayon pool.
    Pool,
}

/// Whether a product replaces its target or is added to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// `target = lhs rhs`; the old contents are never read.
    Replace,
    /// `target += lhs rhs`.
    Add,
}

impl Target {
    /// Writes or adds `values`.
    pub(crate) fn put<T: Real>(self, values: &[T], to: &mut [T]) {
        match self {
            Target::Replace => to.copy_from_slice(values),
            Target::Add => {
                for (to, &value) in to.iter_mut().zip(values) {
                    *to += value;
                }
            }
        }
    }
}

/// `target (=|+=) lhs rhs` for a target `[lhs.rows, rhs.cols]` whose rows are `row_stride` apart.
pub(crate) fn multiply<T: Real>(
    target: &mut [T],
    row_stride: usize,
    mode: Target,
    lhs: Matrix<'_, T>,
    rhs: Matrix<'_, T>,
    par: Par,
) {
    let (m, n, k) = (lhs.rows, rhs.cols, lhs.cols);
    assert_eq!(k, rhs.rows, "inner dimensions differ");
    assert!(
        row_stride >= n && reaches(m, n, row_stride, 1) <= target.len(),
        "target too small"
    );
    if m == 0 || n == 0 {
        return;
    }
    let parallelism = match par {
        Par::Serial => Parallelism::None,
        Par::Pool => Parallelism::Rayon(rayon::current_num_threads()),
    };
    #[expect(
        clippy::cast_possible_wrap,
        reason = "offsets inside a slice fit isize"
    )]
    #[expect(
        unsafe_code,
        reason = "the product itself is foreign and takes pointers"
    )]
    // SAFETY: all three matrices are inside their slices (asserted here and in `Matrix::strided`),
    // the target is borrowed mutably and thus distinct from both operands, its rows do not overlap
    // (`row_stride >= n`), and the strides fit `isize` as slices are no longer than `isize::MAX`.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            target.as_mut_ptr(),
            1,
            row_stride as isize,
            mode == Target::Add,
            lhs.data.as_ptr(),
            lhs.col_stride as isize,
            lhs.row_stride as isize,
            rhs.data.as_ptr(),
            rhs.col_stride as isize,
            rhs.row_stride as isize,
            T::ONE,
            T::ONE,
            false,
            false,
            false,
            parallelism,
        );
    }
}

/// Like [`multiply`], with the inner dimension in runs of `run` whose products are added in order:
/// shorter sums round less.
pub(crate) fn multiply_in_runs<T: Real>(
    target: &mut [T],
    row_stride: usize,
    mode: Target,
    lhs: Matrix<'_, T>,
    rhs: Matrix<'_, T>,
    run: usize,
    par: Par,
) {
    let inner = lhs.cols;
    for first in (0..inner.max(1)).step_by(run.max(1)) {
        let part = first..inner.min(first + run.max(1));
        let mode = if first == 0 { mode } else { Target::Add };
        let lhs = lhs.t().part(part.clone()).t();
        multiply(target, row_stride, mode, lhs, rhs.part(part), par);
    }
}
