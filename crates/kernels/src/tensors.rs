//! Tensors as slices of elements, and back.

use candle_core::{CpuStorage, Device, Layout, Result, Tensor, bail};

use crate::real::Real;

/// The elements of a contiguous tensor.
pub(crate) fn elements<'a, T: Real>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [T]> {
    let Some((start, end)) = layout.contiguous_offsets() else {
        bail!(
            "expected a contiguous tensor, got strides {:?}",
            layout.stride()
        )
    };
    Ok(&T::cpu_storage_as_slice(storage)?[start..end])
}

/// Runs a block for the element type that a tensor has at run time.
macro_rules! for_dtype {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            candle_core::DType::F32 => {
                type $T = f32;
                $body
            }
            candle_core::DType::F64 => {
                type $T = f64;
                $body
            }
            other => candle_core::bail!("expected elements of type f32 or f64, got {other:?}"),
        }
    };
}
pub(crate) use for_dtype;

/// Runs a block with the elements of contiguous CPU tensors, given as `name: tensor`.
macro_rules! with_elements {
    ($T:ty, $($name:ident: $tensor:expr),+ => $body:expr) => {{
        $(let $name = $tensor.storage_and_layout();)+
        $(let $name: &[$T] = match &*$name.0 {
            candle_core::Storage::Cpu(storage) => $crate::tensors::elements(storage, $name.1)?,
            _ => candle_core::bail!("expected a tensor on the CPU"),
        };)+
        $body
    }};
}
pub(crate) use with_elements;

/// Fails unless all tensors have the element type of the first.
pub(crate) fn same_dtype(x: &Tensor, others: &[&Tensor]) -> Result<()> {
    for other in others {
        if other.dtype() != x.dtype() {
            bail!(
                "expected elements of type {:?} throughout, got {:?}",
                x.dtype(),
                other.dtype()
            )
        }
    }
    Ok(())
}

/// A contiguous tensor without its graph.
pub(crate) fn constant(t: &Tensor) -> Result<Tensor> {
    t.detach().contiguous()
}

/// A gradient in the shape of what it belongs to.
pub(crate) fn tensor<T: Real>(gradient: Option<Vec<T>>, of: &Tensor) -> Result<Option<Tensor>> {
    gradient
        .map(|g| Tensor::from_vec(g, of.shape(), &Device::Cpu))
        .transpose()
}
