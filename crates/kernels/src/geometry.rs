//! The positions that a strided convolution and its transpose read and write.

use std::ops::Range;

use candle_core::{Result, bail};

use crate::real::Real;

/// The geometry of a strided convolution `big -> small` and of its transpose `small -> big`.
///
/// Tap `k` of position `o` on the small side meets position `o * stride + k - pad` on the big side,
/// rows and columns separately; positions outside count as zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Height and width of the convolution's input (the transposed convolution's output).
    pub big: [usize; 2],
    /// Height and width of the convolution's output (the transposed convolution's input).
    pub small: [usize; 2],
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Step between neighbouring positions, the same for rows and columns.
    pub stride: usize,
    /// Rows above and columns left of the image that count as zero.
    pub pad: [usize; 2],
}

impl Geometry {
    /// TensorFlow's `SAME` padding: `small = ceil(big / stride)`, and of the padding
    /// `max((small - 1) * stride + kernel - big, 0)` the smaller half goes before.
    pub fn same(big: [usize; 2], kernel: usize, stride: usize) -> Geometry {
        let stride = stride.max(1);
        let small = big.map(|n| n.div_ceil(stride));
        let pad = [0, 1].map(|axis| {
            let reach = small[axis].saturating_sub(1) * stride + kernel;
            reach.saturating_sub(big[axis]) / 2
        });
        Geometry {
            big,
            small,
            kernel: [kernel; 2],
            stride,
            pad,
        }
    }

    /// Positions on the small side.
    pub(crate) fn small_len(&self) -> usize {
        self.small[0] * self.small[1]
    }

    /// Positions on the big side.
    pub(crate) fn big_len(&self) -> usize {
        self.big[0] * self.big[1]
    }

    /// Taps of the kernel.
    pub(crate) fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// Fails unless sizes are positive and every position on the small side touches the image.
    pub(crate) fn check(&self) -> Result<()> {
        let positive = self
            .big
            .iter()
            .chain(&self.small)
            .chain(&self.kernel)
            .all(|&n| n > 0);
        if !positive || self.stride == 0 {
            bail!("expected positive sizes and stride, got {self:?}")
        }
        for axis in 0..2 {
            let reach = (self.small[axis] - 1) * self.stride;
            if self.pad[axis] >= self.kernel[axis] || reach >= self.big[axis] + self.pad[axis] {
                bail!("expected every position to touch the image, got {self:?}")
            }
        }
        Ok(())
    }

    /// The taps of small position `o` that are inside the big side.
    pub(crate) fn taps_inside(&self, axis: usize, o: usize) -> Range<usize> {
        let at = o * self.stride;
        let first = self.pad[axis].saturating_sub(at);
        let last = (self.big[axis] + self.pad[axis])
            .saturating_sub(at)
            .min(self.kernel[axis]);
        first.min(last)..last
    }
}

/// Copies, for every small position, the patch of the big image that its taps meet (im2col of one
/// sample).
///
/// `big` is `[H, W, c]`, `col` is `[h w, kh kw c]`; taps outside give zero.
pub(crate) fn gather<T: Real>(g: &Geometry, c: usize, big: &[T], col: &mut [T]) {
    let patch = g.taps() * c;
    for (o, row) in col.chunks_exact_mut(patch).enumerate() {
        let (oy, ox) = (o / g.small[1], o % g.small[1]);
        let (ys, xs) = (g.taps_inside(0, oy), g.taps_inside(1, ox));
        if ys.len() * xs.len() < g.taps() {
            row.fill(T::ZERO);
        }
        let left = ox * g.stride + xs.start - g.pad[1];
        for ky in ys {
            let from = ((oy * g.stride + ky - g.pad[0]) * g.big[1] + left) * c;
            let to = (ky * g.kernel[1] + xs.start) * c;
            let run = xs.len() * c;
            row[to..to + run].copy_from_slice(&big[from..from + run]);
        }
    }
}

/// Adds every patch back to where [`gather`] takes it from (col2im of one sample): its exact
/// adjoint.
pub(crate) fn scatter_add<T: Real>(g: &Geometry, c: usize, col: &[T], big: &mut [T]) {
    let patch = g.taps() * c;
    for (o, row) in col.chunks_exact(patch).enumerate() {
        let (oy, ox) = (o / g.small[1], o % g.small[1]);
        let (ys, xs) = (g.taps_inside(0, oy), g.taps_inside(1, ox));
        let left = ox * g.stride + xs.start - g.pad[1];
        for ky in ys {
            let to = ((oy * g.stride + ky - g.pad[0]) * g.big[1] + left) * c;
            let from = (ky * g.kernel[1] + xs.start) * c;
            let run = xs.len() * c;
            for (d, &s) in big[to..to + run].iter_mut().zip(&row[from..from + run]) {
                *d += s;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scatter_is_the_adjoint_of_gather() {
        for (height, width, kernel, stride, c) in [
            (6, 6, 5, 2, 3),
            (5, 8, 5, 2, 1),
            (1, 1, 5, 2, 2),
            (7, 4, 3, 1, 4),
            (9, 5, 2, 3, 5),
        ] {
            let g = Geometry::same([height, width], kernel, stride);
            // Small whole numbers: every sum is exact, so both sides agree to the bit.
            let numbers = |n: usize, by: usize| -> Vec<f64> {
                (0..n).map(|i| (i * by % 17) as f64 - 8.0).collect()
            };
            let big = numbers(g.big_len() * c, 5);
            let col = numbers(g.small_len() * g.taps() * c, 7);
            let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
            let mut gathered = vec![f64::NAN; col.len()];
            gather(&g, c, &big, &mut gathered);
            let mut scattered = vec![0.0; big.len()];
            scatter_add(&g, c, &col, &mut scattered);
            assert_eq!(
                dot(&gathered, &col).to_bits(),
                dot(&big, &scattered).to_bits(),
                "{g:?}"
            );
        }
    }
}
