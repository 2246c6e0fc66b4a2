//! The positions of the big side of a layer, by their remainders.

use crate::geometry::Geometry;

/// The positions of the big side with one remainder, on one axis: `stride * q + remainder`.
#[derive(Clone, Debug)]
pub(super) struct Class {
    pub(super) remainder: usize,
    /// The number of positions.
    pub(super) count: usize,
    /// The taps that reach them, in the order of the small positions `q + start`, `q + start + 1`
    /// and so on.
    pub(super) taps: Vec<usize>,
    /// The place of the first of these positions in the map with its border, for q = 0.
    pub(super) start: usize,
}

/// The classes of one axis, and the border before the map.
pub(super) fn classes(g: &Geometry, axis: usize) -> (Vec<Class>, usize) {
    let (stride, pad, kernel) = (g.stride, g.pad[axis], g.kernel[axis]);
    // Tap k of small position o reaches stride * o + k - pad: with k = least + stride * j and
    // `shift` = (remainder + pad) / stride that is q = o - shift + j.
    let reach = |remainder: usize| {
        let least = (remainder + pad) % stride;
        (least..kernel).step_by(stride).rev().collect::<Vec<_>>()
    };
    let shift = |remainder: usize| (remainder + pad) / stride;
    let remainders = 0..stride.min(g.big[axis]);
    let border = remainders
        .clone()
        .map(|r| reach(r).len().saturating_sub(1 + shift(r)))
        .max()
        .unwrap_or(0);
    let classes = remainders
        .map(|remainder| {
            let taps = reach(remainder);
            Class {
                remainder,
                count: (g.big[axis] - remainder).div_ceil(stride),
                start: (border + shift(remainder) + 1).saturating_sub(taps.len().max(1)),
                taps,
            }
        })
        .collect();
    (classes, border)
}
