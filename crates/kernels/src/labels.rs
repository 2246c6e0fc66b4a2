//! Labels joined to feature maps, without planes of constants.
//!
//! A network that joins labels `y` to a feature map repeats `y[b]` at every position. What these
//! channels add to an output pixel depends only on *which taps are inside the image* there, and
//! there are few such sets: for a 5x5 kernel with stride 2 at most five per axis. So the labels'
//! share of a layer is `U[b, class(pixel), :]`, computed once per sample and class, instead of a
//! product over every pixel. `U` includes the bias: without labels there is one class and `U` is
//! the bias.

use candle_core::{Result, Tensor, bail};

use crate::activation::CHUNK;
use crate::geometry::Geometry;
use crate::matmul::{Matrix, Par, Target, multiply};
use crate::output::build;
use crate::real::Real;
use crate::tensors::same_dtype;

/// The sides of a geometry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Output of the convolution.
    Small,
    /// Output of the transposed convolution.
    Big,
}

/// The classes of output pixels by the taps that reach them.
#[derive(Debug)]
pub(crate) struct Borders {
    /// Per axis: the class of each position.
    class: [Vec<usize>; 2],
    /// Per axis: the taps of each class.
    taps: [Vec<Vec<usize>>; 2],
    kernel: [usize; 2],
}

impl Borders {
    /// The classes on one side of a geometry.
    pub(crate) fn new(g: &Geometry, side: Side) -> Borders {
        let mut class = [vec![], vec![]];
        let mut taps = [vec![], vec![]];
        for axis in 0..2 {
            let mut sets = match side {
                Side::Small => (0..g.small[axis])
                    .map(|o| g.taps_inside(axis, o).collect())
                    .collect(),
                Side::Big => vec![vec![]; g.big[axis]],
            };
            if side == Side::Big {
                for o in 0..g.small[axis] {
                    for k in g.taps_inside(axis, o) {
                        sets[o * g.stride + k - g.pad[axis]].push(k);
                    }
                }
                for set in &mut sets {
                    set.sort_unstable();
                }
            }
            for set in sets {
                let known: &mut Vec<Vec<usize>> = &mut taps[axis];
                let at = known.iter().position(|t| *t == set).unwrap_or_else(|| {
                    known.push(set);
                    known.len() - 1
                });
                class[axis].push(at);
            }
        }
        Borders {
            class,
            taps,
            kernel: g.kernel,
        }
    }

    /// Number of classes.
    pub(crate) fn len(&self) -> usize {
        self.taps[0].len() * self.taps[1].len()
    }

    /// Classes of the pixels in row-major order.
    pub(crate) fn classes(&self) -> impl Iterator<Item = usize> {
        let columns = self.taps[1].len();
        self.class[0]
            .iter()
            .flat_map(move |&cy| self.class[1].iter().map(move |&cx| cy * columns + cx))
    }

    /// `T[class] = sum of w[tap] over the class's taps`; `w` is `[kh kw, n]`, the result
    /// `[classes, n]`.
    ///
    /// Columns first, then rows: the sum over a rectangle of taps separates.
    fn sum_taps<T: Real>(&self, w: &[T], n: usize) -> Vec<T> {
        let columns = self.taps[1].len();
        let mut by_column = vec![T::ZERO; self.kernel[0] * columns * n];
        for ky in 0..self.kernel[0] {
            for (cx, taps) in self.taps[1].iter().enumerate() {
                let at = (ky * columns + cx) * n;
                for kx in taps {
                    let from = (ky * self.kernel[1] + kx) * n;
                    add(&mut by_column[at..at + n], &w[from..from + n]);
                }
            }
        }
        let mut sums = vec![T::ZERO; self.len() * n];
        for (taps, sums) in self.taps[0].iter().zip(sums.chunks_exact_mut(columns * n)) {
            for ky in taps {
                add(sums, &by_column[ky * columns * n..(ky + 1) * columns * n]);
            }
        }
        sums
    }

    /// The adjoint of [`Borders::sum_taps`]: `dw[tap] = sum of dt[class]` over the classes with
    /// that tap.
    fn spread_taps<T: Real>(&self, dt: &[T], n: usize) -> Vec<T> {
        let columns = self.taps[1].len();
        let mut by_column = vec![T::ZERO; self.kernel[0] * columns * n];
        for (taps, dt) in self.taps[0].iter().zip(dt.chunks_exact(columns * n)) {
            for ky in taps {
                add(&mut by_column[ky * columns * n..(ky + 1) * columns * n], dt);
            }
        }
        let mut dw = vec![T::ZERO; self.kernel[0] * self.kernel[1] * n];
        for ky in 0..self.kernel[0] {
            for (cx, taps) in self.taps[1].iter().enumerate() {
                let from = (ky * columns + cx) * n;
                for kx in taps {
                    let at = (ky * self.kernel[1] + kx) * n;
                    add(&mut dw[at..at + n], &by_column[from..from + n]);
                }
            }
        }
        dw
    }
}

fn add<T: Real>(to: &mut [T], from: &[T]) {
    for (to, &from) in to.iter_mut().zip(from) {
        *to += from;
    }
}

/// Labels `[batch, count]` of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Labels<'a, T> {
    pub(crate) values: &'a [T],
    pub(crate) count: usize,
}

/// The width of the labels: 0 without.
pub(crate) fn label_count(x: &Tensor, y: Option<&Tensor>, batch: usize) -> Result<usize> {
    let Some(y) = y else { return Ok(0) };
    same_dtype(x, &[y])?;
    let (rows, count) = y.dims2()?;
    if rows != batch || count == 0 {
        bail!(
            "expected labels of shape [{batch}, 1 or more], got {:?}",
            y.dims()
        )
    }
    Ok(count)
}

/// `U[b, class, out] = bias[out] + sum over labels and the class's taps of y[b, l] w_y[tap, l, out]`.
///
/// `w_y` is `[taps, labels, out]`. Returns `[batch, classes, out]`.
pub(crate) fn offsets<T: Real>(
    borders: &Borders,
    labels: Labels<'_, T>,
    w_y: &[T],
    bias: &[T],
) -> Vec<T> {
    let (out, count) = (bias.len(), labels.count);
    let batch = labels.values.len() / count;
    let sums = borders.sum_taps(w_y, count * out);
    let width = borders.len() * out;
    let mut offsets = Vec::with_capacity(batch * width);
    for _ in 0..batch * borders.len() {
        offsets.extend_from_slice(bias);
    }
    for (class, sums) in sums.chunks_exact(count * out).enumerate() {
        multiply(
            &mut offsets[class * out..],
            width,
            Target::Add,
            Matrix::new(labels.values, batch, count),
            Matrix::new(sums, count, out),
            Par::Serial,
        );
    }
    offsets
}

/// Sums of an output gradient by sample and class: `S[b, class, out]`, from `dy`
/// `[batch, pixels, out]`.
pub(crate) fn class_sums<T: Real>(borders: &Borders, dy: &[T], batch: usize, out: usize) -> Vec<T> {
    let classes: Vec<usize> = borders.classes().collect();
    let width = borders.len() * out;
    let sample = classes.len() * out;
    build(batch * width, width, |at, sums| {
        let dy = &dy[at * sample..(at + 1) * sample];
        for (dy, &class) in dy.chunks_exact(out).zip(&classes) {
            add(&mut sums[class * out..(class + 1) * out], dy);
        }
    })
}

/// Gradient of the bias: the sums over samples and classes, in parts that depend on the shape
/// alone.
pub(crate) fn bias_gradient<T: Real>(sums: &[T], out: usize) -> Vec<T> {
    let part = (CHUNK / out).max(1) * out;
    let parts = build::<T>(sums.len().div_ceil(part) * out, out, |at, db| {
        let rows = at * part..((at + 1) * part).min(sums.len());
        for row in sums[rows].chunks_exact(out) {
            add(db, row);
        }
    });
    let mut db = vec![T::ZERO; out];
    for part in parts.chunks_exact(out) {
        add(&mut db, part);
    }
    db
}

/// Gradient of the labels' weights, `[taps, labels, out]`, from [`class_sums`].
pub(crate) fn weight_gradient<T: Real>(
    borders: &Borders,
    labels: Labels<'_, T>,
    sums: &[T],
    out: usize,
) -> Vec<T> {
    let count = labels.count;
    let batch = labels.values.len() / count;
    let width = borders.len() * out;
    let mut dt = vec![T::ZERO; borders.len() * count * out];
    for (class, dt) in dt.chunks_exact_mut(count * out).enumerate() {
        multiply(
            dt,
            out,
            Target::Replace,
            Matrix::new(labels.values, batch, count).t(),
            Matrix::strided(&sums[class * out..], batch, out, width, 1),
            Par::Serial,
        );
    }
    borders.spread_taps(&dt, count * out)
}
