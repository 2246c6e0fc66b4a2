//! Binary cross-entropy on logits.

use candle_core::backend::BackendStorage as _;
use candle_core::{
    CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor, WithDType, bail,
};

use crate::activation::sigmoid;
use crate::real::Real;
use crate::record::{apply1, apply2};
use crate::tensors::{elements, for_dtype, same_dtype, tensor, with_elements};

/// Mean over all elements of `max(l, 0) - l t + log(1 + exp(-|l|))`, a scalar.
///
/// The form of TensorFlow's `sigmoid_cross_entropy_with_logits`: finite for any finite logit.
///
/// # Errors
///
/// If there is no element, or their type is neither `f32` nor `f64`.
pub fn bce_with_logits(logits: &Tensor, target: f32) -> Result<Tensor> {
    if logits.elem_count() == 0 {
        bail!("expected at least one logit, got shape {:?}", logits.dims())
    }
    let target = f64::from(target);
    apply1([logits], BceWithLogits { target })
}

/// The sum of two losses, a scalar.
///
/// # Errors
///
/// If they are not scalars of one element type.
pub fn total_loss(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    if a.rank() + b.rank() > 0 {
        bail!(
            "expected two scalars, got shapes {:?} and {:?}",
            a.dims(),
            b.dims()
        )
    }
    same_dtype(a, &[b])?;
    apply2([a, b], Total)
}

#[derive(Debug)]
struct Total;

impl CustomOp2 for Total {
    fn name(&self) -> &'static str {
        "total-loss"
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        for_dtype!(s1.dtype(), T => {
            let total = elements::<T>(s1, l1)?[0] + elements::<T>(s2, l2)?[0];
            Ok((<T as WithDType>::to_cpu_storage_owned(vec![total]), Shape::from(())))
        })
    }

    fn bwd(
        &self,
        a: &Tensor,
        b: &Tensor,
        _res: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let wanted = |loss: &Tensor| loss.track_op().then(|| gradient.clone());
        Ok((wanted(a), wanted(b)))
    }
}

#[derive(Debug)]
struct BceWithLogits {
    target: f64,
}

impl CustomOp1 for BceWithLogits {
    fn name(&self) -> &'static str {
        "bce-with-logits"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        for_dtype!(storage.dtype(), T => {
            let mean = T::from_f64(mean(elements::<T>(storage, layout)?, self.target));
            Ok((<T as WithDType>::to_cpu_storage_owned(vec![mean]), Shape::from(())))
        })
    }

    fn bwd(&self, logits: &Tensor, _res: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        for_dtype!(logits.dtype(), T => {
            with_elements!(T, l: logits, grad: grad => {
                tensor::<T>(Some(gradient(l, self.target, grad[0])), logits)
            })
        })
    }
}

/// Summed in `f64`: the batch is small, and the mean is reported.
fn mean<T: Real>(logits: &[T], target: f64) -> f64 {
    let sum: f64 = logits
        .iter()
        .map(|l| {
            let l = l.to_f64();
            l.max(0.0) - l * target + (-l.abs()).exp().ln_1p()
        })
        .sum();
    sum / logits.len() as f64
}

fn gradient<T: Real>(logits: &[T], target: f64, scale: T) -> Vec<T> {
    let scale = scale / T::from_f64(logits.len() as f64);
    let target = T::from_f64(target);
    logits
        .iter()
        .map(|&l| (sigmoid(l) - target) * scale)
        .collect()
}
