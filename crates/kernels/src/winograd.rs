//! Gradients of 5x5 convolutions of stride 2 and of their transposes, with fewer multiplications.
//!
//! Positions of the big side fall into four classes by the parity of row and column. A class sees the small
//! side through its own taps only, 3 or 2 per axis, so that the layer is four convolutions of stride 1 over one
//! map ("sub-pixel"). Each is computed in tiles of 4x4 results by Winograd's minimal filtering (Lavin and Gray
//! 2016, <https://arxiv.org/abs/1509.09308>): `Y = A^T [(G g G^T) * (B^T d B)] A` with six interpolation points
//! per axis, at one of which a class of two taps vanishes. A 6x6 patch `d` of the small side thus serves all
//! classes with 11 x 11 products for 8 x 8 results, where the direct form needs 20 x 20.
//!
//! The points 0, 3/4, -3/4, 3/2, -3/2 and infinity lose least in `f32` of those whose `A` and `B` are short
//! binary fractions: a factor of 2.6 against the direct sum, where the usual 0, 1, -1, 1/2, -2 lose 3.7 and
//! 0, 1, -1, 2, -2 six (mean over random patches). Gradients can spare that.
//!
//! All three passes are the same shape: a transform by tile, one product by point, a transform by tile back;
//! the adjoint runs the transposed transforms. Blocks of tiles are fixed by the shape, so nothing depends on
//! the number of threads.
#![expect(
    clippy::inline_always,
    reason = "what is not inlined into `wide` is compiled for the baseline"
)]

use rayon::prelude::*;

use crate::geometry::Geometry;
use crate::matmul::{Matrix, Par, Target, multiply};
use crate::products::{has_avx512, multiply_dense};
use crate::real::Real;
use crate::scratch::Scratch;
use crate::tasks::OneByOne as _;
use crate::wide::wide;

/// Results per tile and axis.
const TILE: usize = 4;
/// Interpolation points per axis, and the side of a patch.
const POINTS: usize = 6;
/// Points of both axes.
const SQUARE: usize = POINTS * POINTS;
/// Most tiles at once: what bounds the scratch memory.
const TILES: usize = 256;
/// Channels transformed together.
const LANES: usize = 16;

/// `B^T`, to be applied to a patch.
const PATCH: [[f64; POINTS]; POINTS] = [
    [81.0 / 64.0, 0.0, -2.8125, 0.0, 1.0, 0.0],
    [0.0, -1.6875, -2.25, 0.75, 1.0, 0.0],
    [0.0, 1.6875, -2.25, -0.75, 1.0, 0.0],
    [0.0, -0.84375, -0.5625, 1.5, 1.0, 0.0],
    [0.0, 0.84375, -0.5625, -1.5, 1.0, 0.0],
    [0.0, 81.0 / 64.0, 0.0, -2.8125, 0.0, 1.0],
];
/// `G`, to be applied to three taps.
const TAPS: [[f64; 3]; POINTS] = [
    [64.0 / 81.0, 0.0, 0.0],
    [-128.0 / 243.0, -32.0 / 81.0, -8.0 / 27.0],
    [-128.0 / 243.0, 32.0 / 81.0, -8.0 / 27.0],
    [32.0 / 243.0, 16.0 / 81.0, 8.0 / 27.0],
    [32.0 / 243.0, -16.0 / 81.0, 8.0 / 27.0],
    [0.0, 0.0, 1.0],
];
/// `A^T`, to be applied to the products.
const RESULT: [[f64; POINTS]; TILE] = [
    [1.0, 1.0, 1.0, 1.0, 1.0, 0.0],
    [0.0, 0.75, -0.75, 1.5, -1.5, 0.0],
    [0.0, 0.5625, 0.5625, 2.25, 2.25, 0.0],
    [0.0, 27.0 / 64.0, -27.0 / 64.0, 3.375, -3.375, 1.0],
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

    /// The kernel's tap by which a class sees the small position `step - 1` beside its own.
    fn tap(self, class: usize, step: usize) -> Option<usize> {
        let tap = (self.parity(class) + self.pad + 2).checked_sub(2 * step)?;
        (tap < 5).then_some(tap)
    }

    /// How many classes there are at a point: that of two taps lacks the first tap, and vanishes at 0, or
    /// the last, and vanishes at infinity.
    fn classes(self, point: usize) -> usize {
        let absent = if self.tap(1, 0).is_none() {
            0
        } else {
            POINTS - 1
        };
        if point == absent { 1 } else { 2 }
    }
}

/// The products of one point: those of its classes side by side.
#[derive(Clone, Copy, Debug)]
struct Point {
    /// The point on each axis.
    at: [usize; 2],
    /// Classes on each axis.
    classes: [usize; 2],
    /// Products of earlier points.
    first: usize,
}

impl Point {
    fn products(&self) -> usize {
        self.classes[0] * self.classes[1]
    }
}

/// A layer between `small` maps `[B, h, w, small channels]` and `big` ones `[B, H, W, big channels]`.
///
/// Its weight is `[5, 5, rows, columns]`, of which the first `big channels` rows and the first
/// `small channels` columns count; the rest belongs to labels.
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
}

impl Subpixel {
    /// None if the geometry is not that of a 5x5 kernel with stride 2 and `SAME` padding.
    pub(crate) fn new(
        transposed: bool,
        g: &Geometry,
        [small, big]: [usize; 2],
        [rows, columns]: [usize; 2],
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
        fits.then_some(Subpixel {
            transposed,
            axes,
            points,
            small,
            big,
            rows,
            columns,
        })
    }

    /// Products of all points.
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

    /// `G g G^T` of every class: `[products, big channels, small channels]`.
    fn transform<T: Real>(&self, w: &[T]) -> Scratch<T> {
        let mut u = Scratch::take(self.products() * self.big * self.small);
        let mut classes = Vec::with_capacity(self.products());
        for point in &self.points {
            for i in 0..point.classes[0] {
                classes.extend((0..point.classes[1]).map(|j| (point.at, [i, j])));
            }
        }
        u.par_chunks_mut(self.big * self.small)
            .zip(classes)
            .one_by_one()
            .for_each(|(u, (at, class))| {
                wide(|| {
                    u.fill(T::ZERO);
                    for (tap, share) in self.taps(at, class) {
                        let share = T::from_f64(share);
                        let w = w[tap * self.rows * self.columns..].chunks_exact(self.columns);
                        for (u, w) in u.chunks_exact_mut(self.small).zip(w) {
                            axpy(share, &w[..self.small], u);
                        }
                    }
                });
            });
        u
    }

    /// The taps that a class has at a point, each with its factor.
    fn taps(&self, at: [usize; 2], class: [usize; 2]) -> impl Iterator<Item = (usize, f64)> {
        let steps = (0..3).flat_map(|y| (0..3).map(move |x| [y, x]));
        steps.filter_map(move |step| {
            let [ky, kx] = [0, 1].map(|axis: usize| self.axes[axis].tap(class[axis], step[axis]));
            let share = TAPS[at[0]][step[0]] * TAPS[at[1]][step[1]];
            Some((ky? * 5 + kx?, share)).filter(|_| share != 0.0)
        })
    }

    /// Gradients by that of the output, `dy`: of the input, added to what is there, with the weight that it
    /// takes; and of the weight, of which only the rows and columns that count are touched, with the input that
    /// it takes. Wanted together they share the transform of `dy`.
    pub(crate) fn gradients<T: Real>(
        &self,
        dy: &[T],
        mut dx: Option<(&[T], &mut [T])>,
        dw: Option<(&[T], Target, &mut [T])>,
    ) {
        let [mut x_len, mut y_len] = [self.big_len(), self.small_len()];
        if self.transposed {
            std::mem::swap(&mut x_len, &mut y_len);
        }
        let u = dx.as_ref().map(|(w, _)| self.transform(w));
        let size = self.big * self.small;
        let mut du = dw.as_ref().map(|_| Scratch::take(self.products() * size));
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
            if let (Some((x, ..)), Some(du)) = (&dw, &mut du) {
                let x = &x[inputs];
                let (v, m) = if self.transposed {
                    (self.patches(x), of_dy)
                } else {
                    (of_dy, self.results(x))
                };
                let mode = if block == 0 {
                    Target::Replace
                } else {
                    Target::Add
                };
                self.by_point(du, size, |number, point, du| {
                    let lhs = self.result_matrix(&m, point).t();
                    let rhs = self.patch_matrix(&v, number);
                    multiply_rows(du, mode, lhs, rhs);
                });
            }
        }
        if let (Some((_, mode, dw)), Some(du)) = (dw, du) {
            dw.par_chunks_mut(self.rows * self.columns)
                .enumerate()
                .one_by_one()
                .for_each(|(tap, dw)| wide(|| self.collect_tap(&du, tap, mode, dw)));
        }
    }

    /// Adds the transposed convolution of small maps, as [`Subpixel::patches`] has them, to `big` ones, with a
    /// weight from [`Subpixel::transform`].
    fn up<T: Real>(&self, u: &[T], v: &[T], big: &mut [T]) {
        let tiles = v.len() / (SQUARE * self.small);
        let mut m = Scratch::take(tiles * self.products() * self.big);
        self.by_point(&mut m, tiles * self.big, |number, point, m| {
            let width = point.products() * self.big;
            let lhs = self.patch_matrix(v, number);
            let rhs = Matrix::new(&u[point.first * self.big * self.small..], width, self.small);
            multiply_rows(m, Target::Replace, lhs, rhs.t());
        });
        big.par_chunks_mut(self.big_len())
            .enumerate()
            .one_by_one()
            .for_each(|(sample, big)| wide(|| self.add_results(&m, tiles, sample, big)));
    }

    /// Adds the convolution of big maps, as [`Subpixel::results`] has them, to `small` ones: the adjoint of
    /// [`Subpixel::up`].
    fn down<T: Real>(&self, u: &[T], m: &[T], small: &mut [T]) {
        let tiles = m.len() / (self.products() * self.big);
        let mut v = Scratch::take(tiles * SQUARE * self.small);
        v.par_chunks_mut(tiles * self.small)
            .zip(&self.points)
            .one_by_one()
            .for_each(|(v, point)| {
                let width = point.products() * self.big;
                let lhs = self.result_matrix(m, point);
                let rhs = Matrix::new(&u[point.first * self.big * self.small..], width, self.small);
                multiply_rows(v, Target::Replace, lhs, rhs);
            });
        small
            .par_chunks_mut(self.small_len())
            .enumerate()
            .one_by_one()
            .for_each(|(sample, small)| wide(|| self.add_patches(&v, tiles, sample, small)));
    }

    /// `G^T dU G` at one tap.
    #[inline(always)]
    fn collect_tap<T: Real>(&self, du: &[T], tap: usize, mode: Target, dw: &mut [T]) {
        if mode == Target::Replace {
            for dw in dw.chunks_exact_mut(self.columns).take(self.big) {
                dw[..self.small].fill(T::ZERO);
            }
        }
        let size = self.big * self.small;
        for point in &self.points {
            for (product, du) in du[point.first * size..]
                .chunks_exact(size)
                .take(point.products())
                .enumerate()
            {
                let class = [product / point.classes[1], product % point.classes[1]];
                let found = self.taps(point.at, class).find(|&(known, _)| known == tap);
                let Some((_, share)) = found else { continue };
                let share = T::from_f64(share);
                let rows = dw.chunks_exact_mut(self.columns);
                for (dw, du) in rows.zip(du.chunks_exact(self.small)) {
                    axpy(share, du, &mut dw[..self.small]);
                }
            }
        }
    }

    /// Runs one product per point in parallel, each into its piece of `size` times its number of products.
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
            .one_by_one()
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

    /// `B^T d B` of all patches: `[tiles, points, small channels]`.
    fn patches<T: Real>(&self, small: &[T]) -> Scratch<T> {
        let (tiles, len) = (self.tiles(), SQUARE * self.small);
        let mut v = Scratch::take(small.len() / self.small_len() * tiles * len);
        v.par_chunks_mut(len)
            .enumerate()
            .one_by_one()
            .for_each(|(tile, v)| {
                wide(|| {
                    let small = &small[tile / tiles * self.small_len()..][..self.small_len()];
                    // What lies outside of the map stays zero.
                    let mut patch = [[[T::ZERO; LANES]; POINTS]; POINTS];
                    let mut points = patch;
                    for channel in (0..self.small).step_by(LANES) {
                        self.each_patch_pixel(tile % tiles, |y, x, at| {
                            load(
                                &small[at * self.small..][..self.small],
                                channel,
                                &mut patch[y][x],
                            );
                        });
                        sandwich(&PATCH, &patch, &mut points);
                        for (point, values) in points.as_flattened().iter().enumerate() {
                            store(values, channel, &mut v[point * self.small..][..self.small]);
                        }
                    }
                });
            });
        v
    }

    /// Adds `B v B^T` of a sample's tiles, the adjoint of [`Subpixel::patches`], from `[points, tiles, ..]`.
    #[inline(always)]
    fn add_patches<T: Real>(&self, v: &[T], tiles: usize, sample: usize, small: &mut [T]) {
        let transposed = transpose(&PATCH);
        for tile in 0..self.tiles() {
            let at = sample * self.tiles() + tile;
            let mut points = [[[T::ZERO; LANES]; POINTS]; POINTS];
            let mut patch = points;
            for channel in (0..self.small).step_by(LANES) {
                for (point, values) in points.as_flattened_mut().iter_mut().enumerate() {
                    let v = &v[(point * tiles + at) * self.small..][..self.small];
                    load(v, channel, values);
                }
                sandwich(&transposed, &points, &mut patch);
                self.each_patch_pixel(tile, |y, x, at| {
                    add(
                        &patch[y][x],
                        channel,
                        &mut small[at * self.small..][..self.small],
                    );
                });
            }
        }
    }

    /// Calls `visit` with row and column of the patch and the number of the pixel, wherever there is one.
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
    fn results<T: Real>(&self, big: &[T]) -> Scratch<T> {
        let (tiles, len) = (self.tiles(), self.products() * self.big);
        let transposed = transpose(&RESULT);
        let mut m = Scratch::take(big.len() / self.big_len() * tiles * len);
        m.par_chunks_mut(len)
            .enumerate()
            .one_by_one()
            .for_each(|(tile, m)| {
                wide(|| {
                    let big = &big[tile / tiles * self.big_len()..][..self.big_len()];
                    for class in CLASSES {
                        // What lies outside of the map stays zero.
                        let mut square = [[[T::ZERO; LANES]; TILE]; TILE];
                        let mut points = [[[T::ZERO; LANES]; POINTS]; POINTS];
                        for channel in (0..self.big).step_by(LANES) {
                            self.each_result_pixel(tile % tiles, class, |y, x, at| {
                                load(
                                    &big[at * self.big..][..self.big],
                                    channel,
                                    &mut square[y][x],
                                );
                            });
                            sandwich(&transposed, &square, &mut points);
                            for (point, values) in self.points.iter().zip(points.as_flattened()) {
                                if let Some(product) = product(point, class) {
                                    store(
                                        values,
                                        channel,
                                        &mut m[product * self.big..][..self.big],
                                    );
                                }
                            }
                        }
                    }
                });
            });
        m
    }

    /// Adds `A^T m A` of a sample's tiles and classes, the adjoint of [`Subpixel::results`], from pieces by
    /// point of `[tiles, products, big channels]`.
    #[inline(always)]
    fn add_results<T: Real>(&self, m: &[T], tiles: usize, sample: usize, big: &mut [T]) {
        for tile in 0..self.tiles() {
            let at = sample * self.tiles() + tile;
            for class in CLASSES {
                // Points that a class lacks stay zero.
                let mut points = [[[T::ZERO; LANES]; POINTS]; POINTS];
                let mut square = [[[T::ZERO; LANES]; TILE]; TILE];
                for channel in (0..self.big).step_by(LANES) {
                    for (point, values) in self.points.iter().zip(points.as_flattened_mut()) {
                        if let Some(product) = product(point, class) {
                            let row = point.first * tiles + at * point.products();
                            let row = row + product - point.first;
                            load(&m[row * self.big..][..self.big], channel, values);
                        }
                    }
                    sandwich(&RESULT, &points, &mut square);
                    self.each_result_pixel(tile, class, |y, x, at| {
                        add(
                            &square[y][x],
                            channel,
                            &mut big[at * self.big..][..self.big],
                        );
                    });
                }
            }
        }
    }

    /// Calls `visit` with row and column of a class's tile and the number of the pixel, wherever there is one.
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

const CLASSES: [[usize; 2]; 4] = [[0, 0], [0, 1], [1, 0], [1, 1]];

/// `target (=|+=) lhs rhs` for a row-major target, on wide vectors where the processor has them.
fn multiply_rows<T: Real>(target: &mut [T], mode: Target, lhs: Matrix<'_, T>, rhs: Matrix<'_, T>) {
    if has_avx512()
        && let (Some(lhs), Some(rhs), Some(target)) =
            (lhs.narrow(), rhs.narrow(), T::narrow_mut(target))
    {
        return multiply_dense(target, mode, lhs, rhs);
    }
    multiply(target, rhs.cols, mode, lhs, rhs, Par::Serial);
}

/// The number of a class's product at a point, if it has one there.
fn product(point: &Point, class: [usize; 2]) -> Option<usize> {
    let exists = class[0] < point.classes[0] && class[1] < point.classes[1];
    exists.then_some(point.first + class[0] * point.classes[1] + class[1])
}

/// Writes `L x L^T` to `whole`, for every lane.
#[inline(always)]
fn sandwich<T: Real, const R: usize, const C: usize>(
    l: &[[f64; C]; R],
    x: &[[[T; LANES]; C]; C],
    whole: &mut [[[T; LANES]; R]; R],
) {
    let l = l.map(|row| row.map(T::from_f64));
    let mut half = [[[T::ZERO; LANES]; C]; R];
    for (half, l) in half.iter_mut().zip(&l) {
        for (column, half) in half.iter_mut().enumerate() {
            *half = combine(l, |row| &x[row][column]);
        }
    }
    for (whole, half) in whole.iter_mut().zip(&half) {
        for (whole, l) in whole.iter_mut().zip(&l) {
            *whole = combine(l, |column| &half[column]);
        }
    }
}

/// The sum of `x(i)` times `l[i]`.
#[inline(always)]
fn combine<'a, T: Real, const C: usize>(
    l: &[T; C],
    x: impl Fn(usize) -> &'a [T; LANES],
) -> [T; LANES] {
    let mut sum = [T::ZERO; LANES];
    for (i, &l) in l.iter().enumerate() {
        if l != T::ZERO {
            axpy(l, x(i), &mut sum);
        }
    }
    sum
}

fn transpose<const R: usize, const C: usize>(m: &[[f64; C]; R]) -> [[f64; R]; C] {
    std::array::from_fn(|c| std::array::from_fn(|r| m[r][c]))
}

/// `y += a x`.
#[inline(always)]
fn axpy<T: Real>(a: T, x: &[T], y: &mut [T]) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y += a * x;
    }
}

/// Copies the channels from `channel` on, as many as there are.
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
