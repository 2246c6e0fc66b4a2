//! Reading float32 values out of tensors.

use crate::{Error, Result};
use candle_core::{Storage, Tensor};

/// Gives `read` the row-major values of `tensor`, without a copy where it is contiguous.
pub(crate) fn with_values<R>(tensor: &Tensor, read: impl FnOnce(&[f32]) -> R) -> Result<R> {
    let operands = [tensor];
    let fail = Error::at("read", &operands);
    let inner = || {
        let tensor = tensor.contiguous()?;
        let (storage, layout) = tensor.storage_and_layout();
        let Storage::Cpu(storage) = &*storage else {
            candle_core::bail!("tensor lies on another device than the processor")
        };
        let start = layout.start_offset();
        Ok(read(
            &storage.as_slice::<f32>()?[start..start + layout.shape().elem_count()],
        ))
    };
    inner().map_err(fail)
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
