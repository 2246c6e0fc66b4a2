//! A change of shape, as an operation that [`crate::backward()`] knows.

use candle_core::backend::BackendStorage as _;
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, WithDType, bail};

use crate::output::build;
use crate::record::apply1;
use crate::tensors::{elements, for_dtype};

/// Elements copied by a task.
const PIECE: usize = 1 << 16;

/// The elements of `x`, row-major, in another shape.
///
/// # Errors
///
/// If `shape` has another number of elements, or if a tracked `x` is neither `f32` nor `f64`.
pub fn reshape(x: &Tensor, shape: &[usize]) -> Result<Tensor> {
    if x.elem_count() != shape.iter().product::<usize>() {
        bail!(
            "expected a shape of as many elements as {:?}, got {shape:?}",
            x.dims()
        )
    }
    if x.track_op() {
        apply1([x], Reshape(shape.into()))
    } else {
        x.reshape(shape)
    }
}

#[derive(Debug)]
struct Reshape(Vec<usize>);

impl CustomOp1 for Reshape {
    fn name(&self) -> &'static str {
        "reshape"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        for_dtype!(storage.dtype(), T => {
            let x = elements::<T>(storage, layout)?;
            let copy = build(x.len(), PIECE, |at, to| {
                to.copy_from_slice(&x[at * PIECE..][..to.len()]);
            });
            Ok((<T as WithDType>::to_cpu_storage_owned(copy), self.0.as_slice().into()))
        })
    }

    fn bwd(&self, x: &Tensor, _res: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        gradient.reshape(x.shape()).map(Some)
    }
}
