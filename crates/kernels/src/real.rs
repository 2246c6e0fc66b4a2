//! The two element types of the kernels: `f32` to train, `f64` to check gradients.

use std::cell::RefCell;
use std::ops::Neg;
use std::thread::LocalKey;

use candle_core::{CpuStorage, Layout, Result, WithDType, bail};

use crate::backward::Sums;
use crate::scratch::Stored;

/// A floating-point element type that every kernel is written for.
///
/// Sealed: candle stores exactly these two, and `gemm` multiplies them.
pub trait Real: WithDType + Neg<Output = Self> + Stored + sealed::Sealed {
    /// Zero.
    const ZERO: Self;
    /// One.
    const ONE: Self;
    /// Square root.
    #[must_use]
    fn sqrt(self) -> Self;
    /// Exponential function.
    #[must_use]
    fn exp(self) -> Self;
    /// Hyperbolic tangent.
    #[must_use]
    fn tanh(self) -> Self;
    /// Absolute value.
    #[must_use]
    fn abs(self) -> Self;
    /// `values` if they are `f32`.
    #[doc(hidden)]
    fn narrow(values: &[Self]) -> Option<&[f32]>;
    /// The same, to be written.
    #[doc(hidden)]
    fn narrow_mut(values: &mut [Self]) -> Option<&mut [f32]>;
    /// Sums of this type that a backward pass on this thread has open; see [`crate::backward`].
    #[doc(hidden)]
    fn sums() -> &'static LocalKey<RefCell<Option<Sums<Self>>>>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

macro_rules! real {
    ($t:ty, $some:expr) => {
        impl Real for $t {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            #[inline]
            fn sqrt(self) -> Self {
                self.sqrt()
            }
            #[inline]
            fn exp(self) -> Self {
                self.exp()
            }
            #[inline]
            fn tanh(self) -> Self {
                self.tanh()
            }
            #[inline]
            fn abs(self) -> Self {
                self.abs()
            }
            fn narrow(values: &[Self]) -> Option<&[f32]> {
                $some(values)
            }
            fn narrow_mut(values: &mut [Self]) -> Option<&mut [f32]> {
                $some(values)
            }
            fn sums() -> &'static LocalKey<RefCell<Option<Sums<Self>>>> {
                thread_local! {
                    static SUMS: RefCell<Option<Sums<$t>>> = const { RefCell::new(None) };
                }
                &SUMS
            }
        }
    };
}
real!(f32, Some);
real!(f64, |_| None);

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
            candle_core::Storage::Cpu(storage) => $crate::real::elements(storage, $name.1)?,
            _ => candle_core::bail!("expected a tensor on the CPU"),
        };)+
        $body
    }};
}
pub(crate) use with_elements;
