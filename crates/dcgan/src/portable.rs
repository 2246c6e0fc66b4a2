//! The operations of `dcgan-kernels` in plain candle operations, whose gradients are candle's own.
//!
//! They run on every device of candle. On the CPU they are a second implementation of each kernel,
//! forward and backward, with which the golden vectors and the tests compare the first.
//!
//! Maps are `[B,H,W,C]` outside and `[B,C,H,W]` for candle's convolutions; the class is repeated at
//! every position.

use candle_core::{D, Result, Tensor, Var, bail};
use dcgan_kernels::{Activation, AdamConfig, Geometry};

/// `x|y`: y `[B,Y]` joined to x `[B,..,C]` on the last axis, repeated at every position. Source:
/// `conv_cond_concat`, ops.py.
pub(crate) fn join(x: &Tensor, y: &Tensor) -> Result<Tensor> {
    let (batch, classes) = y.dims2()?;
    let mut shape = x.dims().to_vec();
    let last = shape.len() - 1;
    shape[last] = classes;
    let mut ones = vec![1; shape.len()];
    (ones[0], ones[last]) = (batch, classes);
    Tensor::cat(
        &[x, &y.reshape(ones)?.broadcast_as(shape)?.contiguous()?],
        last,
    )
}

fn joined(x: &Tensor, y: Option<&Tensor>) -> Result<Tensor> {
    y.map_or_else(|| Ok(x.clone()), |y| join(x, y))
}

pub(crate) fn linear(
    x: &Tensor,
    y: Option<&Tensor>,
    matrix: &Tensor,
    bias: &Tensor,
) -> Result<Tensor> {
    joined(x, y)?.matmul(matrix)?.broadcast_add(bias)
}

/// Rows and columns that the kernel sees from all positions of the small side together.
fn reach(geometry: &Geometry) -> [usize; 2] {
    [0, 1].map(|axis| {
        geometry.small[axis].saturating_sub(1) * geometry.stride + geometry.kernel[axis]
    })
}

fn check_size(x: &Tensor, size: [usize; 2]) -> Result<()> {
    let (_, height, width, _) = x.dims4()?;
    if [height, width] == size {
        return Ok(());
    }
    bail!(
        "expected {size:?} rows and columns, got {:?}",
        [height, width]
    )
}

pub(crate) fn conv2d(
    x: &Tensor,
    y: Option<&Tensor>,
    w: &Tensor,
    biases: &Tensor,
    geometry: &Geometry,
) -> Result<Tensor> {
    check_size(x, geometry.big)?;
    let mut x = channels_first(&joined(x, y)?)?;
    // "SAME" pads 1 before and 2 after for an even side, 2 and 2 for an odd one.
    for (axis, reach) in reach(geometry).into_iter().enumerate() {
        let (before, size) = (geometry.pad[axis], geometry.big[axis]);
        x = x
            .pad_with_zeros(2 + axis, before, reach.saturating_sub(before + size))?
            .narrow(2 + axis, 0, reach)?;
    }
    let h = x.conv2d(&kernel(w)?, 0, geometry.stride, 1, 1)?;
    channels_last(&h)?.broadcast_add(biases)
}

pub(crate) fn conv2d_transpose(
    x: &Tensor,
    y: Option<&Tensor>,
    w: &Tensor,
    biases: &Tensor,
    geometry: &Geometry,
) -> Result<Tensor> {
    check_size(x, geometry.small)?;
    let x = channels_first(&joined(x, y)?)?;
    let mut h = x.conv_transpose2d(&kernel(w)?, 0, 0, geometry.stride, 1)?;
    // Everything that any position reaches; "SAME" cuts the first 1 or 2 rows and the last 2.
    for (axis, reach) in reach(geometry).into_iter().enumerate() {
        let (before, size) = (geometry.pad[axis], geometry.big[axis]);
        h = h
            .pad_with_zeros(2 + axis, 0, (before + size).saturating_sub(reach))?
            .narrow(2 + axis, before, size)?;
    }
    channels_last(&h)?.broadcast_add(biases)
}

/// `[B,H,W,C]` -> `[B,C,H,W]`.
fn channels_first(x: &Tensor) -> Result<Tensor> {
    x.permute((0, 3, 1, 2))?.contiguous()
}

/// `[B,C,H,W]` -> `[B,H,W,C]`.
fn channels_last(x: &Tensor) -> Result<Tensor> {
    x.permute((0, 2, 3, 1))?.contiguous()
}

/// `[kh,kw,a,b]` -> `[b,a,kh,kw]`: `[out,in,..]` of a convolution, `[in,out,..]` of a transposed
/// one.
fn kernel(w: &Tensor) -> Result<Tensor> {
    w.permute((3, 2, 0, 1))?.contiguous()
}

pub(crate) fn batch_norm(
    x: &Tensor,
    gamma: &Tensor,
    beta: &Tensor,
    epsilon: f64,
    activation: Activation,
) -> Result<(Tensor, [Tensor; 2])> {
    let rows = x.reshape(((), x.dim(D::Minus1)?))?;
    let n = rows.dim(0)? as f64;
    let mean = rows.mean_keepdim(0)?;
    let centred = rows.broadcast_sub(&mean)?;
    let variance = centred.sqr()?.mean_keepdim(0)?;
    let h = centred
        .broadcast_div(&(&variance + epsilon)?.sqrt()?)?
        .broadcast_mul(gamma)?
        .broadcast_add(beta)?;
    let unbiased = (variance.detach() * (n / (n - 1.0).max(1.0)))?;
    let stats = [mean.detach().flatten_all()?, unbiased.flatten_all()?];
    Ok((activate(&h.reshape(x.shape())?, activation)?, stats))
}

pub(crate) fn batch_norm_inference(
    x: &Tensor,
    [gamma, beta]: [&Tensor; 2],
    [mean, variance]: [&Tensor; 2],
    epsilon: f64,
    activation: Activation,
) -> Result<Tensor> {
    let h = x
        .broadcast_sub(&mean.detach())?
        .broadcast_div(&(variance.detach() + epsilon)?.sqrt()?)?
        .broadcast_mul(gamma)?
        .broadcast_add(beta)?;
    activate(&h, activation)
}

pub(crate) fn move_average(moving: &Var, batch: &Tensor, rate: f32) -> Result<()> {
    let old = moving.as_detached_tensor();
    let distance = (&old - batch)?;
    moving.set(&(old - (distance * f64::from(rate))?)?)
}

/// At 0 the slope is TensorFlow's: 0 for `ReLU`, 1 for the leaky one. candle's own `relu` has 1 and
/// its `maximum` 0.5.
pub(crate) fn activate(x: &Tensor, activation: Activation) -> Result<Tensor> {
    match activation {
        Activation::Identity => Ok(x.clone()),
        Activation::Relu => x.gt(0.0)?.where_cond(x, &x.zeros_like()?),
        Activation::LeakyRelu(slope) => x.ge(0.0)?.where_cond(x, &(x * f64::from(slope))?),
        Activation::Sigmoid => candle_nn::ops::sigmoid(x),
        Activation::Tanh => x.tanh(),
    }
}

pub(crate) fn reshape(x: &Tensor, shape: &[usize]) -> Result<Tensor> {
    x.reshape(shape)
}

/// The sign is a constant of the graph, so that the gradient at 0 is `0.5 - target`, too.
pub(crate) fn bce_with_logits(logits: &Tensor, target: f32) -> Result<Tensor> {
    if logits.elem_count() == 0 {
        bail!("expected at least one logit, got shape {:?}", logits.dims())
    }
    let is_positive = logits.ge(0.0)?;
    let zeros = logits.zeros_like()?;
    let above = is_positive.where_cond(logits, &zeros)?;
    let negated_size = is_positive.where_cond(&logits.neg()?, logits)?;
    let log = (negated_size.exp()? + 1.0)?.log()?;
    ((above - (logits * f64::from(target))?)? + log)?.mean_all()
}

pub(crate) fn total_loss(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    if a.rank() + b.rank() > 0 {
        bail!(
            "expected two scalars, got shapes {:?} and {:?}",
            a.dims(),
            b.dims()
        )
    }
    a + b
}

pub(crate) fn adam_update(
    w: &Var,
    gradient: &Tensor,
    moments: [&Var; 2],
    config: &AdamConfig,
    step: u64,
) -> Result<()> {
    if step == 0 {
        bail!("expected a step from 1, got 0")
    }
    let step = i32::try_from(step).unwrap_or(i32::MAX);
    let correction = |beta: f32| 1.0 - f64::from(beta).powi(step);
    let rate = f64::from(config.lr) * correction(config.beta2).sqrt() / correction(config.beta1);
    // The shares of the new values are computed in float32, as in TensorFlow.
    let blend = |moment: &Var, new: &Tensor, beta: f32| {
        let old = moment.as_detached_tensor();
        let blended = (&old + ((new - &old)? * f64::from(1.0 - beta))?)?;
        moment.set(&blended)?;
        Ok::<_, candle_core::Error>(blended)
    };
    let [m, v] = moments;
    let m = blend(m, gradient, config.beta1)?;
    let v = blend(v, &gradient.sqr()?, config.beta2)?;
    let down = ((m * rate)? / (v.sqrt()? + f64::from(config.epsilon))?)?;
    w.set(&(w.as_detached_tensor() - down)?)
}
