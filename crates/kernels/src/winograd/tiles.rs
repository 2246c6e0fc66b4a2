//! The transforms of tiles: from both sides to the points, and back.
#![expect(
    clippy::inline_always,
    reason = "what is not inlined into `widest` is compiled for the baseline"
)]

use rayon::prelude::*;

use super::{POINTS, Point, SQUARE, Subpixel, TILE};
use crate::real::Real;
use crate::scratch::Scratch;
use crate::tasks::CoarseTasks as _;
use crate::wide::{Loops, widest};

/// Channels transformed together.
pub(super) const LANES: usize = 16;

/// `B^T`, to be applied to a patch.
const PATCH: [[f64; POINTS]; POINTS] = [
    [81.0 / 64.0, 0.0, -2.8125, 0.0, 1.0, 0.0],
    [0.0, -1.6875, -2.25, 0.75, 1.0, 0.0],
    [0.0, 1.6875, -2.25, -0.75, 1.0, 0.0],
    [0.0, -0.84375, -0.5625, 1.5, 1.0, 0.0],
    [0.0, 0.84375, -0.5625, -1.5, 1.0, 0.0],
    [0.0, 81.0 / 64.0, 0.0, -2.8125, 0.0, 1.0],
];
/// `A^T`, to be applied to the products.
const RESULT: [[f64; POINTS]; TILE] = [
    [1.0, 1.0, 1.0, 1.0, 1.0, 0.0],
    [0.0, 0.75, -0.75, 1.5, -1.5, 0.0],
    [0.0, 0.5625, 0.5625, 2.25, 2.25, 0.0],
    [0.0, 27.0 / 64.0, -27.0 / 64.0, 3.375, -3.375, 1.0],
];

/// The classes of big positions.
pub(super) const CLASSES: [[usize; 2]; 4] = [[0, 0], [0, 1], [1, 0], [1, 1]];

impl Subpixel {
    /// `B^T d B` of all patches: `[tiles, points, small channels]`.
    pub(super) fn patches<T: Real>(&self, small: &[T]) -> Scratch<T> {
        let (tiles, len) = (self.tiles(), SQUARE * self.small);
        let mut v = Scratch::take(small.len() / self.small_len() * tiles * len);
        v.par_chunks_mut(len)
            .enumerate()
            .one_task_per_steal()
            .for_each(|(tile, v)| {
                let loops = Patch {
                    layer: self,
                    small: &small[tile / tiles * self.small_len()..][..self.small_len()],
                    tile: tile % tiles,
                    v,
                };
                widest(self.isa, loops);
            });
        v
    }

    /// Adds `B v B^T` of all tiles, the adjoint of [`Subpixel::patches`], from `[points, tiles,
    /// small channels]`.
    pub(super) fn add_patches<T: Real>(&self, v: &[T], tiles: usize, small: &mut [T]) {
        small
            .par_chunks_mut(self.small_len())
            .enumerate()
            .one_task_per_steal()
            .for_each(|(sample, small)| {
                let loops = AddPatches {
                    layer: self,
                    v,
                    tiles,
                    sample,
                    small,
                };
                widest(self.isa, loops);
            });
    }

    /// Calls `visit` with row and column in the patch and the number of the pixel, for every pixel
    /// inside the map.
    #[inline(always)]
    fn each_patch_pixel(&self, tile: usize, mut visit: impl FnMut(usize, usize, usize)) {
        let [rows, columns] = self.axes;
        let (ty, tx) = (tile / columns.tiles(), tile % columns.tiles());
        for y in 0..POINTS {
            let Some(row) = (ty * TILE + y)
                .checked_sub(1)
                .filter(|&row| row < rows.small)
            else {
                continue;
            };
            for x in 0..POINTS {
                let column = (tx * TILE + x).checked_sub(1);
                if let Some(column) = column.filter(|&column| column < columns.small) {
                    visit(y, x, row * columns.small + column);
                }
            }
        }
    }

    /// `A y A^T` of all tiles and classes: `[tiles, products, big channels]`.
    pub(super) fn results<T: Real>(&self, big: &[T]) -> Scratch<T> {
        let (tiles, len) = (self.tiles(), self.products() * self.big);
        let mut m = Scratch::take(big.len() / self.big_len() * tiles * len);
        m.par_chunks_mut(len)
            .enumerate()
            .one_task_per_steal()
            .for_each(|(tile, m)| {
                let loops = Results {
                    layer: self,
                    big: &big[tile / tiles * self.big_len()..][..self.big_len()],
                    tile: tile % tiles,
                    m,
                };
                widest(self.isa, loops);
            });
        m
    }

    /// Adds `A^T m A` of all tiles and classes, the adjoint of [`Subpixel::results`], from pieces
    /// by point of `[tiles, products, big channels]`.
    pub(super) fn add_results<T: Real>(&self, m: &[T], tiles: usize, big: &mut [T]) {
        big.par_chunks_mut(self.big_len())
            .enumerate()
            .one_task_per_steal()
            .for_each(|(sample, big)| {
                let loops = AddResults {
                    layer: self,
                    m,
                    tiles,
                    sample,
                    big,
                };
                widest(self.isa, loops);
            });
    }

    /// Calls `visit` with row and column in a class's tile and the number of the pixel, for every
    /// pixel inside the map.
    #[inline(always)]
    fn each_result_pixel(
        &self,
        tile: usize,
        class: [usize; 2],
        mut visit: impl FnMut(usize, usize, usize),
    ) {
        let [rows, columns] = self.axes;
        let (ty, tx) = (tile / columns.tiles(), tile % columns.tiles());
        for y in 0..TILE {
            let row = 2 * (ty * TILE + y) + rows.parity(class[0]);
            for x in 0..TILE {
                let column = 2 * (tx * TILE + x) + columns.parity(class[1]);
                if row < rows.big && column < columns.big {
                    visit(y, x, row * columns.big + column);
                }
            }
        }
    }
}

/// The transform of one patch.
struct Patch<'a, T> {
    layer: &'a Subpixel,
    /// The sample's small map.
    small: &'a [T],
    /// The tile in the sample.
    tile: usize,
    v: &'a mut [T],
}

impl<T: Real> Loops for Patch<'_, T> {
    #[inline(always)]
    fn run(self) {
        let width = self.layer.small;
        // Pixels outside the map stay zero.
        let mut patch = [[[T::ZERO; LANES]; POINTS]; POINTS];
        let mut points = patch;
        for channel in (0..width).step_by(LANES) {
            self.layer.each_patch_pixel(self.tile, |y, x, at| {
                load(
                    &self.small[at * width..][..width],
                    channel,
                    &mut patch[y][x],
                );
            });
            sandwich(&PATCH, &patch, &mut points);
            for (point, values) in points.as_flattened().iter().enumerate() {
                store(values, channel, &mut self.v[point * width..][..width]);
            }
        }
    }
}

/// The transform of a sample's tiles back to its small map.
struct AddPatches<'a, T> {
    layer: &'a Subpixel,
    v: &'a [T],
    /// Tiles of all samples.
    tiles: usize,
    sample: usize,
    small: &'a mut [T],
}

impl<T: Real> Loops for AddPatches<'_, T> {
    #[inline(always)]
    fn run(self) {
        let (layer, width) = (self.layer, self.layer.small);
        let transposed = transpose(&PATCH);
        for tile in 0..layer.tiles() {
            let at = self.sample * layer.tiles() + tile;
            let mut points = [[[T::ZERO; LANES]; POINTS]; POINTS];
            let mut patch = points;
            for channel in (0..width).step_by(LANES) {
                for (point, values) in points.as_flattened_mut().iter_mut().enumerate() {
                    let v = &self.v[(point * self.tiles + at) * width..][..width];
                    load(v, channel, values);
                }
                sandwich(&transposed, &points, &mut patch);
                layer.each_patch_pixel(tile, |y, x, at| {
                    add(
                        &patch[y][x],
                        channel,
                        &mut self.small[at * width..][..width],
                    );
                });
            }
        }
    }
}

/// The transform of one tile of results, in all classes.
struct Results<'a, T> {
    layer: &'a Subpixel,
    /// The sample's big map.
    big: &'a [T],
    /// The tile in the sample.
    tile: usize,
    m: &'a mut [T],
}

impl<T: Real> Loops for Results<'_, T> {
    #[inline(always)]
    fn run(self) {
        let (layer, width) = (self.layer, self.layer.big);
        let transposed = transpose(&RESULT);
        for class in CLASSES {
            // Pixels outside the map stay zero.
            let mut square = [[[T::ZERO; LANES]; TILE]; TILE];
            let mut points = [[[T::ZERO; LANES]; POINTS]; POINTS];
            for channel in (0..width).step_by(LANES) {
                layer.each_result_pixel(self.tile, class, |y, x, at| {
                    load(&self.big[at * width..][..width], channel, &mut square[y][x]);
                });
                sandwich(&transposed, &square, &mut points);
                for (point, values) in layer.points.iter().zip(points.as_flattened()) {
                    if let Some(product) = product(point, class) {
                        store(values, channel, &mut self.m[product * width..][..width]);
                    }
                }
            }
        }
    }
}

/// The transform of a sample's tiles of results back to its big map.
struct AddResults<'a, T> {
    layer: &'a Subpixel,
    m: &'a [T],
    /// Tiles of all samples.
    tiles: usize,
    sample: usize,
    big: &'a mut [T],
}

impl<T: Real> Loops for AddResults<'_, T> {
    #[inline(always)]
    fn run(self) {
        let (layer, width) = (self.layer, self.layer.big);
        for tile in 0..layer.tiles() {
            let at = self.sample * layer.tiles() + tile;
            for class in CLASSES {
                // Points that a class lacks stay zero.
                let mut points = [[[T::ZERO; LANES]; POINTS]; POINTS];
                let mut square = [[[T::ZERO; LANES]; TILE]; TILE];
                for channel in (0..width).step_by(LANES) {
                    for (point, values) in layer.points.iter().zip(points.as_flattened_mut()) {
                        if let Some(product) = product(point, class) {
                            let row = point.first * self.tiles + at * point.products();
                            let row = row + product - point.first;
                            load(&self.m[row * width..][..width], channel, values);
                        }
                    }
                    sandwich(&RESULT, &points, &mut square);
                    layer.each_result_pixel(tile, class, |y, x, at| {
                        add(&square[y][x], channel, &mut self.big[at * width..][..width]);
                    });
                }
            }
        }
    }
}

/// The number of a class's product at a point; `None` if the class vanishes there.
pub(super) fn product(point: &Point, class: [usize; 2]) -> Option<usize> {
    let exists = class[0] < point.classes[0] && class[1] < point.classes[1];
    exists.then_some(point.first + class[0] * point.classes[1] + class[1])
}

/// Writes `L x L^T` to `whole`, for every lane, by sums in `f64`: large numbers cancel here.
#[inline(always)]
pub(super) fn sandwich<T: Real, const R: usize, const C: usize>(
    l: &[[f64; C]; R],
    x: &[[[T; LANES]; C]; C],
    whole: &mut [[[T; LANES]; R]; R],
) {
    let mut half = [[[0.0; LANES]; C]; R];
    let mut wide = [[0.0; LANES]; C];
    for column in 0..C {
        for (wide, x) in wide.iter_mut().zip(x) {
            for (wide, x) in wide.iter_mut().zip(&x[column]) {
                *wide = x.to_f64();
            }
        }
        for (half, l) in half.iter_mut().zip(l) {
            half[column] = combine(l, &wide);
        }
    }
    for (whole, half) in whole.iter_mut().zip(&half) {
        for (whole, l) in whole.iter_mut().zip(l) {
            for (whole, sum) in whole.iter_mut().zip(combine(l, half)) {
                *whole = T::from_f64(sum);
            }
        }
    }
}

/// The sum of `x[i]` times `l[i]`.
#[inline(always)]
fn combine<const C: usize>(l: &[f64; C], x: &[[f64; LANES]; C]) -> [f64; LANES] {
    let mut sum = [0.0; LANES];
    for (&l, x) in l.iter().zip(x) {
        if l != 0.0 {
            axpy(l, x, &mut sum);
        }
    }
    sum
}

pub(super) fn transpose<const R: usize, const C: usize>(m: &[[f64; C]; R]) -> [[f64; R]; C] {
    std::array::from_fn(|c| std::array::from_fn(|r| m[r][c]))
}

/// `y += a x`.
#[inline(always)]
pub(super) fn axpy<T: Real>(a: T, x: &[T], y: &mut [T]) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y += a * x;
    }
}

/// Copies up to [`LANES`] channels from `channel` on.
#[inline(always)]
fn load<T: Real>(from: &[T], channel: usize, lanes: &mut [T; LANES]) {
    let from = &from[channel..];
    match from.first_chunk() {
        Some(whole) => *lanes = *whole,
        None => lanes[..from.len()].copy_from_slice(from),
    }
}

/// The inverse of [`load`].
#[inline(always)]
fn store<T: Real>(lanes: &[T; LANES], channel: usize, to: &mut [T]) {
    let to = &mut to[channel..];
    if let Some(whole) = to.first_chunk_mut() {
        *whole = *lanes;
    } else {
        let n = to.len();
        to.copy_from_slice(&lanes[..n]);
    }
}

/// Like [`store`], but adds.
#[inline(always)]
fn add<T: Real>(lanes: &[T; LANES], channel: usize, to: &mut [T]) {
    let to = &mut to[channel..];
    if let Some(whole) = to.first_chunk_mut::<LANES>() {
        axpy(T::ONE, lanes, whole);
    } else {
        axpy(T::ONE, lanes, to);
    }
}
