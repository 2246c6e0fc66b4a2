//! The products of a strided convolution, its transpose and both gradients, on maps as they lie.
//!
//! All four are one of three products between a small and a big side:
//!
//! | | convolution | transpose |
//! | --- | --- | --- |
//! | forward | [`Maps::down`] | [`Maps::up`] |
//! | input gradient | [`Maps::up`] | [`Maps::down`] |
//! | weight gradient | [`Maps::weight_gradient`] | [`Maps::weight_gradient`] |
//!
//! A map is rounded into a copy with a border of zeros. The taps of a position then lie at the same
//! distances from it everywhere, those of one row side by side, so that a product walks over them
//! without a copy of the patch. Going up, positions of the big side fall into classes by their
//! remainders: each class sees taps of its own, and a pixel is written once per row of taps, with
//! no scattering.

use std::ops::Range;

use rayon::prelude::*;

use super::gradient::Gradient;
use super::layout::{Halves, PlainHalves, Single, Unit};
use super::numbers::{Numbers, WIDE};
use super::tile::{Ahead, COLUMNS, Left, Offsets, Panels, STEP, columns_of, multiply};
use crate::geometry::Geometry;
use crate::matmul::Target;
use crate::scratch::Scratch;
use crate::tasks::OneByOne as _;

/// Samples per task of going up or down: their rounded maps stay in the second-level cache.
const BLOCK: usize = 2;
/// Pairs up to which rows of taps make one product: longer sums in one piece round worse than sums
/// of sums.
const SHORT: usize = 64;

/// A layer between small maps `[B, h, w, small channels]` and big ones `[B, H, W, big channels]`.
///
/// Its weight is `[kh, kw, rows, columns]`, of which the first `big channels` rows and the first
/// `small channels` columns count; the rest belongs to labels.
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
    /// The border that they need before a small map.
    border: [usize; 2],
}

/// The positions of the big side with one remainder, on one axis: `stride * q + remainder`.
#[derive(Clone, Debug)]
struct Class {
    remainder: usize,
    /// How many there are.
    count: usize,
    /// The taps that reach them, in the order of the small positions `q + start`, `q + start + 1`
    /// and so on.
    taps: Vec<usize>,
    /// Where the first of those lies in the map with its border, for q = 0.
    start: usize,
}

/// The part of a product that one row of taps makes, or several.
#[derive(Debug)]
struct Part {
    steps: Offsets,
    /// Where its right operand begins.
    first: usize,
}

/// Adds the products of all parts to `target`: maps as they lie, from the places `rows` on, by a
/// weight.
fn add_parts<U: Unit>(
    target: &mut [&mut [f32]],
    columns: usize,
    maps: &[u16],
    rows: &Offsets,
    parts: &[Part],
    w: &Packed,
) {
    for part in parts {
        let lhs = Left {
            data: maps,
            rows,
            steps: &part.steps,
        };
        let rhs = Panels {
            data: &w.0[part.first..],
            step: STEP,
            panel: part.steps.len() * STEP,
        };
        let ahead = &mut Ahead::nothing();
        multiply::<U>(target, Target::Add, columns, lhs, rhs, ahead);
    }
}

/// The classes of one axis, and the border before the map.
fn classes(g: &Geometry, axis: usize) -> (Vec<Class>, usize) {
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

/// A weight laid out for [`Maps::down`] or [`Maps::up`].
#[derive(Debug)]
struct Packed(Scratch<u16>);

/// Rounded maps `[samples, height, width, channels]` with a border of zeros, and an element more.
struct Bordered {
    size: [usize; 2],
    channels: usize,
    border: [usize; 2],
}

impl Bordered {
    fn len(&self) -> usize {
        self.size[0] * self.size[1] * self.channels
    }

    fn at(&self, sample: usize, row: usize, column: usize) -> usize {
        ((sample * self.size[0] + row) * self.size[1] + column) * self.channels
    }

    /// The rows of a map that fall inside, each with its place, in elements.
    fn rows_inside(
        &self,
        [height, width]: [usize; 2],
    ) -> impl Iterator<Item = (Range<usize>, usize)> {
        let height = height.min(self.size[0] - self.border[0]);
        let run = width.min(self.size[1] - self.border[1]) * self.channels;
        (0..height).map(move |row| {
            let from = row * width * self.channels;
            let to = self.at(0, row + self.border[0], self.border[1]);
            (from..from + run, to)
        })
    }

    /// Rounds maps of `size` into the middle.
    fn rounded<U: Unit>(&self, maps: &[f32], size: [usize; 2]) -> Scratch<u16> {
        let len = size[0] * size[1] * self.channels;
        let mut bordered = Scratch::take(maps.len() / len * self.len() * U::HALVES + 1);
        bordered.fill(0);
        let samples = bordered.chunks_exact_mut(self.len() * U::HALVES);
        for (map, to) in maps.chunks_exact(len).zip(samples) {
            for (from, at) in self.rows_inside(size) {
                let to = &mut to[U::HALVES * at..][..U::HALVES * from.len()];
                U::row(&map[from], to);
            }
        }
        bordered
    }

    /// The same with two samples paired element by element; an odd one out is paired with zeros.
    fn units<U: Unit>(&self, maps: &[f32], size: [usize; 2]) -> Scratch<u16> {
        let len = size[0] * size[1] * self.channels;
        let pairs = (maps.len() / len).div_ceil(U::NUMBERS);
        let mut bordered = Scratch::take(pairs * 2 * self.len());
        bordered
            .par_chunks_exact_mut(2 * self.len())
            .zip(maps.par_chunks(U::NUMBERS * len))
            .one_by_one()
            .for_each(|(to, maps)| {
                to.fill(0);
                let (even, odd) = maps.split_at(len);
                for (from, at) in self.rows_inside(size) {
                    let odd = (!odd.is_empty()).then(|| &odd[from.clone()]);
                    U::units(
                        &even[from.clone()],
                        odd,
                        &mut to[2 * at..2 * (at + from.len())],
                    );
                }
            });
        bordered
    }
}

impl Maps {
    /// A layer of that geometry and those channels.
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

    /// The same layer between other channels, without labels.
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

    /// The gradient of the weight, of which only the rows and columns that count are touched.
    pub(crate) fn weight_gradient(&self, small: &[f32], big: &[f32], mode: Target, dw: &mut [f32]) {
        match self.numbers {
            Numbers::F32 => self.gradient::<Single>(small, big, mode, dw),
            Numbers::Bf16 => self.gradient::<Halves>(small, big, mode, dw),
            Numbers::PlainBf16 => self.gradient::<PlainHalves>(small, big, mode, dw),
        }
    }

    /// The big side with all that any tap of any position reaches.
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

    /// The small side with all that any class of big positions sees.
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

    /// The row of the weight for a tap and a channel of the big side, as far as it counts.
    fn weight_row<'a>(&self, w: &'a [f32], tap: usize, channel: usize) -> &'a [f32] {
        &w[(tap * self.rows + channel) * self.columns..][..self.small]
    }

    /// Rows of taps that going down takes in one product: several if they are short.
    fn row_groups<U: Unit>(&self) -> Vec<Range<usize>> {
        let [height, width] = self.geometry.kernel;
        let pairs = (width * self.big).div_ceil(U::NUMBERS);
        let most = (SHORT / pairs).clamp(1, height);
        let rows = height.div_ceil(height.div_ceil(most));
        let groups = (0..height).step_by(rows);
        groups
            .map(|first| first..height.min(first + rows))
            .collect()
    }

    /// The weight `[kh, kw, rows, columns]` for [`Maps::down`].
    fn pack_down<U: Unit>(&self, w: &[f32]) -> Packed {
        let [height, width] = self.geometry.kernel;
        let inner = width * self.big;
        let (pairs, panels) = (inner.div_ceil(U::NUMBERS), self.small.div_ceil(COLUMNS));
        let mut packed = Scratch::take(height * panels * pairs * STEP);
        let mut tasks = Vec::new();
        let mut rest = &mut packed[..];
        for rows in self.row_groups::<U>() {
            for panel in 0..panels {
                let part;
                let len = rows.len() * pairs * STEP;
                (part, rest) = std::mem::take(&mut rest).split_at_mut(len);
                let parts = part.chunks_exact_mut(pairs * STEP);
                tasks.extend(rows.clone().zip(parts).map(|(row, to)| (row, panel, to)));
            }
        }
        tasks
            .into_par_iter()
            .one_by_one()
            .for_each(|(row, panel, packed)| {
                let columns = columns_of(panel, self.small);
                let run = |k: usize| {
                    let (tap, channel) = (row * width + k / self.big, k % self.big);
                    &self.weight_row(w, tap, channel)[columns.clone()]
                };
                for (number, to) in packed.chunks_exact_mut(STEP).enumerate() {
                    let k = U::NUMBERS * number;
                    let odd = (U::NUMBERS == 2 && k + 1 < inner).then(|| run(k + 1));
                    U::units(run(k), odd, to);
                }
            });
        Packed(packed)
    }

    fn go_down<U: Unit>(&self, w: &[f32], big: &[f32], small: &mut [f32]) {
        let w = &self.pack_down::<U>(w);
        let g = &self.geometry;
        let map = self.big_bordered();
        let pairs = (g.kernel[1] * self.big).div_ceil(U::NUMBERS);
        let panels = self.small.div_ceil(COLUMNS);
        let groups = self.row_groups::<U>().into_iter();
        let parts: Vec<Part> = groups
            .map(|rows| Part {
                first: rows.start * panels * pairs * STEP,
                steps: rows
                    .flat_map(|row| {
                        let start = U::HALVES * map.at(0, row, 0);
                        (0..pairs).map(move |step| start + 2 * step)
                    })
                    .collect(),
            })
            .collect();
        small
            .par_chunks_mut(BLOCK * self.small_len())
            .zip(big.par_chunks(BLOCK * self.big_len()))
            .one_by_one()
            .for_each(|(small, big)| {
                let big = map.rounded::<U>(big, g.big);
                let mut target: Vec<&mut [f32]> = small.chunks_exact_mut(self.small).collect();
                let rows = self.positions(&map, target.len(), U::HALVES).collect();
                add_parts::<U>(&mut target, self.small, &big, &rows, &parts, w);
            });
    }

    /// Every pair of classes with every row of its taps, and the pairs of numbers there.
    fn up_parts<U: Unit>(&self) -> impl Iterator<Item = ([&Class; 2], usize, usize)> {
        let [ys, xs] = &self.classes;
        let classes = ys.iter().flat_map(move |y| xs.iter().map(move |x| [y, x]));
        classes.flat_map(|[y, x]| {
            let pairs = (x.taps.len() * self.small).div_ceil(U::NUMBERS);
            (0..y.taps.len()).map(move |row| ([y, x], row, pairs))
        })
    }

    /// The weight `[kh, kw, rows, columns]` for [`Maps::up`].
    fn pack_up<U: Unit>(&self, w: &[f32]) -> Packed {
        let panels = self.big.div_ceil(COLUMNS);
        let len = self
            .up_parts::<U>()
            .map(|(_, _, pairs)| panels * pairs * STEP);
        let mut packed = Scratch::take(len.sum());
        let mut tasks = Vec::new();
        let mut rest = &mut packed[..];
        for ([y, x], row, pairs) in self.up_parts::<U>() {
            let part;
            (part, rest) = std::mem::take(&mut rest).split_at_mut(panels * pairs * STEP);
            if pairs > 0 {
                let panels = part.chunks_exact_mut(pairs * STEP).enumerate();
                tasks.extend(panels.map(|(panel, to)| (y.taps[row], &x.taps, panel, to)));
            }
        }
        tasks
            .into_par_iter()
            .one_by_one()
            .for_each(|(tap_row, taps, panel, to)| {
                let inner = U::HALVES * taps.len() * self.small;
                let mut run = Scratch::<u16>::take(inner.next_multiple_of(2));
                let channels = columns_of(panel, self.big);
                for step in to.chunks_exact_mut(STEP) {
                    step[2 * channels.len()..].fill(0);
                }
                for (number, channel) in channels.enumerate() {
                    run[inner..].fill(0);
                    for (tap, run) in taps
                        .iter()
                        .zip(run.chunks_exact_mut(U::HALVES * self.small))
                    {
                        let tap = tap_row * self.geometry.kernel[1] + tap;
                        U::row(self.weight_row(w, tap, channel), run);
                    }
                    for (step, pair) in to.chunks_exact_mut(STEP).zip(run.chunks_exact(2)) {
                        step[2 * number..2 * number + 2].copy_from_slice(pair);
                    }
                }
            });
        Packed(packed)
    }

    fn go_up<U: Unit>(&self, w: &[f32], small: &[f32], big: &mut [f32]) {
        let w = &self.pack_up::<U>(w);
        let g = &self.geometry;
        let map = self.small_bordered();
        let panels = self.big.div_ceil(COLUMNS);
        let mut parts: Vec<([&Class; 2], Vec<Part>)> = Vec::new();
        let mut first = 0;
        for (classes, row, pairs) in self.up_parts::<U>() {
            let [y, x] = classes;
            if row == 0 {
                parts.push((classes, Vec::new()));
            }
            let start = U::HALVES * map.at(0, y.start + row, x.start);
            let part = Part {
                steps: (0..pairs).map(|step| start + 2 * step).collect(),
                first,
            };
            first += panels * pairs * STEP;
            if let Some((_, parts)) = parts.last_mut() {
                parts.push(part);
            }
        }
        big.par_chunks_mut(BLOCK * self.big_len())
            .zip(small.par_chunks(BLOCK * self.small_len()))
            .one_by_one()
            .for_each(|(big, small)| {
                let small = map.rounded::<U>(small, g.small);
                let mut pixels: Vec<Option<&mut [f32]>> =
                    big.chunks_exact_mut(self.big).map(Some).collect();
                let samples = pixels.len() / g.big_len();
                for ([y, x], parts) in &parts {
                    let mut target = Vec::with_capacity(samples * y.count * x.count);
                    let mut rows = Vec::with_capacity(samples * y.count * x.count);
                    for sample in 0..samples {
                        for row in 0..y.count {
                            for column in 0..x.count {
                                let at =
                                    (sample * g.big[0] + row * g.stride + y.remainder) * g.big[1];
                                let pixel = pixels[at + column * g.stride + x.remainder].take();
                                target.extend(pixel);
                                rows.push(U::HALVES * map.at(sample, row, column));
                            }
                        }
                    }
                    let rows = rows.into_iter().collect();
                    add_parts::<U>(&mut target, self.big, &small, &rows, parts, w);
                }
            });
    }

    /// Samples are paired, so that a map of an odd number of positions leaves no pair half empty.
    fn gradient<U: Unit>(&self, small: &[f32], big: &[f32], mode: Target, dw: &mut [f32]) {
        let g = &self.geometry;
        let map = self.big_bordered();
        let big = map.units::<U>(big, g.big);
        let flat = Bordered {
            size: g.small,
            channels: self.small,
            border: [0, 0],
        };
        let units;
        let small = if U::NUMBERS == 1 {
            bytemuck::cast_slice(small)
        } else {
            units = flat.units::<U>(small, g.small);
            &units
        };
        let n = small.len() / (2 * self.small);
        let gradient = Gradient {
            big: &big,
            small,
            width: self.small,
            rows: self.weight_places(&map),
            positions: self.positions(&map, n, 2).collect(),
        };
        let taps = dw.chunks_exact_mut(self.rows * self.columns);
        let rows: Vec<&mut [f32]> = taps
            .flat_map(|tap| tap.chunks_exact_mut(self.columns).take(self.big))
            .collect();
        gradient.write::<U>(rows, mode);
    }

    /// Where each row of the weight, tap by tap, has its element for the first position, in halves.
    fn weight_places(&self, map: &Bordered) -> Vec<usize> {
        let [height, width] = self.geometry.kernel;
        let taps = (0..height).flat_map(|row| (0..width).map(move |column| (row, column)));
        taps.flat_map(|(row, column)| {
            let first = map.at(0, row, column);
            (first..first + self.big).map(|at| 2 * at)
        })
        .collect()
    }

    /// Where the big side's map begins for each of so many positions of the small side, in halves.
    fn positions(&self, map: &Bordered, n: usize, halves: usize) -> impl Iterator<Item = usize> {
        let g = &self.geometry;
        (0..n).map(move |position| {
            let (sample, at) = (position / g.small_len(), position % g.small_len());
            let (row, column) = (at / g.small[1], at % g.small[1]);
            halves * map.at(sample, row * g.stride, column * g.stride)
        })
    }
}
