//! The product of [`super::tile`] on vectors of sixteen sums.
#![cfg(target_arch = "x86_64")]

/// The position of a tile in a product.
#[derive(Clone, Copy)]
struct Place {
    row: usize,
    height: usize,
    column: usize,
    width: usize,
}

/// A mask of the first lanes of a vector: as many as there are, all at most.
#[inline]
fn first_lanes(n: usize) -> u16 {
    if n >= 16 { u16::MAX } else { (1 << n) - 1 }
}

/// The product for one kind of units: a module compiled for `features`, in which `add` is a vector
/// of sums after another unit of each column.
macro_rules! on_vectors {
    ($module:ident, $features:literal, |$sum:ident, $left:ident, $right:ident| $add:expr) => {
        pub(super) mod $module {
            use super::{Place, first_lanes};
            use crate::products::operands::{Ahead, COLUMNS, LANES, Product, ROWS};
            use std::arch::x86_64::*;

            /// # Safety
            ///
            /// There must be as many rows as targets; rows and steps must be inside the left
            /// operand, whole vectors inside the right one, and the columns inside each target.
            #[target_feature(enable = $features)]
            #[expect(unsafe_code, reason = "see above")]
            pub(crate) unsafe fn multiply(
                product: &Product<'_>,
                target: &mut [&mut [f32]],
                ahead: &mut Ahead,
            ) {
                // SAFETY: by the caller.
                unsafe {
                    if product.lhs.steps.are_in_runs() {
                        columns::<true>(product, target, ahead);
                    } else {
                        columns::<false>(product, target, ahead);
                    }
                }
            }

            /// # Safety
            ///
            /// As [`multiply`].
            #[target_feature(enable = $features)]
            #[expect(unsafe_code, reason = "see above")]
            unsafe fn columns<const RUNS: bool>(
                product: &Product<'_>,
                target: &mut [&mut [f32]],
                ahead: &mut Ahead,
            ) {
                for column in (0..product.columns).step_by(COLUMNS) {
                    let width = (product.columns - column).min(COLUMNS);
                    for row in (0..target.len()).step_by(ROWS) {
                        let place = Place {
                            row,
                            height: (target.len() - row).min(ROWS),
                            column,
                            width,
                        };
                        // SAFETY: by the caller; the tile is inside the product.
                        unsafe {
                            match width.div_ceil(LANES) {
                                1 => rows::<1, RUNS>(product, target, ahead, place),
                                2 => rows::<2, RUNS>(product, target, ahead, place),
                                3 => rows::<3, RUNS>(product, target, ahead, place),
                                _ => rows::<4, RUNS>(product, target, ahead, place),
                            }
                        }
                    }
                }
            }

            /// # Safety
            ///
            /// As [`multiply`], for one tile of `V` vectors.
            #[inline]
            #[target_feature(enable = $features)]
            #[expect(unsafe_code, reason = "see above")]
            unsafe fn rows<const V: usize, const RUNS: bool>(
                product: &Product<'_>,
                target: &mut [&mut [f32]],
                ahead: &mut Ahead,
                place: Place,
            ) {
                // SAFETY: by the caller.
                unsafe {
                    match place.height {
                        1 => tile::<1, V, RUNS>(product, target, ahead, place),
                        2 => tile::<2, V, RUNS>(product, target, ahead, place),
                        3 => tile::<3, V, RUNS>(product, target, ahead, place),
                        4 => tile::<4, V, RUNS>(product, target, ahead, place),
                        5 => tile::<5, V, RUNS>(product, target, ahead, place),
                        _ => tile::<ROWS, V, RUNS>(product, target, ahead, place),
                    }
                }
            }

            /// Adds the sums of a run.
            #[inline]
            #[target_feature(enable = $features)]
            fn join<const M: usize, const V: usize>(
                sums: &mut [[__m512; V]; M],
                of_run: &[[__m512; V]; M],
            ) {
                for (sum, of_run) in sums
                    .as_flattened_mut()
                    .iter_mut()
                    .zip(of_run.as_flattened())
                {
                    *sum = _mm512_add_ps(*sum, *of_run);
                }
            }

            /// # Safety
            ///
            /// As [`rows`], with `M` rows.
            #[target_feature(enable = $features)]
            #[expect(unsafe_code, reason = "see above")]
            unsafe fn tile<const M: usize, const V: usize, const RUNS: bool>(
                product: &Product<'_>,
                target: &mut [&mut [f32]],
                ahead: &mut Ahead,
                place: Place,
            ) {
                let (row, column, width) = (place.row, place.column, place.width);
                let rows: [usize; M] = std::array::from_fn(|i| product.lhs.rows.values()[row + i]);
                let lhs = product.lhs.data.as_ptr();
                let mut rhs = product.rhs.data.as_ptr();
                rhs = rhs.wrapping_add(column / COLUMNS * product.rhs.panel);
                let mut sum_of = |steps: &[usize]| {
                    let mut sums = [[_mm512_setzero_ps(); V]; M];
                    for &step in steps {
                        if let Some(line) = ahead.next() {
                            _mm_prefetch::<_MM_HINT_T1>(line.cast());
                        }
                        // SAFETY: steps and panels are inside the right operand, rows and steps
                        // inside the left one (by the caller); a vector is any 64 bytes.
                        unsafe {
                            let right: [__m512i; V] = std::array::from_fn(|j| {
                                _mm512_loadu_si512(rhs.add(2 * LANES * j).cast())
                            });
                            for (sums, row) in sums.iter_mut().zip(rows) {
                                let unit = lhs.add(row + step).cast::<i32>().read_unaligned();
                                let $left = _mm512_set1_epi32(unit);
                                for (sum, right) in sums.iter_mut().zip(&right) {
                                    let ($sum, $right) = (*sum, *right);
                                    *sum = $add;
                                }
                            }
                        }
                        rhs = rhs.wrapping_add(product.rhs.step);
                    }
                    sums
                };
                let sums = if RUNS {
                    let mut sums = [[_mm512_setzero_ps(); V]; M];
                    for run in product.lhs.steps.runs() {
                        join(&mut sums, &sum_of(run));
                    }
                    sums
                } else {
                    sum_of(product.lhs.steps.values())
                };
                for (sums, to) in sums.iter().zip(&mut target[row..row + M]) {
                    for (j, sum) in sums.iter().enumerate() {
                        let mask = first_lanes(width - j * LANES);
                        // SAFETY: the columns of the mask are inside the target (by the caller).
                        unsafe {
                            let to = to.as_mut_ptr().add(column + j * LANES);
                            let mut sum = *sum;
                            if product.add {
                                sum = _mm512_add_ps(_mm512_maskz_loadu_ps(mask, to), sum);
                            }
                            _mm512_mask_storeu_ps(to, mask, sum);
                        }
                    }
                }
            }
        }
    };
}

on_vectors!(with_avx512, "avx512f,avx512bw", |sum, left, right| {
    _mm512_fmadd_ps(_mm512_castsi512_ps(left), _mm512_castsi512_ps(right), sum)
});

on_vectors!(
    with_bf16,
    "avx512f,avx512bw,avx512bf16",
    |sum, left, right| {
        let [left, right] =
            [left, right].map(|pairs| std::mem::transmute::<__m512i, __m512bh>(pairs));
        _mm512_dpbf16_ps(sum, left, right)
    }
);
