//! The products of a convolution by `gemm`, over patches that are gathered from maps.

use rayon::prelude::*;

use super::label_share::Offsets;
use super::{BLOCK, Conv, Kind};
use crate::geometry::{gather, scatter_add};
use crate::matmul::{Matrix, Par, Target, multiply, multiply_in_runs};
use crate::output::build;
use crate::products::run_of_weight;
use crate::real::Real;
use crate::scratch::Scratch;

impl Conv {
    /// A convolution's weight without labels as `[taps c, out]`: in place, or a copy if there are
    /// labels in between. A transpose's weight in place: strides leave out its labels.
    fn dense_weight<'a, T: Real>(&self, w: &'a [T]) -> std::borrow::Cow<'a, [T]> {
        if self.labels == 0 || self.kind == Kind::Transpose {
            return w.into();
        }
        let mut dense = Vec::with_capacity(self.geometry.taps() * self.c * self.out);
        for tap in w.chunks_exact((self.c + self.labels) * self.out) {
            dense.extend_from_slice(&tap[..self.c * self.out]);
        }
        dense.into()
    }

    /// The outputs for `x`, which start from `offsets`.
    pub(super) fn forward_by_patches<T: Real>(
        &self,
        x: &[T],
        w: &[T],
        offsets: &Offsets<T>,
    ) -> Vec<T> {
        let (x_len, y_len, col_len) = self.sizes();
        let (g, c, out) = (&self.geometry, self.c, self.out);
        let (small, taps) = (g.small_len(), g.taps());
        let dense = self.dense_weight(w);
        build(x.len() / x_len * y_len, BLOCK * y_len, |at, result| {
            offsets.write(at * BLOCK, self.out, y_len, result);
            let n = result.len() / y_len;
            let x = &x[at * BLOCK * x_len..][..n * x_len];
            let mut col = Scratch::take(n * col_len);
            match self.kind {
                Kind::Convolution => {
                    for (x, col) in x.chunks_exact(x_len).zip(col.chunks_exact_mut(col_len)) {
                        gather(g, c, x, col);
                    }
                    let lhs = Matrix::new(&col, n * small, taps * c);
                    let rhs = Matrix::new(&dense, taps * c, out);
                    multiply(result, out, Target::Add, lhs, rhs, Par::Serial);
                }
                Kind::Transpose => {
                    let lhs = Matrix::new(x, n * small, c);
                    let rhs = Matrix::strided(w, taps * out, c, c + self.labels, 1).t();
                    multiply(&mut col, taps * out, Target::Replace, lhs, rhs, Par::Serial);
                    for (col, y) in col
                        .chunks_exact(col_len)
                        .zip(result.chunks_exact_mut(y_len))
                    {
                        scatter_add(g, out, col, y);
                    }
                }
            }
        })
    }

    /// The input's gradient for `dy`.
    pub(super) fn input_gradient_by_patches<T: Real>(&self, w: &[T], dy: &[T]) -> Vec<T> {
        let (x_len, y_len, col_len) = self.sizes();
        let (g, c, out) = (&self.geometry, self.c, self.out);
        let (small, taps) = (g.small_len(), g.taps());
        let dense = self.dense_weight(w);
        build(dy.len() / y_len * x_len, BLOCK * x_len, |at, dx| {
            let n = dx.len() / x_len;
            let dy = &dy[at * BLOCK * y_len..][..n * y_len];
            let mut col = Scratch::take(n * col_len);
            match self.kind {
                Kind::Convolution => {
                    let lhs = Matrix::new(dy, n * small, out);
                    let rhs = Matrix::new(&dense, taps * c, out).t();
                    multiply(&mut col, taps * c, Target::Replace, lhs, rhs, Par::Serial);
                    for (col, dx) in col.chunks_exact(col_len).zip(dx.chunks_exact_mut(x_len)) {
                        scatter_add(g, c, col, dx);
                    }
                }
                Kind::Transpose => {
                    for (dy, col) in dy.chunks_exact(y_len).zip(col.chunks_exact_mut(col_len)) {
                        gather(g, out, dy, col);
                    }
                    let lhs = Matrix::new(&col, n * small, taps * out);
                    let rhs = Matrix::strided(w, taps * out, c, c + self.labels, 1);
                    multiply(dx, c, Target::Replace, lhs, rhs, Par::Serial);
                }
            }
        })
    }

    /// The weight's gradient without the labels' part, which stays as it is.
    pub(super) fn weight_gradient_by_patches<T: Real>(
        &self,
        dw: &mut [T],
        mode: Target,
        x: &[T],
        dy: &[T],
    ) {
        let (x_len, _, col_len) = self.sizes();
        let (g, c, out, labels) = (&self.geometry, self.c, self.out, self.labels);
        let (small, taps) = (g.small_len(), g.taps());
        let batch = x.len() / x_len;
        let mut col = Scratch::take(batch * col_len);
        let (big, channels) = match self.kind {
            Kind::Convolution => (x, c),
            Kind::Transpose => (dy, out),
        };
        col.par_chunks_mut(col_len)
            .zip(big.par_chunks(g.big_len() * channels))
            .for_each(|(col, big)| gather(g, channels, big, col));
        let patches = Matrix::new(&col, batch * small, taps * channels).t();
        let run = run_of_weight(taps * channels, batch * small);
        match self.kind {
            Kind::Convolution if labels == 0 => {
                let rhs = Matrix::new(dy, batch * small, out);
                multiply_in_runs(dw, out, mode, patches, rhs, run, Par::Pool);
            }
            Kind::Convolution => {
                let mut dense = Scratch::take(taps * c * out);
                let rhs = Matrix::new(dy, batch * small, out);
                let replace = Target::Replace;
                multiply_in_runs(&mut dense, out, replace, patches, rhs, run, Par::Pool);
                let rows = dw.chunks_exact_mut((c + labels) * out);
                for (dw, dense) in rows.zip(dense.chunks_exact(c * out)) {
                    mode.put(dense, &mut dw[..c * out]);
                }
            }
            Kind::Transpose => {
                let rhs = Matrix::new(x, batch * small, c);
                multiply_in_runs(dw, c + labels, mode, patches, rhs, run, Par::Pool);
            }
        }
    }
}
