//! Adam (Kingma and Ba 2015) in TensorFlow's form, in place.

use std::sync::Mutex;

use candle_core::{CpuStorage, InplaceOp1, Layout, Result, Tensor, Var, bail};
use rayon::prelude::*;

use crate::isa::Isa;
use crate::kernels::Kernels;
use crate::tasks::CoarseTasks as _;
use crate::tensors::with_elements;
use crate::wide::wide;

/// Elements per task. A multiple of every vector width.
const CHUNK: usize = 64 * 1024;

/// Settings of the update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamConfig {
    /// Learning rate.
    pub lr: f32,
    /// Decay of the first moment.
    pub beta1: f32,
    /// Decay of the second moment.
    pub beta2: f32,
    /// Added to the plain root of the second moment, not to the bias-corrected one.
    pub epsilon: f32,
}

/// The original's settings. Source: Radford et al. 2016, section 4; `main.py`.
impl Default for AdamConfig {
    fn default() -> Self {
        Self {
            lr: 2e-4,
            beta1: 0.5,
            beta2: 0.999,
            epsilon: 1e-8,
        }
    }
}

/// One update of one weight and its moments, in place; `step` counts from 1.
///
/// `m += (1 - beta1)(g - m)`, `v += (1 - beta2)(g^2 - v)`, `w -= lr_t m / (sqrt(v) + epsilon)` with
/// `lr_t = lr sqrt(1 - beta2^step) / (1 - beta1^step)`: TensorFlow's `AdamOptimizer`, with its
/// `epsilon hat`.
///
/// # Errors
///
/// If `step` is 0, lengths differ, or an element type is not `f32`.
pub fn adam_update(
    w: &Var,
    g: &Tensor,
    m: &mut [f32],
    v: &mut [f32],
    config: &AdamConfig,
    step: u64,
    kernels: Kernels,
) -> Result<()> {
    if w.dims() != g.dims() {
        bail!(
            "expected a gradient of shape {:?}, got {:?}",
            w.dims(),
            g.dims()
        )
    }
    let g = g.contiguous()?;
    with_elements!(f32, g: g => adam_update_by(w, g, m, v, config, step, kernels))
}

/// [`adam_update`] by a gradient in a slice, such as one of [`crate::WeightGradients`].
///
/// # Errors
///
/// As [`adam_update`].
pub fn adam_update_by(
    w: &Var,
    g: &[f32],
    m: &mut [f32],
    v: &mut [f32],
    config: &AdamConfig,
    step: u64,
    kernels: Kernels,
) -> Result<()> {
    if step == 0 {
        bail!("expected a step from 1, got 0")
    }
    let n = w.elem_count();
    if g.len() != n || m.len() != n || v.len() != n {
        bail!(
            "expected a gradient and moments of {n} elements, got {}, {} and {}",
            g.len(),
            m.len(),
            v.len()
        )
    }
    w.inplace_op1(&Update {
        rates: Rates::new(config, step),
        g,
        moments: Mutex::new((m, v)),
        isa: kernels.isa(),
    })
}

/// The numbers of one step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rates {
    lr: f32,
    one_minus_beta1: f32,
    one_minus_beta2: f32,
    epsilon: f32,
}

impl Rates {
    pub(crate) fn new(config: &AdamConfig, step: u64) -> Rates {
        // After 2^31 steps both corrections have long been 1.
        let step = i32::try_from(step).unwrap_or(i32::MAX);
        let correction = |beta: f32| 1.0 - f64::from(beta).powi(step);
        let lr = f64::from(config.lr) * correction(config.beta2).sqrt() / correction(config.beta1);
        Rates {
            #[expect(clippy::cast_possible_truncation, reason = "the update runs in f32")]
            lr: lr as f32,
            // In f32, as TensorFlow takes them.
            one_minus_beta1: 1.0 - config.beta1,
            one_minus_beta2: 1.0 - config.beta2,
            epsilon: config.epsilon,
        }
    }
}

struct Update<'a> {
    rates: Rates,
    g: &'a [f32],
    moments: Mutex<(&'a mut [f32], &'a mut [f32])>,
    isa: Isa,
}

impl InplaceOp1 for Update<'_> {
    fn name(&self) -> &'static str {
        "adam"
    }

    fn cpu_fwd(&self, s1: &mut CpuStorage, l1: &Layout) -> Result<()> {
        let (CpuStorage::F32(w), Some((start, end))) = (s1, l1.contiguous_offsets()) else {
            bail!("expected a contiguous weight of type f32")
        };
        let mut moments = self
            .moments
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let (m, v) = &mut *moments;
        w[start..end]
            .par_chunks_mut(CHUNK)
            .zip(self.g.par_chunks(CHUNK))
            .zip(m.par_chunks_mut(CHUNK).zip(v.par_chunks_mut(CHUNK)))
            .one_task_per_steal()
            .for_each(|((w, g), (m, v))| wide(self.isa, || update(w, g, m, v, self.rates)));
        Ok(())
    }
}

#[expect(
    clippy::inline_always,
    reason = "what is not inlined into `wide` is compiled for the baseline"
)]
#[inline(always)]
fn update(w: &mut [f32], g: &[f32], m: &mut [f32], v: &mut [f32], rates: Rates) {
    for (((w, &g), m), v) in w.iter_mut().zip(g).zip(m).zip(v) {
        *m += rates.one_minus_beta1 * (g - *m);
        *v += rates.one_minus_beta2 * (g * g - *v);
        *w -= rates.lr * *m / (v.sqrt() + rates.epsilon);
    }
}
