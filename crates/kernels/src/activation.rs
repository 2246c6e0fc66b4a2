//! Elementwise activations.
#![expect(
    clippy::inline_always,
    reason = "what is not inlined into `wide` is compiled for the baseline"
)]

use candle_core::backend::BackendStorage as _;
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, WithDType, bail};

use crate::output::build;
use crate::real::Real;
use crate::record::apply1;
use crate::tensors::{elements, for_dtype, tensor, with_elements};

/// Elements per task: enough for a task to pay, few enough to stay in the second-level cache.
pub(crate) const CHUNK: usize = 16 * 1024;

/// An elementwise activation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// `x`.
    Identity,
    /// `max(x, 0)`; slope 0 at 0.
    Relu,
    /// `x` where `x >= 0`, else `slope x`; slope 1 at 0. The slope must be positive.
    LeakyRelu(f32),
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// Hyperbolic tangent.
    Tanh,
}

impl Activation {
    /// Fails for a leaky slope that is not positive: its result would not have the sign of `x`.
    pub(crate) fn check(self) -> Result<()> {
        match self {
            Activation::LeakyRelu(slope) if !(slope > 0.0 && slope.is_finite()) => {
                bail!("expected a positive leaky slope, got {slope}")
            }
            _ => Ok(()),
        }
    }
}

/// `act(x)` for a tensor of any shape.
///
/// # Errors
///
/// If the element type is neither `f32` nor `f64`, or a leaky slope is not positive.
pub fn activate(x: &Tensor, act: Activation) -> Result<Tensor> {
    act.check()?;
    if act == Activation::Identity {
        return Ok(x.clone());
    }
    apply1([x], Activate(act))
}

#[derive(Debug)]
struct Activate(Activation);

impl CustomOp1 for Activate {
    fn name(&self) -> &'static str {
        "activate"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        for_dtype!(storage.dtype(), T => {
            let x = elements::<T>(storage, layout)?;
            let y = build(x.len(), CHUNK, |at, y| {
                y.copy_from_slice(&x[at * CHUNK..][..y.len()]);
                apply(self.0, y);
            });
            Ok((<T as WithDType>::to_cpu_storage_owned(y), layout.shape().clone()))
        })
    }

    fn bwd(&self, x: &Tensor, y: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let dy = dy.contiguous()?;
        for_dtype!(x.dtype(), T => {
            with_elements!(T, ys: y, dys: dy => {
                let dx = build::<T>(dys.len(), CHUNK, |at, dx| {
                    let part = at * CHUNK..at * CHUNK + dx.len();
                    dx.copy_from_slice(&dys[part.clone()]);
                    multiply_slope(self.0, &ys[part], dx);
                });
                tensor::<T>(Some(dx), x)
            })
        })
    }
}

/// Replaces `x` by `act(x)`.
#[inline(always)]
pub(crate) fn apply<T: Real>(act: Activation, x: &mut [T]) {
    match act {
        Activation::Identity => {}
        Activation::Relu => each(x, |x| if x > T::ZERO { x } else { T::ZERO }),
        Activation::LeakyRelu(slope) => {
            let slope = T::from_f64(f64::from(slope));
            each(x, |x| if x >= T::ZERO { x } else { slope * x });
        }
        Activation::Sigmoid => each(x, sigmoid),
        Activation::Tanh => each(x, Real::tanh),
    }
}

/// Multiplies `d` by the slope of the activation whose result is `y`.
///
/// The result determines the slope: a (leaky) rectifier keeps the sign, and the slopes of the
/// sigmoid and the tangent are functions of their values.
#[inline(always)]
pub(crate) fn multiply_slope<T: Real>(act: Activation, y: &[T], d: &mut [T]) {
    match act {
        Activation::Identity => {}
        Activation::Relu => both(y, d, |y| if y > T::ZERO { T::ONE } else { T::ZERO }),
        Activation::LeakyRelu(slope) => {
            let slope = T::from_f64(f64::from(slope));
            both(y, d, |y| if y >= T::ZERO { T::ONE } else { slope });
        }
        Activation::Sigmoid => both(y, d, |y| y * (T::ONE - y)),
        Activation::Tanh => both(y, d, |y| T::ONE - y * y),
    }
}

#[inline(always)]
fn each<T: Real>(x: &mut [T], f: impl Fn(T) -> T) {
    for x in x {
        *x = f(*x);
    }
}

#[inline(always)]
fn both<T: Real>(y: &[T], d: &mut [T], slope: impl Fn(T) -> T) {
    for (d, &y) in d.iter_mut().zip(y) {
        *d *= slope(y);
    }
}

/// The logistic function, without overflow on either side.
pub(crate) fn sigmoid<T: Real>(x: T) -> T {
    if x >= T::ZERO {
        T::ONE / (T::ONE + (-x).exp())
    } else {
        let e = x.exp();
        e / (T::ONE + e)
    }
}
