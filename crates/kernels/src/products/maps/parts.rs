//! A product in parts, each over the taps of a row or of several.

use crate::matmul::Target;
use crate::products::layout::Unit;
use crate::products::operands::{Ahead, Left, Offsets, Panels, STEP};
use crate::products::tile::multiply;

/// The part of a product that one row of taps makes, or several.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) steps: Offsets,
    /// Where its right operand begins.
    pub(super) first: usize,
}

/// Adds the products of all parts to `target`: maps as they lie, from the places `rows` on, by a
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
