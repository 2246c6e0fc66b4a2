//! Reading and writing the float32 values of tensors.

use crate::{Error, Result};
use candle_core::{CpuStorage, Device, InplaceOp1, Layout, Storage, Tensor, Var};
use std::cell::Cell;

/// Gives `read` the row-major values of `tensor`, without a copy where it is contiguous and on the
/// CPU.
pub(crate) fn with_values<R>(
    tensor: &Tensor,
    read: impl FnOnce(&[f32]) -> R,
) -> candle_core::Result<R> {
    let tensor = tensor.to_device(&Device::Cpu)?.contiguous()?;
    let (storage, layout) = tensor.storage_and_layout();
    let Storage::Cpu(storage) = &*storage else {
        candle_core::bail!("a tensor was not copied to the CPU")
    };
    let start = layout.start_offset();
    let values = storage.as_slice::<f32>()?;
    Ok(read(&values[start..start + layout.shape().elem_count()]))
}

/// Gives `write` the row-major values of a variable on the CPU, to change in place.
pub(crate) fn with_values_mut<R>(
    var: &Var,
    write: impl FnOnce(&mut [f32]) -> R,
) -> candle_core::Result<R> {
    let mut result = None;
    let write = |values: &mut [f32]| result = Some(write(values));
    var.inplace_op1(&InPlace(Cell::new(Some(write))))?;
    result.ok_or_else(|| candle_core::Error::Msg("a variable was not visited".into()))
}

/// A function of a tensor's values, to be called once.
struct InPlace<F>(Cell<Option<F>>);

impl<F: FnOnce(&mut [f32])> InplaceOp1 for InPlace<F> {
    fn name(&self) -> &'static str {
        "in-place"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> candle_core::Result<()> {
        let (CpuStorage::F32(values), Some((start, end))) = (storage, layout.contiguous_offsets())
        else {
            candle_core::bail!("expected a contiguous variable of type f32")
        };
        if let Some(write) = self.0.take() {
            write(&mut values[start..end]);
        }
        Ok(())
    }
}

/// The row-major values of a float32 tensor.
///
/// # Errors
/// [`Error::Layer`] if the tensor is not float32.
pub fn values(tensor: &Tensor) -> Result<Vec<f32>> {
    with_values(tensor, <[f32]>::to_vec).map_err(Error::at("read", &[tensor]))
}

/// The value of a one-element float32 tensor, such as a loss.
///
/// # Errors
/// [`Error::Input`] if it has more or fewer elements, [`Error::Layer`] if it is not float32.
pub fn scalar(tensor: &Tensor) -> Result<f32> {
    match values(tensor)?[..] {
        [value] => Ok(value),
        _ => Err(Error::Input {
            what: "scalar",
            expected: "one element".into(),
            got: format!("{} elements", tensor.elem_count()),
        }),
    }
}

/// The name of the first tensor with a value that is infinite or a NaN. On another device than the
/// CPU all are looked at there, and one number of each is read.
pub(crate) fn first_non_finite<'a>(
    tensors: impl IntoIterator<Item = (&'a str, &'a Tensor)>,
) -> Result<Option<&'a str>> {
    let (mut elsewhere, mut sums) = (Vec::new(), Vec::new());
    for (name, tensor) in tensors {
        if tensor.device().is_cpu() {
            let is_finite = with_values(tensor, all_finite);
            if !is_finite.map_err(Error::at(name, &[tensor]))? {
                return Ok(Some(name));
            }
        } else {
            // A finite value times 0 is 0, any other a NaN.
            let sum = (tensor.detach() * 0.0).and_then(|zeros| zeros.sum_all());
            sums.push(sum.map_err(Error::at(name, &[tensor]))?);
            elsewhere.push(name);
        }
    }
    if elsewhere.is_empty() {
        return Ok(None);
    }
    let sums = Tensor::stack(&sums, 0).map_err(Error::at("read", &[]))?;
    let found = values(&sums)?.iter().position(|sum| !sum.is_finite());
    Ok(found.map(|at| elsewhere[at]))
}

fn all_finite(values: &[f32]) -> bool {
    values.iter().all(|value| value.is_finite())
}
