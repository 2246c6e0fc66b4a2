//! The two element types of the kernels: `f32` for training, `f64` for checks of gradients.

use std::cell::RefCell;
use std::ops::Neg;
use std::thread::LocalKey;

use candle_core::WithDType;

use crate::scratch::Stored;
use crate::sums::Sums;

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
    /// `values` if they are `f32`, to be written.
    #[doc(hidden)]
    fn narrow_mut(values: &mut [Self]) -> Option<&mut [f32]>;
    /// The sums of this type of the backward pass that runs on this thread; see
    /// [`crate::backward`].
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
