//! Reading and writing the float32 values of tensors.

use crate::{Error, Result};
use candle_core::{CpuStorage, Device, InplaceOp1, Layout, Storage, Tensor, Var};
use std::cell::Cell;

/// Gives `read` the row-major values of `tensor`, without a copy where it is contiguous and on the
/// CPU.
pub(crate) fn with_values<R>(tensor: &Tensor, read: impl FnOnce(&[f32]) -> R) -> Result<R> {
    let operands = [tensor];
    let fail = Error::at("read", &operands);
    let inner = || {
        let tensor = tensor.to_device(&Device::Cpu)?.contiguous()?;
        let (storage, layout) = tensor.storage_and_layout();
        let Storage::Cpu(storage) = &*storage else {
            candle_core::bail!("a tensor was not copied to the CPU")
        };
        let start = layout.start_offset();
        Ok(read(
            &storage.as_slice::<f32>()?[start..start + layout.shape().elem_count()],
        ))
    };
    inner().map_err(fail)
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
    with_values(tensor, <[f32]>::to_vec)
}

/// The value of a one-element float32 tensor, such as a loss.
///
/// # Errors
/// [`Error::Input`] if it has more or fewer elements, [`Error::Layer`] if it is not float32.
pub fn scalar(tensor: &Tensor) -> Result<f32> {
    with_values(tensor, |values| match values {
        [value] => Ok(*value),
        _ => Err(Error::Input {
            what: "scalar",
            expected: "one element".into(),
            got: format!("{} elements", values.len()),
        }),
    })?
}
