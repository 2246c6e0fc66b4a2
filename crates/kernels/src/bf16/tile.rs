//! The product: tiles of six rows by up to 64 columns, whose sums stay in registers.

use crate::matmul::Target;

/// Rows of a tile.
const ROWS: usize = 6;
/// Columns of a vector of sums.
const LANES: usize = 16;
/// Columns of a tile: with six rows, 24 vectors of sums, four of the right operand and one of the left.
pub(super) const COLUMNS: usize = 4 * LANES;
/// Elements of a step of a panel: a pair for each column.
pub(super) const STEP: usize = 2 * COLUMNS;

/// Places in a slice, and the highest of them.
#[derive(Debug, Default)]
pub(super) struct Offsets {
    values: Vec<usize>,
    highest: usize,
}

impl FromIterator<usize> for Offsets {
    fn from_iter<I: IntoIterator<Item = usize>>(values: I) -> Offsets {
        let values: Vec<usize> = values.into_iter().collect();
        let highest = values.iter().copied().max().unwrap_or(0);
        Offsets { values, highest }
    }
}

impl Offsets {
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }
}

/// The right operand: the pairs of a step lie side by side, column by column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Panels<'a> {
    pub(super) data: &'a [u16],
    /// Elements from a step to the next.
    pub(super) step: usize,
    /// Elements from a panel of 64 columns to the next.
    pub(super) panel: usize,
}

/// The left operand: the pair of a row and a step lies where both offsets together say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Left<'a> {
    pub(super) data: &'a [u16],
    pub(super) rows: &'a Offsets,
    pub(super) steps: &'a Offsets,
}

/// Memory that is needed soon: a product fetches a line of it per step of its tiles, while it computes.
///
/// Nothing is read or written by that, so that the places may be anything.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// Runs of memory, the last first.
    runs: Vec<std::ops::Range<*const f32>>,
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
    fn next(&mut self) -> Option<*const f32> {
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
pub(super) fn multiply(
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
    if super::has_instructions() {
        #[expect(unsafe_code, reason = "needs instructions beyond the baseline")]
        // SAFETY: the processor has them, and every place of rows, steps and columns lies inside its slice,
        // as was just asserted.
        return unsafe { with_avx512::multiply(&product, target, ahead) };
    }
    *ahead = Ahead::nothing();
    product.plain(target);
}

/// What [`multiply`] has found sound.
struct Product<'a> {
    columns: usize,
    lhs: Left<'a>,
    rhs: Panels<'a>,
    add: bool,
}

impl Product<'_> {
    /// The same bits by plain loops.
    fn plain(&self, target: &mut [&mut [f32]]) {
        for (&row, target) in self.lhs.rows.values.iter().zip(target) {
            for (column, target) in target[..self.columns].iter_mut().enumerate() {
                let first = column / COLUMNS * self.rhs.panel + column % COLUMNS * 2;
                let mut sum = 0.0;
                for (number, step) in self.lhs.steps.values.iter().enumerate() {
                    let l = &self.lhs.data[row + step..][..2];
                    let r = &self.rhs.data[first + number * self.rhs.step..][..2];
                    for i in [1, 0] {
                        sum = flush(flush(wide(l[i])).mul_add(flush(wide(r[i])), sum));
                    }
                }
                *target = if self.add { *target + sum } else { sum };
            }
        }
    }
}

fn wide(half: u16) -> f32 {
    f32::from_bits(u32::from(half) << 16)
}

/// Numbers below the normal ones count as zero, as in the processor.
fn flush(x: f32) -> f32 {
    if x.abs() < f32::MIN_POSITIVE {
        x * 0.0
    } else {
        x
    }
}

#[cfg(target_arch = "x86_64")]
mod with_avx512 {
    use super::{Ahead, COLUMNS, LANES, Product, ROWS};
    use std::arch::x86_64::{
        __m512bh, __m512i, _MM_HINT_T1, _mm_prefetch, _mm512_add_ps, _mm512_dpbf16_ps,
        _mm512_loadu_si512, _mm512_mask_storeu_ps, _mm512_maskz_loadu_ps, _mm512_set1_epi32,
        _mm512_setzero_ps,
    };

    /// # Safety
    ///
    /// There must be as many rows as targets; rows and steps must lie inside the left operand, whole vectors
    /// inside the right one, and the columns inside each target.
    #[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
    #[expect(unsafe_code, reason = "see above")]
    pub(super) unsafe fn multiply(
        product: &Product<'_>,
        target: &mut [&mut [f32]],
        ahead: &mut Ahead,
    ) {
        let m = target.len();
        for column in (0..product.columns).step_by(COLUMNS) {
            let width = (product.columns - column).min(COLUMNS);
            for row in (0..m).step_by(ROWS) {
                // SAFETY: by the caller; the tile lies inside the product.
                unsafe {
                    match width.div_ceil(LANES) {
                        1 => rows::<1>(
                            product,
                            target,
                            ahead,
                            (m - row).min(ROWS),
                            row,
                            column,
                            width,
                        ),
                        2 => rows::<2>(
                            product,
                            target,
                            ahead,
                            (m - row).min(ROWS),
                            row,
                            column,
                            width,
                        ),
                        3 => rows::<3>(
                            product,
                            target,
                            ahead,
                            (m - row).min(ROWS),
                            row,
                            column,
                            width,
                        ),
                        _ => rows::<4>(
                            product,
                            target,
                            ahead,
                            (m - row).min(ROWS),
                            row,
                            column,
                            width,
                        ),
                    }
                }
            }
        }
    }

    /// # Safety
    ///
    /// As [`multiply`], for a tile of `height` rows from `row` and `width` columns from `column`.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
    #[expect(unsafe_code, reason = "see above")]
    unsafe fn rows<const V: usize>(
        product: &Product<'_>,
        target: &mut [&mut [f32]],
        ahead: &mut Ahead,
        height: usize,
        row: usize,
        column: usize,
        width: usize,
    ) {
        // SAFETY: by the caller.
        unsafe {
            match height {
                1 => tile::<1, V>(product, target, ahead, row, column, width),
                2 => tile::<2, V>(product, target, ahead, row, column, width),
                3 => tile::<3, V>(product, target, ahead, row, column, width),
                4 => tile::<4, V>(product, target, ahead, row, column, width),
                5 => tile::<5, V>(product, target, ahead, row, column, width),
                _ => tile::<6, V>(product, target, ahead, row, column, width),
            }
        }
    }

    /// # Safety
    ///
    /// As [`rows`], with `M` rows and `V` vectors.
    #[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
    #[expect(unsafe_code, reason = "see above")]
    unsafe fn tile<const M: usize, const V: usize>(
        product: &Product<'_>,
        target: &mut [&mut [f32]],
        ahead: &mut Ahead,
        row: usize,
        column: usize,
        width: usize,
    ) {
        let rows: [usize; M] = std::array::from_fn(|i| product.lhs.rows.values[row + i]);
        let lhs = product.lhs.data.as_ptr();
        let mut rhs = product.rhs.data.as_ptr();
        rhs = rhs.wrapping_add(column / COLUMNS * product.rhs.panel);
        let mut sums = [[_mm512_setzero_ps(); V]; M];
        for &step in &product.lhs.steps.values {
            if let Some(line) = ahead.next() {
                _mm_prefetch::<_MM_HINT_T1>(line.cast());
            }
            // SAFETY: steps and panels lie inside the right operand, rows and steps inside the left one (by the
            // caller); 32 bfloat16 are 64 bytes of any bits, and so is a pair repeated.
            unsafe {
                let right: [__m512bh; V] = std::array::from_fn(|j| {
                    let vector = _mm512_loadu_si512(rhs.add(2 * LANES * j).cast());
                    std::mem::transmute::<__m512i, __m512bh>(vector)
                });
                for (sums, row) in sums.iter_mut().zip(rows) {
                    let pair = lhs.add(row + step).cast::<i32>().read_unaligned();
                    let left = std::mem::transmute::<__m512i, __m512bh>(_mm512_set1_epi32(pair));
                    for (sum, right) in sums.iter_mut().zip(right) {
                        *sum = _mm512_dpbf16_ps(*sum, left, right);
                    }
                }
            }
            rhs = rhs.wrapping_add(product.rhs.step);
        }
        for (sums, to) in sums.iter().zip(&mut target[row..row + M]) {
            for (j, sum) in sums.iter().enumerate() {
                let left = width - j * LANES;
                let mask = if left >= LANES {
                    u16::MAX
                } else {
                    (1 << left) - 1
                };
                // SAFETY: the columns of the mask lie inside the target (by the caller).
                unsafe {
                    let to = to.as_mut_ptr().add(column + j * LANES);
                    let sum = if product.add {
                        _mm512_add_ps(_mm512_maskz_loadu_ps(mask, to), *sum)
                    } else {
                        *sum
                    };
                    _mm512_mask_storeu_ps(to, mask, sum);
                }
            }
        }
    }
}
