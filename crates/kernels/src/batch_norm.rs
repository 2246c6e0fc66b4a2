//! Batch normalisation over all axes but the last, fused with the activation behind it.
//!
//! One pass computes the moments, one writes the result; backward likewise. Fusing the activation
//! saves a map and two passes: its slope follows from the result, and `x^` is recomputed from `x`.
#![expect(
    clippy::inline_always,
    reason = "what is not inlined into `wide` is compiled for the baseline"
)]

use std::sync::{Arc, OnceLock};

use candle_core::backend::BackendStorage as _;
use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, WithDType, bail};
use rayon::prelude::*;

use crate::activation::{Activation, CHUNK, apply, multiply_slope};
use crate::backward::weight_gradient;
use crate::isa::Isa;
use crate::kernels::Kernels;
use crate::moments::{COLUMNS, Moments, ROWS, moments, part_rows};
use crate::output::build;
use crate::real::Real;
use crate::record::apply3;
use crate::tasks::CoarseTasks as _;
use crate::tensors::{elements, for_dtype, same_dtype, tensor, with_elements};
use crate::wide::wide;

/// Batch statistics of one training-mode pass, one value per feature, for moving averages.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchStats {
    /// Mean.
    pub mean: Vec<f32>,
    /// Variance times N / (N - 1) for N values per feature (times 1 if N is 1).
    pub variance_unbiased: Vec<f32>,
}

/// `act(gamma (x - mean) / sqrt(var + eps) + beta)` with the batch's own mean and biased variance.
///
/// `x` is `[.., C]`, `gamma` and `beta` are `[C]`. Gradients flow through mean and variance.
///
/// # Errors
///
/// If shapes or element types do not fit together, or a leaky slope is not positive.
pub fn batch_norm(
    x: &Tensor,
    gamma: &Tensor,
    beta: &Tensor,
    eps: f64,
    act: Activation,
    kernels: Kernels,
) -> Result<(Tensor, BatchStats)> {
    check(x, gamma, beta, act)?;
    let saved = Arc::new(OnceLock::new());
    let op = BatchNorm {
        eps,
        act,
        isa: kernels.isa(),
        saved: saved.clone(),
    };
    let y = apply3([x, gamma, beta], op)?;
    let Some(Moments { mean, variance }) = saved.get() else {
        bail!("batch statistics were not computed")
    };
    let n = (x.elem_count() / mean.len()) as f64;
    let unbiased = n / (n - 1.0).max(1.0);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "moving averages are kept in f32"
    )]
    let stats = BatchStats {
        mean: mean.iter().map(|&v| v as f32).collect(),
        variance_unbiased: variance.iter().map(|&v| (v * unbiased) as f32).collect(),
    };
    Ok((y, stats))
}

/// `act(gamma (x - mean) / sqrt(variance + eps) + beta)` with moving averages, without gradient.
///
/// # Errors
///
/// If shapes or element types do not fit together, or a leaky slope is not positive.
pub fn batch_norm_inference(
    x: &Tensor,
    [gamma, beta]: [&Tensor; 2],
    [mean, variance]: [&[f32]; 2],
    eps: f64,
    act: Activation,
    kernels: Kernels,
) -> Result<Tensor> {
    let c = check(x, gamma, beta, act)?;
    if mean.len() != c || variance.len() != c {
        bail!(
            "expected moving averages of {c} features, got {} and {}",
            mean.len(),
            variance.len()
        )
    }
    let (x, gamma, beta) = (x.contiguous()?, gamma.contiguous()?, beta.contiguous()?);
    for_dtype!(x.dtype(), T => {
        with_elements!(T, xs: x, gamma: gamma, beta: beta => {
            let moments = Moments {
                mean: mean.iter().map(|&v| f64::from(v)).collect(),
                variance: variance.iter().map(|&v| f64::from(v)).collect(),
            };
            let y = normalise::<T>(xs, &moments, [gamma, beta], eps, act, kernels.isa());
            Tensor::from_vec(y, x.shape(), x.device())
        })
    })
}

/// Checks the arguments that both modes share, and returns the number of features.
fn check(x: &Tensor, gamma: &Tensor, beta: &Tensor, act: Activation) -> Result<usize> {
    act.check()?;
    same_dtype(x, &[gamma, beta])?;
    let c = x.dims().last().copied().unwrap_or(0);
    if x.elem_count() == 0 {
        bail!(
            "expected at least one value per feature, got shape {:?}",
            x.dims()
        )
    }
    if gamma.dims() != [c] || beta.dims() != [c] {
        bail!(
            "expected gamma and beta of shape [{c}], got {:?} and {:?}",
            gamma.dims(),
            beta.dims()
        )
    }
    Ok(c)
}

#[derive(Debug)]
struct BatchNorm {
    eps: f64,
    act: Activation,
    isa: Isa,
    /// Written by the forward pass, read by the backward pass and by the caller.
    saved: Arc<OnceLock<Moments>>,
}

impl CustomOp3 for BatchNorm {
    fn name(&self) -> &'static str {
        "batch-norm"
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
        for_dtype!(s1.dtype(), T => {
            let (x, gamma, beta) = (elements::<T>(s1, l1)?, elements::<T>(s2, l2)?, elements::<T>(s3, l3)?);
            let moments = self.saved.get_or_init(|| moments(x, gamma.len(), self.isa));
            let y = normalise(x, moments, [gamma, beta], self.eps, self.act, self.isa);
            Ok((<T as WithDType>::to_cpu_storage_owned(y), l1.shape().clone()))
        })
    }

    fn bwd(
        &self,
        x: &Tensor,
        gamma: &Tensor,
        beta: &Tensor,
        y: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let Some(moments) = self.saved.get() else {
            bail!("backward before forward")
        };
        let dy = dy.contiguous()?;
        for_dtype!(x.dtype(), T => {
            with_elements!(T, xs: x, gammas: gamma, ys: y, dys: dy => {
                let pass = Backward::<T> {
                    x: xs,
                    y: ys,
                    dy: dys,
                    gamma: gammas,
                    scales: Scales::new(moments, self.eps),
                    act: self.act,
                    isa: self.isa,
                };
                let sums = pass.sums();
                let dx = x.track_op().then(|| pass.input_gradient(&sums));
                let dbeta: Vec<T> = sums.iter().map(|s| T::from_f64(s.0)).collect();
                let dgamma: Vec<T> = sums.iter().map(|s| T::from_f64(s.1)).collect();
                Ok((
                    tensor(dx, x)?,
                    weight_gradient(gamma, |to, mode| mode.put(&dgamma, to))?,
                    weight_gradient(beta, |to, mode| mode.put(&dbeta, to))?,
                ))
            })
        })
    }
}

/// Per feature: mean and inverse deviation, which normalise `x`.
struct Scales<T> {
    mean: Vec<T>,
    /// `1 / sqrt(var + eps)`.
    inverse: Vec<T>,
}

impl<T: Real> Scales<T> {
    fn new(moments: &Moments, eps: f64) -> Scales<T> {
        Scales {
            mean: moments.mean.iter().map(|&m| T::from_f64(m)).collect(),
            inverse: moments
                .variance
                .iter()
                .map(|&v| T::from_f64((v + eps).sqrt().recip()))
                .collect(),
        }
    }
}

fn normalise<T: Real>(
    x: &[T],
    moments: &Moments,
    [gamma, beta]: [&[T]; 2],
    eps: f64,
    act: Activation,
    isa: Isa,
) -> Vec<T> {
    let c = gamma.len();
    let Scales { mean, inverse } = Scales::<T>::new(moments, eps);
    let scale: Vec<T> = gamma.iter().zip(&inverse).map(|(&g, &i)| g * i).collect();
    let chunk = (CHUNK / c).max(1) * c;
    build(x.len(), chunk, |at, y| {
        let x = &x[at * chunk..][..y.len()];
        wide(isa, || {
            for (y, x) in y.chunks_exact_mut(c).zip(x.chunks_exact(c)) {
                for ((((y, &x), &mean), &scale), &beta) in
                    y.iter_mut().zip(x).zip(&mean).zip(&scale).zip(beta)
                {
                    *y = (x - mean) * scale + beta;
                }
            }
            apply(act, y);
        });
    })
}

/// What the backward pass of one call reads.
struct Backward<'a, T> {
    x: &'a [T],
    y: &'a [T],
    dy: &'a [T],
    gamma: &'a [T],
    scales: Scales<T>,
    act: Activation,
    isa: Isa,
}

impl<T: Real> Backward<'_, T> {
    /// Per feature: the sums of `dz` and of `dz x^` over all rows, the gradients of beta and gamma.
    fn sums(&self) -> Vec<(f64, f64)> {
        let c = self.gamma.len();
        let rows = self.x.len() / c;
        let part = part_rows(rows);
        let mut parts = vec![(0.0, 0.0); rows.div_ceil(part) * c];
        parts
            .par_chunks_mut(c)
            .enumerate()
            .one_task_per_steal()
            .for_each(|(at, parts)| {
                let rows = at * part * c..((at + 1) * part * c).min(self.x.len());
                let input = [self.x, self.y, self.dy].map(|values| &values[rows.clone()]);
                parts
                    .par_chunks_mut(COLUMNS)
                    .enumerate()
                    .for_each(|(at, parts)| {
                        wide(self.isa, || {
                            part_sums(input, self.act, &self.scales, c, at * COLUMNS, parts);
                        });
                    });
            });
        let mut sums = vec![(0.0, 0.0); c];
        for part in parts.chunks_exact(c) {
            for (sum, part) in sums.iter_mut().zip(part) {
                sum.0 += part.0;
                sum.1 += part.1;
            }
        }
        sums
    }

    /// `gamma / sqrt(var + eps) (dz - mean(dz) - x^ mean(dz x^))`, from [`Self::sums`].
    fn input_gradient(&self, sums: &[(f64, f64)]) -> Vec<T> {
        let c = self.gamma.len();
        let n = (self.x.len() / c) as f64;
        let mean_dz: Vec<T> = sums.iter().map(|s| T::from_f64(s.0 / n)).collect();
        let mean_dzx: Vec<T> = sums.iter().map(|s| T::from_f64(s.1 / n)).collect();
        let Scales { mean, inverse } = &self.scales;
        let scale = self.gamma.iter().zip(inverse);
        let scale: Vec<T> = scale.map(|(&g, &i)| g * i).collect();
        let chunk = (CHUNK / c).max(1) * c;
        build(self.x.len(), chunk, |at, dx| {
            let part = at * chunk..at * chunk + dx.len();
            dx.copy_from_slice(&self.dy[part.clone()]);
            wide(self.isa, || {
                multiply_slope(self.act, &self.y[part.clone()], dx);
                for (dz, x) in dx.chunks_exact_mut(c).zip(self.x[part].chunks_exact(c)) {
                    let means = mean_dz.iter().zip(&mean_dzx);
                    let scales = scale.iter().zip(mean.iter().zip(inverse));
                    for (((dz, &x), (&mean_dz, &mean_dzx)), (&scale, (&mean, &inverse))) in
                        dz.iter_mut().zip(x).zip(means).zip(scales)
                    {
                        let normal = (x - mean) * inverse;
                        *dz = scale * (*dz - mean_dz - normal * mean_dzx);
                    }
                }
            });
        })
    }
}

/// Sums of `dz` and `dz x^` of the columns from `first` on, over all rows of `x`, `y` and `dy`.
#[inline(always)]
fn part_sums<T: Real>(
    [x, y, dy]: [&[T]; 3],
    act: Activation,
    scales: &Scales<T>,
    c: usize,
    first: usize,
    parts: &mut [(f64, f64)],
) {
    let width = parts.len();
    let columns = first..first + width;
    let (mean, inverse) = (
        &scales.mean[columns.clone()],
        &scales.inverse[columns.clone()],
    );
    let [mut sums, mut products, mut dz] = [[T::ZERO; COLUMNS]; 3];
    let (sums, products, dz) = (&mut sums[..width], &mut products[..width], &mut dz[..width]);
    let blocks = x.chunks(ROWS * c).zip(y.chunks(ROWS * c));
    for ((x, y), dy) in blocks.zip(dy.chunks(ROWS * c)) {
        sums.fill(T::ZERO);
        products.fill(T::ZERO);
        let rows = x.chunks_exact(c).zip(y.chunks_exact(c));
        for ((x, y), dy) in rows.zip(dy.chunks_exact(c)) {
            dz.copy_from_slice(&dy[columns.clone()]);
            multiply_slope(act, &y[columns.clone()], dz);
            let normal = x[columns.clone()].iter().zip(mean.iter().zip(inverse));
            for (((sum, product), &dz), (&x, (&mean, &inverse))) in
                sums.iter_mut().zip(&mut *products).zip(&*dz).zip(normal)
            {
                *sum += dz;
                *product += dz * ((x - mean) * inverse);
            }
        }
        for ((part, sum), product) in parts.iter_mut().zip(&*sums).zip(&*products) {
            part.0 += sum.to_f64();
            part.1 += product.to_f64();
        }
    }
}
