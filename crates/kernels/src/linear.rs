//! Fully connected layer: `x|y . W + b`, the labels' rows of `W` read in place.
//!
//! With `W = [W_x; W_y]` stacked by rows (the original's layout), `x|y . W = x W_x + y W_y`: two
//! products into one target, and no joined copy of `x`. On wide vectors the product of `x` is in
//! [`crate::products`].

use candle_core::backend::BackendStorage as _;
use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, bail};

use crate::backward::weight_gradient;
use crate::labels::{Labels, label_count};
use crate::matmul::{Matrix, Par, Target, multiply};
use crate::options::KernelOptions;
use crate::output::build;
use crate::products::Numbers;
use crate::real::Real;
use crate::record::apply3;
use crate::tensors::{constant, elements, for_dtype, same_dtype, tensor, with_elements};

/// `x|y . w + b`: `x` `[B, C]`, `y` `[B, Y]` or none, `w` `[C + Y, out]`, `b` `[out]`, result
/// `[B, out]`.
///
/// Labels are constants: no gradient flows into `y`.
///
/// # Errors
///
/// If shapes or element types do not fit together.
pub fn linear(
    x: &Tensor,
    y: Option<&Tensor>,
    w: &Tensor,
    b: &Tensor,
    options: KernelOptions,
) -> Result<Tensor> {
    let (batch, c) = x.dims2()?;
    let labels = label_count(x, y, batch)?;
    let (rows, out) = w.dims2()?;
    if rows != c + labels {
        bail!(
            "expected a weight of {} rows ({c} inputs + {labels} labels), got {rows}",
            c + labels
        )
    }
    if b.dims() != [out] {
        bail!("expected a bias of shape [{out}], got {:?}", b.dims())
    }
    same_dtype(x, &[w, b])?;
    let op = Linear {
        numbers: Numbers::of_layer(c, out, options).filter(|_| batch > 0),
        y: y.map(constant).transpose()?,
    };
    apply3([x, w, b], op)
}

#[derive(Debug)]
struct Linear {
    /// Operand format of products of `f32` on wide vectors; `None` means `gemm`.
    numbers: Option<Numbers>,
    y: Option<Tensor>,
}

impl CustomOp3 for Linear {
    fn name(&self) -> &'static str {
        "linear"
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
        let (batch, _) = l1.shape().dims2()?;
        for_dtype!(s1.dtype(), T => {
            let (x, w, b) = (elements::<T>(s1, l1)?, elements::<T>(s2, l2)?, elements::<T>(s3, l3)?);
            let out = match &self.y {
                None => self.forward(x, None, w, b, batch),
                Some(t) => with_elements!(T, y: t => {
                    self.forward(x, Some(Labels { values: y, count: t.dim(1)? }), w, b, batch)
                }),
            };
            let shape = (batch, b.len()).into();
            Ok((<T as candle_core::WithDType>::to_cpu_storage_owned(out), shape))
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
                let batch = x.dim(0)?;
                let dx = x.track_op().then(|| self.input_gradient::<T>(dys, ws, batch, x.elem_count() / batch.max(1)));
                let dw = match &self.y {
                    None => weight_gradient(w, |dw, mode| self.product(dw, mode, xs, None, dys, batch))?,
                    Some(t) => with_elements!(T, y: t => {
                        let labels = Labels { values: y, count: t.dim(1)? };
                        weight_gradient(w, |dw, mode| self.product(dw, mode, xs, Some(labels), dys, batch))?
                    }),
                };
                let db = weight_gradient(b, |db, mode| {
                    mode.put(&crate::labels::bias_gradient(dys, db.len()), db);
                })?;
                Ok((tensor(dx, x)?, dw, db))
            })
        })
    }
}

impl Linear {
    fn forward<T: Real>(
        &self,
        x: &[T],
        y: Option<Labels<'_, T>>,
        w: &[T],
        b: &[T],
        batch: usize,
    ) -> Vec<T> {
        let out = b.len();
        let c = x.len() / batch.max(1);
        let mut result = build(batch * out, out, |_, row| row.copy_from_slice(b));
        let (w_x, w_y) = w.split_at(c * out);
        if let Some(y) = y {
            let (lhs, rhs) = (
                Matrix::new(y.values, batch, y.count),
                Matrix::new(w_y, y.count, out),
            );
            multiply(&mut result, out, Target::Add, lhs, rhs, Par::Pool);
        }
        if let (Some(numbers), Some(x), Some(w), Some(result)) = (
            self.numbers,
            T::narrow(x),
            T::narrow(w_x),
            T::narrow_mut(&mut result),
        ) {
            numbers.forward(x, w, result, batch);
        } else {
            let (lhs, rhs) = (Matrix::new(x, batch, c), Matrix::new(w_x, c, out));
            multiply(&mut result, out, Target::Add, lhs, rhs, Par::Pool);
        }
        result
    }

    fn input_gradient<T: Real>(&self, dy: &[T], w: &[T], batch: usize, c: usize) -> Vec<T> {
        let out = dy.len() / batch.max(1);
        let w = &w[..c * out];
        let mut dx = vec![T::ZERO; batch * c];
        if let (Some(numbers), Some(dy), Some(w), Some(dx)) = (
            self.numbers,
            T::narrow(dy),
            T::narrow(w),
            T::narrow_mut(&mut dx),
        ) {
            numbers.input_gradient(dy, w, dx, batch);
        } else {
            let (lhs, rhs) = (Matrix::new(dy, batch, out), Matrix::new(w, c, out).t());
            multiply(&mut dx, c, Target::Replace, lhs, rhs, Par::Pool);
        }
        dx
    }

    /// The weight's gradient `(x|y)^T dy`.
    fn product<T: Real>(
        &self,
        dw: &mut [T],
        mode: Target,
        x: &[T],
        y: Option<Labels<'_, T>>,
        dy: &[T],
        batch: usize,
    ) {
        let (c, out) = (x.len() / batch.max(1), dy.len() / batch.max(1));
        let (dw, dw_y) = dw.split_at_mut(c * out);
        if let (Some(numbers), Some(x), Some(dy), Some(dw)) =
            (self.numbers, T::narrow(x), T::narrow(dy), T::narrow_mut(dw))
        {
            numbers.weight_gradient(dw, mode, x, dy, batch);
        } else {
            let lhs = Matrix::new(x, batch, c).t();
            multiply(dw, out, mode, lhs, Matrix::new(dy, batch, out), Par::Pool);
        }
        if let Some(y) = y {
            let lhs = Matrix::new(y.values, batch, y.count).t();
            multiply(dw_y, out, mode, lhs, Matrix::new(dy, batch, out), Par::Pool);
        }
    }
}
