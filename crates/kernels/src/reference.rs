//! The reference twin of every kernel: plain loops on slices, written to be read, not to be fast.
//!
//! Each follows its definition literally: labels become planes, convolutions are seven loops,
//! moments are two passes. Sums run in `f64`. The tests hold the fast kernels to these.

use crate::activation::Activation;
use crate::adam::AdamConfig;
use crate::geometry::Geometry;
use crate::real::Real;

/// Gradients of a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradients<T> {
    /// Of the input, without labels.
    pub dx: Vec<T>,
    /// Of the weight (gamma for batch norm).
    pub dw: Vec<T>,
    /// Of the bias (beta for batch norm).
    pub db: Vec<T>,
}

/// `x|y`: each of `rows` rows of `x` followed by the labels of its sample.
fn join<T: Real>(x: &[T], y: Option<&[T]>, batch: usize, rows: usize) -> Vec<T> {
    let Some(y) = y else { return x.to_vec() };
    let (c, labels) = (x.len() / rows, y.len() / batch);
    let mut joined = Vec::with_capacity(rows * (c + labels));
    for row in 0..rows {
        let sample = row / (rows / batch);
        joined.extend_from_slice(&x[row * c..(row + 1) * c]);
        joined.extend_from_slice(&y[sample * labels..(sample + 1) * labels]);
    }
    joined
}

/// The first `c` columns of each row.
fn cut<T: Real>(joined: &[T], width: usize, c: usize) -> Vec<T> {
    joined
        .chunks_exact(width)
        .flat_map(|row| row[..c].to_vec())
        .collect()
}

fn sum<T: Real>(terms: impl Iterator<Item = T>) -> T {
    T::from_f64(terms.map(candle_core::WithDType::to_f64).sum())
}

/// What bfloat16 makes of a number: the nearest number of eight significant bits, of two as near
/// the even one; zero for numbers below the normal ones of `f32`, infinity beyond the largest.
///
/// A layer in [`crate::Precision::Bf16`] is the layer of this module whose input, output gradient
/// and weight, but for the rows or columns of labels, went through this; the products are then
/// exact in `f32`, and the sums are in `f32` as they are without.
pub fn bf16(x: f32) -> f32 {
    if x.is_nan() || x.is_infinite() {
        return x;
    }
    if x.abs() < f32::MIN_POSITIVE {
        return if x.is_sign_negative() { -0.0 } else { 0.0 };
    }
    let below = f32::from_bits(x.to_bits() & 0xffff_0000);
    let above = f32::from_bits((x.to_bits() & 0xffff_0000) + 0x1_0000);
    // In `f64` the distances are exact; infinity counts as the number after the largest.
    let next = if above.is_infinite() {
        2.0_f64.powi(128).copysign(f64::from(x))
    } else {
        f64::from(above)
    };
    let (down, up) = (
        (f64::from(x) - f64::from(below)).abs(),
        (next - f64::from(x)).abs(),
    );
    let below_is_even = below.to_bits() >> 16 & 1 == 0;
    if down < up || (down <= up && below_is_even) {
        below
    } else {
        above
    }
}

/// [`crate::linear()`]: `x` `[batch, C]`, `y` `[batch, Y]`, `w` `[C + Y, out]`, `b` `[out]`.
pub fn linear<T: Real>(x: &[T], y: Option<&[T]>, w: &[T], b: &[T], batch: usize) -> Vec<T> {
    let (x, out) = (join(x, y, batch, batch), b.len());
    let inputs = x.len() / batch;
    let mut result = Vec::with_capacity(batch * out);
    for row in 0..batch {
        for o in 0..out {
            let products = (0..inputs).map(|i| x[row * inputs + i] * w[i * out + o]);
            result.push(sum(products) + b[o]);
        }
    }
    result
}

/// Gradients of [`linear`] for an output gradient `dy` `[batch, out]`.
pub fn linear_gradients<T: Real>(
    x: &[T],
    y: Option<&[T]>,
    w: &[T],
    dy: &[T],
    batch: usize,
) -> Gradients<T> {
    let (c, out) = (x.len() / batch, dy.len() / batch);
    let joined = join(x, y, batch, batch);
    let inputs = joined.len() / batch;
    let mut dx = Vec::new();
    for row in 0..batch {
        for i in 0..c {
            dx.push(sum((0..out).map(|o| dy[row * out + o] * w[i * out + o])));
        }
    }
    let mut dw = Vec::new();
    for i in 0..inputs {
        for o in 0..out {
            dw.push(sum(
                (0..batch).map(|row| joined[row * inputs + i] * dy[row * out + o])
            ));
        }
    }
    let db = (0..out)
        .map(|o| sum((0..batch).map(|row| dy[row * out + o])))
        .collect();
    Gradients { dx, dw, db }
}

/// Sizes of a convolution or its transpose.
#[derive(Clone, Copy, Debug)]
pub struct ConvSizes {
    /// Samples.
    pub batch: usize,
    /// Input channels without labels.
    pub channels: usize,
    /// Labels.
    pub labels: usize,
    /// Output channels.
    pub out: usize,
    /// Where taps fall.
    pub geometry: Geometry,
}

impl ConvSizes {
    /// Calls `f(sample, small position, tap, big position)` for every tap inside the image.
    fn each_tap(&self, mut f: impl FnMut(usize, usize, usize, usize)) {
        let g = &self.geometry;
        for sample in 0..self.batch {
            for small in 0..g.small[0] * g.small[1] {
                for tap in 0..g.kernel[0] * g.kernel[1] {
                    let row = (small / g.small[1] * g.stride + tap / g.kernel[1])
                        .checked_sub(g.pad[0])
                        .filter(|&row| row < g.big[0]);
                    let column = (small % g.small[1] * g.stride + tap % g.kernel[1])
                        .checked_sub(g.pad[1])
                        .filter(|&column| column < g.big[1]);
                    if let (Some(row), Some(column)) = (row, column) {
                        f(sample, small, tap, row * g.big[1] + column);
                    }
                }
            }
        }
    }

    fn small(&self) -> usize {
        self.geometry.small[0] * self.geometry.small[1]
    }

    fn big(&self) -> usize {
        self.geometry.big[0] * self.geometry.big[1]
    }

    /// `sums[at(..)] += value(..)` over all taps, inputs and outputs, in `f64`.
    ///
    /// The closures see input index, weight index and output index.
    fn accumulate<T: Real>(
        &self,
        transpose: bool,
        len: usize,
        mut term: impl FnMut(usize, usize, usize) -> (usize, T),
    ) -> Vec<f64> {
        let (c, out) = (self.channels + self.labels, self.out);
        let mut sums = vec![0.0; len];
        self.each_tap(|sample, small, tap, big| {
            let (small, big) = (sample * self.small() + small, sample * self.big() + big);
            let (from, to) = if transpose {
                (small, big)
            } else {
                (big, small)
            };
            for i in 0..c {
                for o in 0..out {
                    let w = if transpose {
                        (tap * out + o) * c + i
                    } else {
                        (tap * c + i) * out + o
                    };
                    let (at, value) = term(from * c + i, w, to * out + o);
                    sums[at] += value.to_f64();
                }
            }
        });
        sums
    }

    fn forward<T: Real>(
        &self,
        transpose: bool,
        x: &[T],
        y: Option<&[T]>,
        w: &[T],
        b: &[T],
    ) -> Vec<T> {
        let (from, to) = if transpose {
            (self.small(), self.big())
        } else {
            (self.big(), self.small())
        };
        let x = join(x, y, self.batch, self.batch * from);
        let len = self.batch * to * self.out;
        let sums = self.accumulate(transpose, len, |i, k, o| (o, x[i] * w[k]));
        sums.iter()
            .enumerate()
            .map(|(i, &s)| T::from_f64(s) + b[i % self.out])
            .collect()
    }

    fn gradients<T: Real>(
        &self,
        transpose: bool,
        x: &[T],
        y: Option<&[T]>,
        w: &[T],
        dy: &[T],
    ) -> Gradients<T> {
        let from = if transpose { self.small() } else { self.big() };
        let x = join(x, y, self.batch, self.batch * from);
        let round = |sums: Vec<f64>| -> Vec<T> { sums.into_iter().map(T::from_f64).collect() };
        let dx = round(self.accumulate(transpose, x.len(), |i, k, o| (i, dy[o] * w[k])));
        let dw = round(self.accumulate(transpose, w.len(), |i, k, o| (k, x[i] * dy[o])));
        let db = (0..self.out)
            .map(|o| sum(dy.iter().skip(o).step_by(self.out).copied()))
            .collect();
        Gradients {
            dx: cut(&dx, self.channels + self.labels, self.channels),
            dw,
            db,
        }
    }
}

/// [`crate::conv2d`]: `x` `[batch, H, W, C]`, `w` `[kh, kw, C + Y, out]`.
pub fn conv2d<T: Real>(s: &ConvSizes, x: &[T], y: Option<&[T]>, w: &[T], b: &[T]) -> Vec<T> {
    s.forward(false, x, y, w, b)
}

/// Gradients of [`conv2d`].
pub fn conv2d_gradients<T: Real>(
    s: &ConvSizes,
    x: &[T],
    y: Option<&[T]>,
    w: &[T],
    dy: &[T],
) -> Gradients<T> {
    s.gradients(false, x, y, w, dy)
}

/// [`crate::conv2d_transpose`]: `x` `[batch, h, w, C]`, `w` `[kh, kw, out, C + Y]`.
pub fn conv2d_transpose<T: Real>(
    s: &ConvSizes,
    x: &[T],
    y: Option<&[T]>,
    w: &[T],
    b: &[T],
) -> Vec<T> {
    s.forward(true, x, y, w, b)
}

/// Gradients of [`conv2d_transpose`].
pub fn conv2d_transpose_gradients<T: Real>(
    s: &ConvSizes,
    x: &[T],
    y: Option<&[T]>,
    w: &[T],
    dy: &[T],
) -> Gradients<T> {
    s.gradients(true, x, y, w, dy)
}

/// Mean and biased variance per feature, in `f64`.
pub fn moments<T: Real>(x: &[T], c: usize) -> (Vec<f64>, Vec<f64>) {
    let n = (x.len() / c) as f64;
    let column = |i: usize| x.iter().skip(i).step_by(c).map(|v| v.to_f64());
    let mean: Vec<f64> = (0..c).map(|i| column(i).sum::<f64>() / n).collect();
    let variance = (0..c)
        .map(|i| column(i).map(|v| (v - mean[i]).powi(2)).sum::<f64>() / n)
        .collect();
    (mean, variance)
}

/// [`crate::batch_norm_inference`], and with the batch's own [`moments`] [`crate::batch_norm`].
pub fn normalise<T: Real>(
    x: &[T],
    (mean, variance): (&[f64], &[f64]),
    gamma: &[T],
    beta: &[T],
    eps: f64,
    act: Activation,
) -> Vec<T> {
    let c = gamma.len();
    let normal = |(i, x): (usize, &T)| {
        let f = i % c;
        let normal = (x.to_f64() - mean[f]) / (variance[f] + eps).sqrt();
        T::from_f64(activation(
            act,
            gamma[f].to_f64() * normal + beta[f].to_f64(),
        ))
    };
    x.iter().enumerate().map(normal).collect()
}

/// Gradients of [`crate::batch_norm`] (`dw` is gamma's, `db` beta's), in `f64` throughout.
pub fn batch_norm_gradients<T: Real>(
    x: &[T],
    gamma: &[T],
    beta: &[T],
    eps: f64,
    act: Activation,
    dy: &[T],
) -> Gradients<T> {
    let c = gamma.len();
    let n = (x.len() / c) as f64;
    let (mean, variance) = moments(x, c);
    let (mut dx, mut dw, mut db) = (vec![T::ZERO; x.len()], vec![], vec![]);
    for f in 0..c {
        let (gamma, beta) = (gamma[f].to_f64(), beta[f].to_f64());
        let inverse = (variance[f] + eps).sqrt().recip();
        let rows: Vec<(usize, f64, f64)> = (f..x.len())
            .step_by(c)
            .map(|i| {
                let normal = (x[i].to_f64() - mean[f]) * inverse;
                (
                    i,
                    normal,
                    dy[i].to_f64() * slope(act, gamma * normal + beta),
                )
            })
            .collect();
        let dbeta: f64 = rows.iter().map(|r| r.2).sum();
        let dgamma: f64 = rows.iter().map(|r| r.1 * r.2).sum();
        for &(i, normal, dz) in &rows {
            dx[i] = T::from_f64(gamma * inverse * (dz - dbeta / n - normal * dgamma / n));
        }
        dw.push(T::from_f64(dgamma));
        db.push(T::from_f64(dbeta));
    }
    Gradients { dx, dw, db }
}

/// The activation of one value.
pub fn activation(act: Activation, x: f64) -> f64 {
    match act {
        Activation::Relu => x.max(0.0),
        Activation::LeakyRelu(slope) if x < 0.0 => f64::from(slope) * x,
        Activation::Identity | Activation::LeakyRelu(_) => x,
        Activation::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Activation::Tanh => x.tanh(),
    }
}

/// The slope of the activation at one value.
pub fn slope(act: Activation, x: f64) -> f64 {
    match act {
        Activation::Relu if x <= 0.0 => 0.0,
        Activation::LeakyRelu(slope) if x < 0.0 => f64::from(slope),
        Activation::Identity | Activation::Relu | Activation::LeakyRelu(_) => 1.0,
        Activation::Sigmoid => activation(act, x) * (1.0 - activation(act, x)),
        Activation::Tanh => 1.0 - x.tanh().powi(2),
    }
}

/// [`crate::bce_with_logits`] and its gradient.
pub fn bce_with_logits<T: Real>(logits: &[T], target: f64) -> (f64, Vec<T>) {
    let n = logits.len() as f64;
    let loss = |l: f64| l.max(0.0) - l * target + (-l.abs()).exp().ln_1p();
    let mean = logits.iter().map(|l| loss(l.to_f64())).sum::<f64>() / n;
    let gradient = |l: f64| (activation(Activation::Sigmoid, l) - target) / n;
    (
        mean,
        logits
            .iter()
            .map(|l| T::from_f64(gradient(l.to_f64())))
            .collect(),
    )
}

/// [`crate::adam_update`] on slices.
pub fn adam(
    w: &mut [f32],
    g: &[f32],
    m: &mut [f32],
    v: &mut [f32],
    config: &AdamConfig,
    step: i32,
) {
    let correction = |beta: f32| 1.0 - f64::from(beta).powi(step);
    let lr = f64::from(config.lr) * correction(config.beta2).sqrt() / correction(config.beta1);
    #[expect(clippy::cast_possible_truncation, reason = "the update runs in f32")]
    let lr = lr as f32;
    for i in 0..w.len() {
        m[i] += (1.0 - config.beta1) * (g[i] - m[i]);
        v[i] += (1.0 - config.beta2) * (g[i] * g[i] - v[i]);
        w[i] -= lr * m[i] / (v[i].sqrt() + config.epsilon);
    }
}
