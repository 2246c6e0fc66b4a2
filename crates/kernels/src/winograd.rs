//! Gradients of 5x5 convolutions of stride 2 and of their transposes, with fewer multiplications.
//!
//! Positions of the big side fall into four classes by the parity of row and column. A class sees
//! the small side through its own taps only, 3 or 2 per axis, so that the layer is four
//! convolutions of stride 1 over one map ("sub-pixel"). Each is computed in tiles of 4x4 results by
//! Winograd's minimal filtering (Lavin and Gray 2016, <https://arxiv.org/abs/1509.09308>):
//! `Y = A^T [(G g G^T) * (B^T d B)] A` with six interpolation points per axis, at one of which a
//! class of two taps vanishes. A 6x6 patch `d` of the small side thus serves all classes with 11 x
//! 11 products for 8 x 8 results, where the direct form needs 20 x 20.
//!
//! The points 0, 3/4, -3/4, 3/2, -3/2 and infinity lose least in `f32` of those whose `A` and `B`
//! are short binary fractions: a factor of 2.6 against the direct sum, where the usual 0, 1, -1,
//! 1/2, -2 lose 3.7 and 0, 1, -1, 2, -2 six (mean over random patches). Products are therefore
//! added in short sums and transforms in `f64`, and sums of few terms are left to the direct
//! product ([`support`]): a weight's gradient is at most three times less exact than the direct
//! one, and zero where it has no term.
//!
//! All three passes are the same shape: a transform by tile, one product by point, a transform by
//! tile back; the adjoint runs the transposed transforms. Blocks of tiles are fixed by the shape,
//! so nothing depends on the number of threads.

mod support;
mod tiles;
mod weight;

use rayon::prelude::*;

pub(crate) use support::{Activity, Support};
pub(crate) use weight::WeightGradient;

use crate::geometry::Geometry;
use crate::isa::Isa;
use crate::matmul::{Matrix, Par, Target, multiply_in_runs};
use crate::products::multiply_dense;
use crate::real::Real;
use crate::scratch::Scratch;
use crate::tasks::CoarseTasks as _;

/// Results per tile and axis.
const TILE: usize = 4;
/// Interpolation points per axis, and the side of a patch.
const POINTS: usize = 6;
/// Points of both axes.
const SQUARE: usize = POINTS * POINTS;
/// Most tiles at once: bounds the scratch memory.
const TILES: usize = 256;
/// Steps of a short sum of channels: rounding grows with a sum's length, and tiles magnify it.
const RUN: usize = 64;
/// Largest share of the direct form's products that may remain: with more, the transforms cost what
/// is saved.
const WORTH: [usize; 2] = [7, 10];

/// `G`, to be applied to three taps.
const TAPS: [[f64; 3]; POINTS] = [
    [64.0 / 81.0, 0.0, 0.0],
    [-128.0 / 243.0, -32.0 / 81.0, -8.0 / 27.0],
    [-128.0 / 243.0, 32.0 / 81.0, -8.0 / 27.0],
    [32.0 / 243.0, 16.0 / 81.0, 8.0 / 27.0],
    [32.0 / 243.0, -16.0 / 81.0, 8.0 / 27.0],
    [0.0, 0.0, 1.0],
];

/// One axis of the geometry.
#[derive(Clone, Copy, Debug)]
struct Axis {
    small: usize,
    big: usize,
    pad: usize,
}

impl Axis {
    fn tiles(self) -> usize {
        self.small.div_ceil(TILE)
    }

    /// Parity of the big positions of class 0 (three taps) or 1 (two taps).
    fn parity(self, class: usize) -> usize {
        (self.pad + class) % 2
    }

    /// The kernel's tap by which a class sees the small position `step - 1` away from its own.
    fn tap(self, class: usize, step: usize) -> Option<usize> {
        let tap = (self.parity(class) + self.pad + 2).checked_sub(2 * step)?;
        (tap < 5).then_some(tap)
    }

    /// The number of classes at a point: the class of two taps lacks either the first tap and
    /// vanishes at 0, or the last and vanishes at infinity.
    fn classes(self, point: usize) -> usize {
        let absent = if self.tap(1, 0).is_none() {
            0
        } else {
            POINTS - 1
        };
        if point == absent { 1 } else { 2 }
    }
}

/// The products of one point, one per class.
#[derive(Clone, Copy, Debug)]
struct Point {
    /// The point on each axis.
    at: [usize; 2],
    /// Classes on each axis.
    classes: [usize; 2],
    /// Number of products of earlier points.
    first: usize,
}

impl Point {
    fn products(&self) -> usize {
        self.classes[0] * self.classes[1]
    }
}

/// A layer between `small` maps `[B, h, w, small channels]` and `big` ones
/// `[B, H, W, big channels]`.
///
/// Its weight is `[5, 5, rows, columns]`. The first `big channels` rows and the first
/// `small channels` columns are used; the others belong to labels.
#[derive(Debug)]
pub(crate) struct Subpixel {
    /// Whether the layer goes from small maps to big ones.
    transposed: bool,
    axes: [Axis; 2],
    points: Vec<Point>,
    small: usize,
    big: usize,
    rows: usize,
    columns: usize,
    /// The instructions of the transforms and of the products.
    isa: Isa,
}

impl Subpixel {
    /// `None` unless the geometry is a 5x5 kernel with stride 2 and `SAME` padding, and the maps
    /// are large enough for tiles to save anything.
    pub(crate) fn new(
        transposed: bool,
        g: &Geometry,
        [small, big]: [usize; 2],
        [rows, columns]: [usize; 2],
        isa: Isa,
    ) -> Option<Subpixel> {
        let fits =
            *g == Geometry::same(g.big, 5, 2) && g.pad.iter().all(|pad| (1..=2).contains(pad));
        let axes = [0, 1].map(|axis| Axis {
            small: g.small[axis],
            big: g.big[axis],
            pad: g.pad[axis],
        });
        let mut points = Vec::with_capacity(SQUARE);
        let mut first = 0;
        for a in 0..POINTS {
            for b in 0..POINTS {
                let classes = [axes[0].classes(a), axes[1].classes(b)];
                points.push(Point {
                    at: [a, b],
                    classes,
                    first,
                });
                first += classes[0] * classes[1];
            }
        }
        let tiles = axes[0].tiles() * axes[1].tiles();
        let saves = WORTH[1] * tiles * first <= WORTH[0] * g.small_len() * g.taps();
        (fits && saves).then_some(Subpixel {
            transposed,
            axes,
            points,
            small,
            big,
            rows,
            columns,
            isa,
        })
    }

    /// Number of products of all points.
    fn products(&self) -> usize {
        self.points.iter().map(Point::products).sum()
    }

    fn tiles(&self) -> usize {
        self.axes[0].tiles() * self.axes[1].tiles()
    }

    fn small_len(&self) -> usize {
        self.axes[0].small * self.axes[1].small * self.small
    }

    fn big_len(&self) -> usize {
        self.axes[0].big * self.axes[1].big * self.big
    }

    /// Samples per block.
    fn block(&self) -> usize {
        (TILES / self.tiles()).max(1)
    }

    /// Computes gradients from the output's gradient `dy`: the input's, from the weight and added
    /// to `dx`, and the weight's. Computed together they share the transform of `dy`.
    pub(crate) fn gradients<T: Real>(
        &self,
        dy: (&[T], &Activity),
        mut dx: Option<(&[T], &mut [T])>,
        dw: Option<WeightGradient<'_, T>>,
    ) {
        let (dy, of_dy) = dy;
        let [mut x_len, mut y_len] = [self.big_len(), self.small_len()];
        if self.transposed {
            std::mem::swap(&mut x_len, &mut y_len);
        }
        let u = dx.as_ref().map(|(w, _)| self.transform(w));
        let size = self.products() * self.big * self.small;
        let mut du = dw.as_ref().map(|_| Scratch::take(size));
        for (block, dy) in dy.chunks(self.block() * y_len).enumerate() {
            let first = block * self.block() * x_len;
            let inputs = first..first + dy.len() / y_len * x_len;
            let of_dy = if self.transposed {
                self.results(dy)
            } else {
                self.patches(dy)
            };
            if let (Some((_, dx)), Some(u)) = (&mut dx, &u) {
                if self.transposed {
                    self.down(u, &of_dy, &mut dx[inputs.clone()]);
                } else {
                    self.up(u, &of_dy, &mut dx[inputs.clone()]);
                }
            }
            if let (Some(dw), Some(du)) = (&dw, &mut du) {
                let x = &dw.x[inputs];
                let (v, m) = if self.transposed {
                    (self.patches(x), of_dy)
                } else {
                    (of_dy, self.results(x))
                };
                self.add_products(block == 0, &v, &m, du);
            }
        }
        if let Some((_, dx)) = dx {
            self.clear_idle(of_dy, dx);
        }
        if let (Some(dw), Some(du)) = (dw, du) {
            self.finish(&du, dy, dw);
        }
    }

    /// Adds the transposed convolution of small maps to `big` ones; `v` is from
    /// [`Subpixel::patches`] and the weight from [`Subpixel::transform`].
    fn up<T: Real>(&self, u: &[T], v: &[T], big: &mut [T]) {
        let tiles = v.len() / (SQUARE * self.small);
        let mut m = Scratch::take(tiles * self.products() * self.big);
        self.by_point(&mut m, tiles * self.big, |number, point, m| {
            let width = point.products() * self.big;
            let lhs = self.patch_matrix(v, number);
            let rhs = Matrix::new(&u[point.first * self.big * self.small..], width, self.small);
            self.multiply_rows(m, Target::Replace, lhs, rhs.t(), RUN);
        });
        self.add_results(&m, tiles, big);
    }

    /// Adds the convolution of big maps to `small` ones, the adjoint of [`Subpixel::up`]; `m` is
    /// from [`Subpixel::results`].
    fn down<T: Real>(&self, u: &[T], m: &[T], small: &mut [T]) {
        let tiles = m.len() / (self.products() * self.big);
        let mut v = Scratch::take(tiles * SQUARE * self.small);
        v.par_chunks_mut(tiles * self.small)
            .zip(&self.points)
            .one_task_per_steal()
            .for_each(|(v, point)| {
                let width = point.products() * self.big;
                let lhs = self.result_matrix(m, point);
                let rhs = Matrix::new(&u[point.first * self.big * self.small..], width, self.small);
                self.multiply_rows(v, Target::Replace, lhs, rhs, RUN);
            });
        self.add_patches(&v, tiles, small);
    }

    /// Runs one product per point in parallel, each into its own piece of `data`: `size` elements
    /// for each of the point's products.
    fn by_point<T: Real>(
        &self,
        mut data: &mut [T],
        size: usize,
        product: impl Fn(usize, &Point, &mut [T]) + Send + Sync,
    ) {
        let mut pieces = Vec::with_capacity(SQUARE);
        for (number, point) in self.points.iter().enumerate() {
            let (piece, rest) = data.split_at_mut(point.products() * size);
            pieces.push((number, point, piece));
            data = rest;
        }
        pieces
            .into_par_iter()
            .one_task_per_steal()
            .for_each(|(number, point, piece)| product(number, point, piece));
    }

    /// The transformed patches at a point: `[tiles, small channels]`.
    fn patch_matrix<'a, T>(&self, v: &'a [T], number: usize) -> Matrix<'a, T> {
        let width = SQUARE * self.small;
        let tiles = v.len() / width;
        Matrix::strided(&v[number * self.small..], tiles, self.small, width, 1)
    }

    /// The transformed results at a point: `[tiles, products x big channels]`.
    fn result_matrix<'a, T>(&self, m: &'a [T], point: &Point) -> Matrix<'a, T> {
        let width = self.products() * self.big;
        let tiles = m.len() / width;
        let columns = point.products() * self.big;
        Matrix::strided(&m[point.first * self.big..], tiles, columns, width, 1)
    }

    /// `target (=|+=) lhs rhs` for a row-major target by sums of `run` steps, on wide vectors where
    /// they may be used.
    fn multiply_rows<T: Real>(
        &self,
        target: &mut [T],
        mode: Target,
        lhs: Matrix<'_, T>,
        rhs: Matrix<'_, T>,
        run: usize,
    ) {
        if self.isa.has_avx512()
            && let (Some(lhs), Some(rhs), Some(target)) =
                (lhs.narrow(), rhs.narrow(), T::narrow_mut(target))
        {
            return multiply_dense(target, mode, lhs, rhs, run);
        }
        multiply_in_runs(target, rhs.cols, mode, lhs, rhs, run, Par::Serial);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dcgan_testkit::Instructions;

    /// Maps with a zero in every third place.
    fn maps(n: usize) -> Vec<f32> {
        let number = |i: usize| (i * 7919 % 1013) as f32 / 1013.0 - 0.4;
        let maps = (0..n).map(|i| if i % 3 == 0 { 0.0 } else { number(i) });
        maps.collect()
    }

    #[test]
    fn transforms_in_loops_for_wider_vectors_give_the_same_bits() {
        Instructions::Avx512.or_untested("transforms in loops for wider vectors");
        let [samples, small, big] = [3, 35, 33];
        let g = Geometry::same([13, 14], 5, 2);
        let layer = |transposed, isa| {
            let [sides, weight] = [[small, big], [big + 2, small + 3]];
            Subpixel::new(transposed, &g, sides, weight, isa).expect("a layer that fits")
        };
        let [small_maps, big_maps] =
            [g.small_len() * small, g.big_len() * big].map(|len| maps(samples * len));
        let weight = maps(25 * (big + 2) * (small + 3));
        for transposed in [false, true] {
            let [native, baseline] = [Isa::Native, Isa::Baseline].map(|isa| {
                let layer = layer(transposed, isa);
                let (u, v, m) = (
                    layer.transform(&weight),
                    layer.patches(&small_maps),
                    layer.results(&big_maps),
                );
                let (mut back_small, mut back_big) = (small_maps.clone(), big_maps.clone());
                let tiles = v.len() / (SQUARE * small);
                layer.add_patches(&v, tiles, &mut back_small);
                layer.add_results(&m, tiles, &mut back_big);
                let activity = format!("{:?}", layer.activity(&big_maps, false));
                let taps = layer.collect(&u);
                let all = [&u, &v, &m, &taps].map(|scratch| scratch.to_vec());
                (all, back_small, back_big, activity)
            });
            assert!(native == baseline, "transposed: {transposed}");
        }
    }
}
