//! The product: tiles of six rows by up to 64 columns, whose sums stay in registers.

use super::layout::Unit;
#[cfg(target_arch = "x86_64")]
use super::layout::Vectors;
use super::operands::{Ahead, COLUMNS, LANES, Left, Panels, Product, STEP};
#[cfg(target_arch = "x86_64")]
use super::vectors::{with_avx512, with_bf16};
#[cfg(target_arch = "x86_64")]
use crate::isa::{has_avx512, has_bf16};
use crate::matmul::Target;

/// `target (=|+=) lhs rhs`, for the first `columns` results of each row.
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
            lhs.rows.highest() + lhs.steps.highest() + 2 <= lhs.data.len(),
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
    plain::<U>(&product, target);
}

/// The bits that vectors give, by plain loops.
fn plain<U: Unit>(product: &Product<'_>, target: &mut [&mut [f32]]) {
    for (&row, target) in product.lhs.rows.values().iter().zip(target) {
        for (column, target) in target[..product.columns].iter_mut().enumerate() {
            let first = column / COLUMNS * product.rhs.panel + column % COLUMNS * 2;
            let unit = |halves: &[u16], at: usize| [halves[at], halves[at + 1]];
            let mut at = first;
            let mut sum_of = |steps: &[usize]| {
                let mut sum = 0.0;
                for step in steps {
                    let l = unit(product.lhs.data, row + step);
                    sum = U::add(sum, l, unit(product.rhs.data, at));
                    at += product.rhs.step;
                }
                sum
            };
            let steps = product.lhs.steps;
            let sum = if steps.are_in_runs() {
                steps.runs().fold(0.0, |sum, run| sum + sum_of(run))
            } else {
                sum_of(steps.values())
            };
            *target = if product.add { *target + sum } else { sum };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::layout::{Halves, Single};
    use super::super::operands::Offsets;
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
                let bits = |in_plain_loops: bool| -> Vec<u32> {
                    // A column more than the product has, which stays as it is.
                    let mut target = vec![0.75; m * (columns + 1)];
                    let mut rows: Vec<&mut [f32]> = target.chunks_exact_mut(columns + 1).collect();
                    if in_plain_loops {
                        let add = mode == Target::Add;
                        let product = Product {
                            columns,
                            lhs,
                            rhs,
                            add,
                        };
                        plain::<U>(&product, &mut rows);
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
