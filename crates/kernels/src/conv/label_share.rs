//! What labels and the bias add to the outputs of a convolution, and the labels' rows of its
//! weight.

use super::{Conv, Kind};
use crate::labels::{self, Borders, Labels, Side};
use crate::matmul::Target;
use crate::real::Real;

/// The initial value of every output pixel, by sample and class of pixel; without labels one for
/// all.
pub(super) struct Offsets<T> {
    /// `[batch, classes, out]`, or `[out]` without labels.
    values: Vec<T>,
    /// Distance from one sample to the next; 0 without labels.
    stride: usize,
    /// Class of each pixel.
    classes: Vec<usize>,
}

impl<T: Real> Offsets<T> {
    /// Writes the outputs of the samples from `first` on, each of `sample` elements.
    pub(super) fn write(&self, first: usize, out: usize, sample: usize, result: &mut [T]) {
        for (i, result) in result.chunks_exact_mut(sample).enumerate() {
            let values = &self.values[(first + i) * self.stride..];
            for (pixel, &class) in result.chunks_exact_mut(out).zip(&self.classes) {
                pixel.copy_from_slice(&values[class * out..(class + 1) * out]);
            }
        }
    }
}

impl Conv {
    /// The classes of output pixels.
    pub(super) fn borders(&self) -> Borders {
        let side = match self.kind {
            Kind::Convolution => Side::Small,
            Kind::Transpose => Side::Big,
        };
        Borders::new(&self.geometry, side)
    }

    /// The labels' share of the weight as `[taps, labels, out]`.
    fn label_weights<T: Real>(&self, w: &[T]) -> Vec<T> {
        let (c, labels, out) = (self.c, self.labels, self.out);
        let mut w_y = Vec::with_capacity(self.geometry.taps() * labels * out);
        for tap in w.chunks_exact((c + labels) * out) {
            match self.kind {
                Kind::Convolution => w_y.extend_from_slice(&tap[c * out..]),
                Kind::Transpose => {
                    for l in 0..labels {
                        w_y.extend(tap.chunks_exact(c + labels).map(|row| row[c + l]));
                    }
                }
            }
        }
        w_y
    }

    /// The outputs before the first product: bias and labels.
    pub(super) fn offsets<T: Real>(&self, y: Option<&[T]>, w: &[T], b: &[T]) -> Offsets<T> {
        let Some(values) = y else {
            return Offsets {
                values: b.to_vec(),
                classes: vec![0; self.sizes().1 / self.out],
                stride: 0,
            };
        };
        let borders = self.borders();
        let labels = Labels {
            values,
            count: self.labels,
        };
        Offsets {
            values: labels::offsets(&borders, labels, &self.label_weights(w), b),
            classes: borders.classes().collect(),
            stride: borders.len() * self.out,
        }
    }

    /// The inverse of [`Conv::label_weights`].
    pub(super) fn put_label_weights<T: Real>(&self, w: &mut [T], mode: Target, w_y: &[T]) {
        let (c, labels, out) = (self.c, self.labels, self.out);
        let taps = w.chunks_exact_mut((c + labels) * out);
        for (tap, w_y) in taps.zip(w_y.chunks_exact(labels * out)) {
            match self.kind {
                Kind::Convolution => mode.put(w_y, &mut tap[c * out..]),
                Kind::Transpose => {
                    for (o, row) in tap.chunks_exact_mut(c + labels).enumerate() {
                        for (l, to) in row[c..].iter_mut().enumerate() {
                            mode.put(&[w_y[l * out + o]], std::slice::from_mut(to));
                        }
                    }
                }
            }
        }
    }
}
