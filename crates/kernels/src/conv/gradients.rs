//! The gradients of a convolution, each in the form that suits its operands.

use candle_core::DType;

use super::{Conv, Kind};
use crate::matmul::Target;
use crate::output::build;
use crate::products::Maps;
use crate::real::Real;
use crate::winograd::{Activity, Subpixel, Support};

/// A copy of some channels of maps.
fn chosen<T: Real>(maps: &[T], width: usize, channels: &[usize]) -> Vec<T> {
    if channels.is_empty() {
        return Vec::new();
    }
    let pixels = maps.chunks_exact(width);
    let chosen = pixels.flat_map(|pixel| channels.iter().map(|&channel| pixel[channel]));
    chosen.collect()
}

impl Conv {
    /// Winograd's form of the gradients, unless their operands are rounded: the errors would add
    /// up.
    fn winograd<T: Real>(&self) -> Option<&Subpixel> {
        let rounds = T::DTYPE == DType::F32 && self.maps.as_ref().is_some_and(Maps::rounds);
        self.subpixel.as_ref().filter(|_| !rounds)
    }

    /// Winograd's form, and where the output's gradient is zero.
    pub(super) fn filter<T: Real>(&self, dy: &[T]) -> Option<(&Subpixel, Activity)> {
        let subpixel = self.winograd::<T>()?;
        let is_small = self.kind == Kind::Convolution;
        Some((subpixel, subpixel.activity(dy, is_small)))
    }

    /// The support of the weight's gradient in Winograd's form; `None` if the direct product
    /// computes it.
    pub(super) fn support<T: Real>(
        &self,
        subpixel: &Subpixel,
        x: &[T],
        of_dy: &Activity,
    ) -> Option<Support> {
        let is_small = self.kind == Kind::Transpose;
        let of_x = subpixel.activity(x, is_small);
        if is_small {
            subpixel.support(&of_x, of_dy)
        } else {
            subpixel.support(of_dy, &of_x)
        }
    }

    /// The parts of the weight's gradient that the direct product computes, as
    /// [`crate::winograd::WeightGradient`] has them.
    pub(super) fn direct_parts<T: Real>(
        &self,
        support: &Support,
        x: &[T],
        dy: &[T],
    ) -> [Vec<T>; 2] {
        let [small, big] = match self.kind {
            Kind::Convolution => [dy, x],
            Kind::Transpose => [x, dy],
        };
        let [n_small, n_big] = self.channels();
        let [of_small, of_big] = support.direct();
        let some = (chosen(small, n_small, of_small), chosen(big, n_big, of_big));
        [
            self.direct_part([&some.0, big], [of_small.len(), n_big]),
            self.direct_part([small, &some.1], [n_small, of_big.len()]),
        ]
    }

    /// The weight's gradient between some channels of each side.
    fn direct_part<T: Real>(&self, maps: [&[T]; 2], [small, big]: [usize; 2]) -> Vec<T> {
        let mut dw = vec![T::ZERO; self.geometry.taps() * big * small];
        if dw.is_empty() {
            return dw;
        }
        let (c, out, [x, dy]) = match self.kind {
            Kind::Convolution => (big, small, [maps[1], maps[0]]),
            Kind::Transpose => (small, big, maps),
        };
        let layer = Conv {
            kind: self.kind,
            geometry: self.geometry,
            subpixel: None,
            maps: self.maps.as_ref().map(|maps| maps.with_sides([small, big])),
            c,
            labels: 0,
            out,
            y: None,
        };
        layer.product(&mut dw, Target::Replace, x, dy);
        dw
    }

    /// Zeros in the shape of the input, for a batch of `outputs` elements.
    pub(super) fn no_gradient<T: Real>(&self, outputs: usize) -> Vec<T> {
        let (x_len, y_len, _) = self.sizes();
        build(outputs / y_len * x_len, x_len, |_, _| ())
    }

    pub(super) fn input_gradient<T: Real>(
        &self,
        filter: Option<&(&Subpixel, Activity)>,
        w: &[T],
        dy: &[T],
    ) -> Vec<T> {
        if let Some((subpixel, of_dy)) = filter.filter(|(_, of_dy)| !of_dy.is_sparse()) {
            let mut dx = self.no_gradient(dy.len());
            subpixel.gradients((dy, of_dy), Some((w, &mut dx)), None);
            return dx;
        }
        let up = self.kind == Kind::Convolution;
        if let (Some(maps), Some(w), Some(dy)) = (self.maps(up), T::narrow(w), T::narrow(dy)) {
            let mut dx = self.no_gradient(dy.len());
            if let Some(dx) = T::narrow_mut(&mut dx) {
                match self.kind {
                    Kind::Convolution => maps.up(w, dy, dx),
                    Kind::Transpose => maps.down(w, dy, dx),
                }
            }
            return dx;
        }
        self.input_gradient_by_patches(w, dy)
    }

    /// The weight's gradient without the labels' part, which stays as it is.
    pub(super) fn product<T: Real>(&self, dw: &mut [T], mode: Target, x: &[T], dy: &[T]) {
        let (small, big) = match self.kind {
            Kind::Convolution => (dy, x),
            Kind::Transpose => (x, dy),
        };
        if let (Some(maps), Some(small), Some(big)) = (&self.maps, T::narrow(small), T::narrow(big))
        {
            if let Some(dw) = T::narrow_mut(dw) {
                maps.weight_gradient(small, big, mode, dw);
            }
            return;
        }
        self.weight_gradient_by_patches(dw, mode, x, dy);
    }
}
