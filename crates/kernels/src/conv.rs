//! Strided convolution and its transpose, each a product with a gather or a scatter.
//!
//! | | forward | input gradient | weight gradient |
//! | --- | --- | --- | --- |
//! | convolution | gather, product | product, scatter | gather, product |
//! | transpose | product, scatter | gather, product | gather (of `dy`), product |
//!
//! Maps are `[B, H, W, C]`, so that a gather copies runs of `taps x C` values and a product reads
//! its operands in place. Tasks are fixed blocks of samples with a serial product inside: the
//! patches of a block stay in the cache, and nothing depends on the number of threads. Labels are
//! never expanded to planes; see [`crate::labels`]. Gradients of wide layers use another form; see
//! [`crate::winograd`]. On wide vectors there are no patches; see [`crate::products`].

mod gradients;
mod label_share;
mod patches;

use candle_core::backend::BackendStorage as _;
use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, bail};

use crate::backward::weight_gradient;
use crate::geometry::Geometry;
use crate::labels::{self, Labels, label_count};
use crate::options::KernelOptions;
use crate::output::build;
use crate::products::{Maps, Numbers};
use crate::real::Real;
use crate::record::apply3;
use crate::tensors::{constant, elements, for_dtype, same_dtype, tensor, with_elements};
use crate::winograd::{Subpixel, WeightGradient};

/// Samples per task: their patches (a few hundred KB each) should fit the second-level cache or
/// nearly so.
const BLOCK: usize = 4;

/// Strided convolution: `x` `[B, H, W, C]`, `y` `[B, Y]` or none, `w` `[kh, kw, C + Y, out]`, `b`
/// `[out]`, result `[B, h, w, out]`.
///
/// `out[o] = b + sum_k (x|y)[o * stride + k - pad] . w[k]`, correlation without a flip; labels are
/// repeated at every position inside the image.
///
/// # Errors
///
/// If shapes, element types or the geometry do not fit together.
pub fn conv2d(
    x: &Tensor,
    y: Option<&Tensor>,
    w: &Tensor,
    b: &Tensor,
    geometry: &Geometry,
    options: KernelOptions,
) -> Result<Tensor> {
    Conv::new(Kind::Convolution, [x, w, b], y, geometry, options)?.apply(x, w, b)
}

/// Transposed convolution, the exact adjoint of [`conv2d`] in its input: `x` `[B, h, w, C]`, `y`
/// `[B, Y]` or none, `w` `[kh, kw, out, C + Y]`, `b` `[out]`, result `[B, H, W, out]`.
///
/// Every `(x|y)[i] . w[k]` is added to `out[i * stride + k - pad]` where that position exists.
///
/// # Errors
///
/// If shapes, element types or the geometry do not fit together.
pub fn conv2d_transpose(
    x: &Tensor,
    y: Option<&Tensor>,
    w: &Tensor,
    b: &Tensor,
    geometry: &Geometry,
    options: KernelOptions,
) -> Result<Tensor> {
    Conv::new(Kind::Transpose, [x, w, b], y, geometry, options)?.apply(x, w, b)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Convolution,
    Transpose,
}

/// Checks that shapes and types fit together, and returns the number of input channels without
/// labels, of labels and of output channels.
fn check(
    kind: Kind,
    [x, w, b]: [&Tensor; 3],
    y: Option<&Tensor>,
    geometry: &Geometry,
) -> Result<[usize; 3]> {
    geometry.check()?;
    let (kh, kw, rows, columns) = w.dims4()?;
    let (size, channels, out) = match kind {
        Kind::Convolution => (geometry.big, rows, columns),
        Kind::Transpose => (geometry.small, columns, rows),
    };
    let (batch, height, width, c) = x.dims4()?;
    let labels = label_count(x, y, batch)?;
    if [height, width] != size {
        bail!(
            "expected an input of {size:?} rows and columns, got {:?}",
            [height, width]
        )
    }
    if [kh, kw] != geometry.kernel {
        bail!(
            "expected a kernel of {:?} taps, got {:?}",
            geometry.kernel,
            [kh, kw]
        )
    }
    if channels != c + labels {
        bail!(
            "expected a weight of {} input channels ({c} inputs + {labels} labels), got {channels}",
            c + labels
        )
    }
    if b.dims() != [out] {
        bail!("expected a bias of shape [{out}], got {:?}", b.dims())
    }
    if x.elem_count() == 0 || w.elem_count() == 0 {
        bail!(
            "expected tensors with elements, got {:?} and {:?}",
            x.dims(),
            w.dims()
        )
    }
    same_dtype(x, &[w, b])?;
    Ok([c, labels, out])
}

#[derive(Debug)]
struct Conv {
    kind: Kind,
    geometry: Geometry,
    /// Winograd's form of the gradients, if the kernels use it and the geometry permits it.
    subpixel: Option<Subpixel>,
    /// Products of `f32` operands on wide vectors; `None` means `gemm`. Gradients in Winograd's
    /// form do not use them.
    maps: Option<Maps>,
    /// Input channels without labels.
    c: usize,
    labels: usize,
    out: usize,
    y: Option<Tensor>,
}

impl CustomOp3 for Conv {
    fn name(&self) -> &'static str {
        match self.kind {
            Kind::Convolution => "conv2d",
            Kind::Transpose => "conv2d-transpose",
        }
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
        s3: &CpuStorage,
        l3: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (batch, ..) = l1.shape().dims4()?;
        let [height, width] = match self.kind {
            Kind::Convolution => self.geometry.small,
            Kind::Transpose => self.geometry.big,
        };
        for_dtype!(s1.dtype(), T => {
            let (x, w, b) = (elements::<T>(s1, l1)?, elements::<T>(s2, l2)?, elements::<T>(s3, l3)?);
            let result = match &self.y {
                None => self.forward(x, None, w, b),
                Some(t) => with_elements!(T, y: t => self.forward(x, Some(y), w, b)),
            };
            let shape = (batch, height, width, self.out).into();
            Ok((<T as candle_core::WithDType>::to_cpu_storage_owned(result), shape))
        })
    }

    fn bwd(
        &self,
        x: &Tensor,
        w: &Tensor,
        b: &Tensor,
        _res: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let dy = dy.contiguous()?;
        for_dtype!(x.dtype(), T => {
            with_elements!(T, xs: x, ws: w, dys: dy => {
                let filter = self.filter::<T>(dys);
                let support = filter.as_ref().filter(|_| w.track_op());
                let support = support.and_then(|(subpixel, of_dy)| self.support(subpixel, xs, of_dy));
                // Filtering has both gradients in one.
                let mut dx = None;
                if x.track_op() {
                    dx = match &filter {
                        Some((_, of_dy)) if support.is_some() && !of_dy.is_sparse() => None,
                        filter => Some(self.input_gradient::<T>(filter.as_ref(), ws, dys)),
                    };
                }
                let mut gradients = |dw: &mut [T], mode| match (&filter, &support) {
                    (Some((subpixel, of_dy)), Some(support)) => {
                        let mut both = (x.track_op() && dx.is_none()).then(|| self.no_gradient(dys.len()));
                        let direct = self.direct_parts(support, xs, dys);
                        let dw = WeightGradient { x: xs, support, direct, mode, dw };
                        let of_x = both.as_deref_mut().map(|dx| (ws, dx));
                        subpixel.gradients((dys, of_dy), of_x, Some(dw));
                        dx = both.or(dx.take());
                    }
                    _ => self.product(dw, mode, xs, dys),
                };
                if !w.track_op() && !b.track_op() {
                    return Ok((tensor(dx, x)?, None, None));
                }
                let db;
                let dw = match &self.y {
                    None => {
                        db = labels::bias_gradient(dys, self.out);
                        weight_gradient(w, &mut gradients)?
                    }
                    Some(t) => with_elements!(T, y: t => {
                        let borders = self.borders();
                        let sums = labels::class_sums(&borders, dys, y.len() / self.labels, self.out);
                        db = labels::bias_gradient(&sums, self.out);
                        weight_gradient(w, |dw, mode| {
                            gradients(dw, mode);
                            let labels = Labels { values: y, count: self.labels };
                            let dw_y = labels::weight_gradient(&borders, labels, &sums, self.out);
                            self.put_label_weights(dw, mode, &dw_y);
                        })?
                    }),
                };
                let db = weight_gradient(b, |to, mode| mode.put(&db, to))?;
                Ok((tensor(dx, x)?, dw, db))
            })
        })
    }
}

impl Conv {
    fn new(
        kind: Kind,
        operands: [&Tensor; 3],
        y: Option<&Tensor>,
        geometry: &Geometry,
        options: KernelOptions,
    ) -> Result<Conv> {
        let [c, labels, out] = check(kind, operands, y, geometry)?;
        let [small, big] = match kind {
            Kind::Convolution => [out, c],
            Kind::Transpose => [c, out],
        };
        let [_, w, _] = operands;
        let (sides, weight, kernels) = ([small, big], [w.dim(2)?, w.dim(3)?], options.kernels);
        let subpixel = if kernels.filters(small, big) {
            let is_transposed = kind == Kind::Transpose;
            Subpixel::new(is_transposed, geometry, sides, weight, kernels.isa())
        } else {
            None
        };
        let numbers = Numbers::of_maps(small, big, options);
        Ok(Conv {
            kind,
            geometry: *geometry,
            subpixel,
            maps: numbers.map(|numbers| Maps::new(numbers, geometry, sides, weight)),
            c,
            labels,
            out,
            y: y.map(constant).transpose()?,
        })
    }

    fn apply(self, x: &Tensor, w: &Tensor, b: &Tensor) -> Result<Tensor> {
        apply3([x, w, b], self)
    }

    /// Elements of a sample's input, output and patches.
    fn sizes(&self) -> (usize, usize, usize) {
        let (small, big, taps) = (
            self.geometry.small_len(),
            self.geometry.big_len(),
            self.geometry.taps(),
        );
        match self.kind {
            Kind::Convolution => (big * self.c, small * self.out, small * taps * self.c),
            Kind::Transpose => (small * self.c, big * self.out, small * taps * self.out),
        }
    }

    fn forward<T: Real>(&self, x: &[T], y: Option<&[T]>, w: &[T], b: &[T]) -> Vec<T> {
        let (x_len, y_len, _) = self.sizes();
        let offsets = self.offsets(y, w, b);
        let up = self.kind == Kind::Transpose;
        if let (Some(maps), Some(w), Some(x)) = (self.maps(up), T::narrow(w), T::narrow(x)) {
            let mut result = build(x.len() / x_len * y_len, BLOCK * y_len, |at, result| {
                offsets.write(at * BLOCK, self.out, y_len, result);
            });
            if let Some(result) = T::narrow_mut(&mut result) {
                match self.kind {
                    Kind::Convolution => maps.down(w, x, result),
                    Kind::Transpose => maps.up(w, x, result),
                }
            }
            return result;
        }
        self.forward_by_patches(x, w, &offsets)
    }

    /// The products on wide vectors that go from small maps to big ones if `up`, or else down.
    fn maps(&self, up: bool) -> Option<&Maps> {
        self.maps.as_ref().filter(|maps| maps.goes_up() || !up)
    }

    /// Channels of the small and of the big side.
    fn channels(&self) -> [usize; 2] {
        match self.kind {
            Kind::Convolution => [self.out, self.c],
            Kind::Transpose => [self.c, self.out],
        }
    }
}
