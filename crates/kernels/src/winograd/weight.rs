//! The weight: its transform to points; its gradient, which is the products of both transformed
//! sides by point, and the transform back to taps.
#![expect(
    clippy::inline_always,
    reason = "what is not inlined into `widest` is compiled for the baseline"
)]

use rayon::prelude::*;

use super::tiles::{CLASSES, LANES, axpy, product, sandwich, transpose};
use super::{POINTS, Subpixel, Support, TAPS};
use crate::matmul::Target;
use crate::real::Real;
use crate::scratch::Scratch;
use crate::tasks::CoarseTasks as _;
use crate::wide::{Loops, widest};

/// Steps of a short sum: a long one loses three times as much precision.
const RUN: usize = 16;

/// The gradient of a weight to be written.
#[derive(Debug)]
pub(crate) struct WeightGradient<'a, T> {
    /// The layer's input.
    pub(crate) x: &'a [T],
    /// Where the input and the output's gradient are zero.
    pub(crate) support: &'a Support,
    /// The parts of [`Support::direct`]: `[taps, big channels, direct small channels]` and
    /// `[taps, direct big channels, small channels]`.
    pub(crate) direct: [Vec<T>; 2],
    pub(crate) mode: Target,
    /// Labels' rows and columns stay as they are.
    pub(crate) dw: &'a mut [T],
}

impl Subpixel {
    /// `G g G^T` of every class: `[products, big channels, small channels]`.
    pub(super) fn transform<T: Real>(&self, w: &[T]) -> Scratch<T> {
        let mut u = Scratch::take(self.products() * self.big * self.small);
        let mut classes = Vec::with_capacity(self.products());
        for point in &self.points {
            for i in 0..point.classes[0] {
                classes.extend((0..point.classes[1]).map(|j| (point.at, [i, j])));
            }
        }
        u.par_chunks_mut(self.big * self.small)
            .zip(classes)
            .one_task_per_steal()
            .for_each(|(u, (at, class))| {
                u.fill(T::ZERO);
                for (tap, share) in self.taps(at, class) {
                    let loops = AddRows {
                        share: T::from_f64(share),
                        rows: &w[tap * self.rows * self.columns..],
                        stride: self.columns,
                        width: self.small,
                        to: u,
                    };
                    widest(self.isa, loops);
                }
            });
        u
    }

    /// The taps of a class at a point, each with its factor.
    fn taps(&self, at: [usize; 2], class: [usize; 2]) -> impl Iterator<Item = (usize, f64)> {
        let steps = (0..3).flat_map(|y| (0..3).map(move |x| [y, x]));
        steps.filter_map(move |step| {
            let [ky, kx] = [0, 1].map(|axis: usize| self.axes[axis].tap(class[axis], step[axis]));
            let share = TAPS[at[0]][step[0]] * TAPS[at[1]][step[1]];
            Some((ky? * 5 + kx?, share)).filter(|_| share != 0.0)
        })
    }

    /// Writes, or adds, the products of transformed patches and results to `du`:
    /// `[products, big channels, small channels]`.
    pub(super) fn add_products<T: Real>(&self, is_first: bool, v: &[T], m: &[T], du: &mut [T]) {
        let mode = if is_first {
            Target::Replace
        } else {
            Target::Add
        };
        self.by_point(du, self.big * self.small, |number, point, du| {
            let lhs = self.result_matrix(m, point).t();
            let rhs = self.patch_matrix(v, number);
            self.multiply_rows(du, mode, lhs, rhs, RUN);
        });
    }

    /// Transforms `du` back to taps and corrects it by the support.
    pub(super) fn finish<T: Real>(&self, du: &[T], dy: &[T], dw: WeightGradient<'_, T>) {
        let WeightGradient {
            x,
            support,
            direct,
            mode,
            dw,
        } = dw;
        let maps = if self.transposed { [x, dy] } else { [dy, x] };
        let taps = self.collect(du);
        dw.par_chunks_mut(self.rows * self.columns)
            .enumerate()
            .one_task_per_steal()
            .for_each(|(tap, dw)| {
                let mut gradient = Scratch::take(self.big * self.small);
                let rows = taps.chunks_exact(self.small).skip(tap).step_by(25);
                for (to, row) in gradient.chunks_exact_mut(self.small).zip(rows) {
                    to.copy_from_slice(row);
                }
                let direct = direct.each_ref().map(|part| {
                    let len = part.len() / 25;
                    &part[tap * len..][..len]
                });
                self.correct(tap, maps, support, direct, &mut gradient);
                let rows = dw.chunks_exact_mut(self.columns);
                for (dw, row) in rows.zip(gradient.chunks_exact(self.small)) {
                    mode.put(row, &mut dw[..self.small]);
                }
            });
    }

    /// `G^T dU G`: `[big channels, taps, small channels]`.
    pub(super) fn collect<T: Real>(&self, du: &[T]) -> Scratch<T> {
        let mut taps = Scratch::take(self.big * 25 * self.small);
        taps.par_chunks_mut(25 * self.small)
            .enumerate()
            .one_task_per_steal()
            .for_each(|(channel, taps)| {
                let loops = Collect {
                    layer: self,
                    du,
                    channel,
                    taps,
                };
                widest(self.isa, loops);
            });
        taps
    }
}

/// Adds a multiple of some rows to others: `to[row] += share rows[row]`.
struct AddRows<'a, T> {
    share: T,
    rows: &'a [T],
    /// Distance between rows; numbers after the first `width` of a row are left out.
    stride: usize,
    width: usize,
    to: &'a mut [T],
}

impl<T: Real> Loops for AddRows<'_, T> {
    #[inline(always)]
    fn run(self) {
        let rows = self.rows.chunks_exact(self.stride);
        for (to, row) in self.to.chunks_exact_mut(self.width).zip(rows) {
            axpy(self.share, &row[..self.width], to);
        }
    }
}

/// The transform back to the taps of one channel of the big side, in `f64`: large numbers cancel
/// here.
struct Collect<'a, T> {
    layer: &'a Subpixel,
    du: &'a [T],
    channel: usize,
    taps: &'a mut [T],
}

impl<T: Real> Loops for Collect<'_, T> {
    #[inline(always)]
    fn run(self) {
        let (layer, width) = (self.layer, self.layer.small);
        let transposed = transpose(&TAPS);
        for class in CLASSES {
            // Points that a class lacks stay zero.
            let mut points = [[[0.0; LANES]; POINTS]; POINTS];
            let mut steps = [[[0.0; LANES]; 3]; 3];
            for first in (0..width).step_by(LANES) {
                let lanes = first..width.min(first + LANES);
                for (point, values) in layer.points.iter().zip(points.as_flattened_mut()) {
                    if let Some(product) = product(point, class) {
                        let du = &self.du[(product * layer.big + self.channel) * width..][..width];
                        for (value, du) in values.iter_mut().zip(&du[lanes.clone()]) {
                            *value = du.to_f64();
                        }
                    }
                }
                sandwich(&transposed, &points, &mut steps);
                for (y, steps) in steps.iter().enumerate() {
                    for (x, values) in steps.iter().enumerate() {
                        let [ky, kx] = [(0, y), (1, x)].map(|(axis, step): (usize, usize)| {
                            layer.axes[axis].tap(class[axis], step)
                        });
                        if let (Some(ky), Some(kx)) = (ky, kx) {
                            let taps = &mut self.taps[(ky * 5 + kx) * width..][..width];
                            for (to, &value) in taps[lanes.clone()].iter_mut().zip(values) {
                                *to = T::from_f64(value);
                            }
                        }
                    }
                }
            }
        }
    }
}
