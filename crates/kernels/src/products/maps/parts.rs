//! A product in parts, each over the taps of a row or of several.

use crate::matmul::Target;
use crate::products::layout::Unit;
use crate::products::operands::{Ahead, Left, Offsets, Panels, STEP};
use crate::products::tile::multiply;

/// The part of a product over one row of taps, or over several.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) steps: Offsets,
    /// The start of its right operand.
    pub(super) first: usize,
}

/// Adds the products of all parts to `target`: maps in place, from the places `rows` on, times a
/// weight.
pub(super) fn add_parts<U: Unit>(
    target: &mut [&mut [f32]],
    columns: usize,
    maps: &[u16],
    rows: &Offsets,
    parts: &[Part],
    w: &[u16],
) {
    for part in parts {
        let lhs = Left {
            data: maps,
            rows,
            steps: &part.steps,
        };
        let rhs = Panels {
            data: &w[part.first..],
            step: STEP,
            panel: part.steps.len() * STEP,
        };
        let ahead = &mut Ahead::nothing();
        multiply::<U>(target, Target::Add, columns, lhs, rhs, ahead);
    }
}
