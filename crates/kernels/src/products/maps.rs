//! The products of a strided convolution, its transpose and both gradients, on maps in place.
//!
//! All four are one of three products between a small and a big side:
//!
//! | | convolution | transpose |
//! | --- | --- | --- |
//! | forward | [`Maps::down`] | [`Maps::up`] |
//! | input gradient | [`Maps::up`] | [`Maps::down`] |
//! | weight gradient | [`Maps::weight_gradient`] | [`Maps::weight_gradient`] |
//!
//! A map is rounded into a copy with a border of zeros. The taps of every position are then at the
//! same distances from it, and the taps of one row are adjacent, so that a product walks over them
//! without a copy of the patch. Going up, positions of the big side fall into classes by their
//! remainders: each class sees taps of its own, and a pixel is written once per row of taps,
//! without a scatter.

mod bordered;
mod classes;
mod down;
mod parts;
mod up;
mod weight;

use super::layout::{Halves, PlainHalves, Single};
use super::numbers::{Numbers, WIDE};
use crate::geometry::Geometry;
use crate::matmul::Target;
use bordered::Bordered;
use classes::{Class, classes};

/// Samples per task of going up or down: their rounded maps stay in the second-level cache.
const BLOCK: usize = 2;

/// A layer between small maps `[B, h, w, small channels]` and big ones `[B, H, W, big channels]`.
///
/// Its weight is `[kh, kw, rows, columns]`. The first `big channels` rows and the first
/// `small channels` columns are used; the others belong to labels.
#[derive(Debug)]
pub(crate) struct Maps {
    numbers: Numbers,
    geometry: Geometry,
    small: usize,
    big: usize,
    rows: usize,
    columns: usize,
    /// Classes of big positions, by axis.
    classes: [Vec<Class>; 2],
    /// The border that the classes need before a small map.
    border: [usize; 2],
}

impl Maps {
    /// A layer of that geometry between `small` and `big` channels, with a weight of `rows` and
    /// `columns`.
    pub(crate) fn new(
        numbers: Numbers,
        geometry: &Geometry,
        [small, big]: [usize; 2],
        [rows, columns]: [usize; 2],
    ) -> Maps {
        let (y, top) = classes(geometry, 0);
        let (x, left) = classes(geometry, 1);
        Maps {
            numbers,
            geometry: *geometry,
            small,
            big,
            rows,
            columns,
            classes: [y, x],
            border: [top, left],
        }
    }

    /// This layer between other channels, without labels.
    pub(crate) fn with_sides(&self, [small, big]: [usize; 2]) -> Maps {
        Maps::new(self.numbers, &self.geometry, [small, big], [big, small])
    }

    /// Whether [`Maps::up`] fills its vectors well enough.
    pub(crate) fn goes_up(&self) -> bool {
        self.big >= WIDE
    }

    /// Whether operands are rounded.
    pub(crate) fn rounds(&self) -> bool {
        self.numbers.rounds()
    }

    /// Adds the convolution of `big` to `small`, with a weight `[kh, kw, rows, columns]`.
    pub(crate) fn down(&self, w: &[f32], big: &[f32], small: &mut [f32]) {
        match self.numbers {
            Numbers::F32 => self.go_down::<Single>(w, big, small),
            Numbers::Bf16 => self.go_down::<Halves>(w, big, small),
            Numbers::PlainBf16 => self.go_down::<PlainHalves>(w, big, small),
        }
    }

    /// Adds the transposed convolution of `small` to `big`, with a weight
    /// `[kh, kw, rows, columns]`.
    pub(crate) fn up(&self, w: &[f32], small: &[f32], big: &mut [f32]) {
        match self.numbers {
            Numbers::F32 => self.go_up::<Single>(w, small, big),
            Numbers::Bf16 => self.go_up::<Halves>(w, small, big),
            Numbers::PlainBf16 => self.go_up::<PlainHalves>(w, small, big),
        }
    }

    /// Writes or adds the gradient of the weight; labels' rows and columns stay as they are.
    pub(crate) fn weight_gradient(&self, small: &[f32], big: &[f32], mode: Target, dw: &mut [f32]) {
        match self.numbers {
            Numbers::F32 => self.gradient::<Single>(small, big, mode, dw),
            Numbers::Bf16 => self.gradient::<Halves>(small, big, mode, dw),
            Numbers::PlainBf16 => self.gradient::<PlainHalves>(small, big, mode, dw),
        }
    }

    /// The big side with a border for every tap of every position.
    fn big_bordered(&self) -> Bordered {
        let g = &self.geometry;
        Bordered {
            size: [0, 1].map(|axis| {
                let reach = (g.small[axis] - 1) * g.stride + g.kernel[axis];
                reach.max(g.pad[axis] + 1)
            }),
            channels: self.big,
            border: g.pad,
        }
    }

    /// The small side with a border for every class of big positions.
    fn small_bordered(&self) -> Bordered {
        Bordered {
            size: [0, 1].map(|axis| {
                let map = self.border[axis] + self.geometry.small[axis];
                let seen = self.classes[axis].iter();
                let seen = seen.map(|class| class.start + class.count + class.taps.len() - 1);
                seen.fold(map, usize::max)
            }),
            channels: self.small,
            border: self.border,
        }
    }

    fn small_len(&self) -> usize {
        self.geometry.small_len() * self.small
    }

    fn big_len(&self) -> usize {
        self.geometry.big_len() * self.big
    }

    /// The row of the weight for a tap and a channel of the big side, without labels' columns.
    fn weight_row<'a>(&self, w: &'a [f32], tap: usize, channel: usize) -> &'a [f32] {
        &w[(tap * self.rows + channel) * self.columns..][..self.small]
    }

    /// The place of the big side's map for each of the first `n` positions of the small side, in
    /// halves.
    fn positions(&self, map: &Bordered, n: usize, halves: usize) -> impl Iterator<Item = usize> {
        let g = &self.geometry;
        (0..n).map(move |position| {
            let (sample, at) = (position / g.small_len(), position % g.small_len());
            let (row, column) = (at / g.small[1], at % g.small[1]);
            halves * map.at(sample, row * g.stride, column * g.stride)
        })
    }
}
