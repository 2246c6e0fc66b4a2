//! Strided convolution and its transpose, each a gather or scatter beside one product.
//!
//! | | forward | input gradient | weight gradient |
//! | --- | --- | --- | --- |
//! | convolution | gather, product | product, scatter | gather, product |
//! | transpose | product, scatter | gather, product | gather (of `dy`), product |
//!
//! Maps are `[B, H, W, C]`, so that a gather copies runs of `taps x C` values and a product reads
//! its operands as they lie. Tasks are fixed blocks of samples with a serial product inside: the
//! patches of a block stay in the cache, and nothing depends on the number of threads. Labels never
//! become planes; see [`crate::labels`]. Gradients of wide layers take another form: see
//! [`crate::winograd`]. On wide vectors there are no patches: see [`crate::products`].

use candle_core::backend::BackendStorage as _;
use candle_core::{CpuStorage, CustomOp3, DType, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

use crate::backward::weight_gradient;
use crate::geometry::{Geometry, gather, scatter_add};
use crate::labels::{self, Borders, Labels, Side};
use crate::linear::{constant, label_count, same_dtype, tensor};
use crate::matmul::{Matrix, Par, Target, multiply, multiply_in_runs};
use crate::options::KernelOptions;
use crate::output::build;
use crate::products::{Maps, Numbers};
use crate::real::{Real, elements, for_dtype, with_elements};
use crate::record::apply3;
use crate::scratch::Scratch;
use crate::winograd::{Activity, Subpixel, Support, WeightGradient};

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

/// The input channels without labels, the labels and the output channels of a call; fails unless all
/// shapes and types fit together.
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
    /// The form of the gradients with fewer multiplications, if that was chosen and the geometry
    /// permits it.
    subpixel: Option<Subpixel>,
    /// The products of `f32` operands on wide vectors, where they are not Winograd's; `gemm` has
    /// the others.
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

/// The start of every output pixel, by sample and class of pixel; without labels one for all.
struct Offsets<T> {
    /// `[batch, classes, out]`, or `[out]` without labels.
    values: Vec<T>,
    /// From sample to sample; 0 without labels.
    stride: usize,
    /// Class of each pixel.
    classes: Vec<usize>,
}

impl<T: Real> Offsets<T> {
    /// Writes the outputs of the samples from `first` on, each of `sample` elements.
    fn write(&self, first: usize, out: usize, sample: usize, result: &mut [T]) {
        for (i, result) in result.chunks_exact_mut(sample).enumerate() {
            let values = &self.values[(first + i) * self.stride..];
            for (pixel, &class) in result.chunks_exact_mut(out).zip(&self.classes) {
                pixel.copy_from_slice(&values[class * out..(class + 1) * out]);
            }
        }
    }
}

/// Some channels of maps.
fn chosen<T: Real>(maps: &[T], width: usize, channels: &[usize]) -> Vec<T> {
    if channels.is_empty() {
        return Vec::new();
    }
    let pixels = maps.chunks_exact(width);
    let chosen = pixels.flat_map(|pixel| channels.iter().map(|&channel| pixel[channel]));
    chosen.collect()
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

    fn borders(&self) -> Borders {
        let side = match self.kind {
            Kind::Convolution => Side::Small,
            Kind::Transpose => Side::Big,
        };
        Borders::new(&self.geometry, side)
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

    /// What a sample's output is before the first product: bias and labels.
    fn offsets<T: Real>(&self, y: Option<&[T]>, w: &[T], b: &[T]) -> Offsets<T> {
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

    /// A convolution's weight without labels as `[taps c, out]`: in place, or a copy if labels lie
    /// between. A transpose's weight as it lies: its labels are a matter of strides.
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

    fn forward<T: Real>(&self, x: &[T], y: Option<&[T]>, w: &[T], b: &[T]) -> Vec<T> {
        let (x_len, y_len, col_len) = self.sizes();
        let (g, c, out) = (&self.geometry, self.c, self.out);
        let (small, taps) = (g.small_len(), g.taps());
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

    /// The products on wide vectors for going from small maps to big ones, or the other way.
    fn maps(&self, up: bool) -> Option<&Maps> {
        self.maps.as_ref().filter(|maps| maps.goes_up() || !up)
    }

    /// Winograd's form of the gradients, unless their operands are rounded: it would add to the
    /// error of that.
    fn winograd<T: Real>(&self) -> Option<&Subpixel> {
        let rounds = T::DTYPE == DType::F32 && self.maps.as_ref().is_some_and(Maps::rounds);
        self.subpixel.as_ref().filter(|_| !rounds)
    }

    /// That form, and where the output's gradient is zero.
    fn filter<T: Real>(&self, dy: &[T]) -> Option<(&Subpixel, Activity)> {
        let subpixel = self.winograd::<T>()?;
        let is_small = self.kind == Kind::Convolution;
        Some((subpixel, subpixel.activity(dy, is_small)))
    }

    /// What that form of the weight's gradient has to know of its operands; none if it is taken
    /// directly.
    fn support<T: Real>(&self, subpixel: &Subpixel, x: &[T], of_dy: &Activity) -> Option<Support> {
        let is_small = self.kind == Kind::Transpose;
        let of_x = subpixel.activity(x, is_small);
        if is_small {
            subpixel.support(&of_x, of_dy)
        } else {
            subpixel.support(of_dy, &of_x)
        }
    }

    /// The parts of the weight's gradient that are taken directly, as [`WeightGradient`] has them.
    fn direct_parts<T: Real>(&self, support: &Support, x: &[T], dy: &[T]) -> [Vec<T>; 2] {
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

    /// The weight's gradient between some channels of either side.
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

    /// Channels of the small and of the big side.
    fn channels(&self) -> [usize; 2] {
        match self.kind {
            Kind::Convolution => [self.out, self.c],
            Kind::Transpose => [self.c, self.out],
        }
    }

    /// Zeros for the gradient of the input of a batch with so many outputs.
    fn no_gradient<T: Real>(&self, outputs: usize) -> Vec<T> {
        let (x_len, y_len, _) = self.sizes();
        build(outputs / y_len * x_len, x_len, |_, _| ())
    }

    fn input_gradient<T: Real>(
        &self,
        filter: Option<&(&Subpixel, Activity)>,
        w: &[T],
        dy: &[T],
    ) -> Vec<T> {
        let (x_len, y_len, col_len) = self.sizes();
        let (g, c, out) = (&self.geometry, self.c, self.out);
        let (small, taps) = (g.small_len(), g.taps());
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

    /// The weight's gradient but for the labels' part, which it leaves alone.
    fn product<T: Real>(&self, dw: &mut [T], mode: Target, x: &[T], dy: &[T]) {
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
        let run = crate::products::run_of_weight(taps * channels, batch * small);
        match self.kind {
            Kind::Convolution if labels == 0 => {
                let rhs = Matrix::new(dy, batch * small, out);
                multiply_in_runs(dw, out, mode, patches, rhs, run, Par::Pool);
            }
            Kind::Convolution => {
                let mut dense = Scratch::take(taps * c * out);
                let rhs = Matrix::new(dy, batch * small, out);
                multiply_in_runs(
                    &mut dense,
                    out,
                    Target::Replace,
                    patches,
                    rhs,
                    run,
                    Par::Pool,
                );
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

    /// The inverse of [`Conv::label_weights`].
    fn put_label_weights<T: Real>(&self, w: &mut [T], mode: Target, w_y: &[T]) {
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
