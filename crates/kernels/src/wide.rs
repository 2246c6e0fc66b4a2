//! Plain loops compiled for wider vectors, where the processor has them.

use crate::forms::{Kernels, are_set};
use std::sync::atomic::{AtomicBool, Ordering};

static BASELINE: AtomicBool = AtomicBool::new(false);

/// Makes everything but `f32` products use the baseline of the target on every processor, in the
/// whole process. [`Kernels::Baseline`] includes those products.
///
/// The results are the same bits, which is what a test wants to see.
pub fn use_baseline(yes: bool) {
    BASELINE.store(yes, Ordering::Relaxed);
}

/// Whether only the baseline of the target may be used.
pub(crate) fn baseline() -> bool {
    BASELINE.load(Ordering::Relaxed) || baseline_from_the_start()
}

/// Whether our own `f32` products are excluded, too; the `gemm` crate chooses for itself.
pub(crate) fn baseline_from_the_start() -> bool {
    are_set(Kernels::Baseline)
}

/// Runs `f` compiled for AVX2 if the processor can, as far as `f` is inlined; the results are the
/// same bits.
///
/// The baseline of x86-64 has vectors of four `f32`, AVX2 of eight. No multiplication is fused with
/// an addition, so that the choice changes the time alone.
#[inline]
pub(crate) fn wide<R>(f: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") && !baseline() {
        #[target_feature(enable = "avx2")]
        fn with_avx2<R>(f: impl FnOnce() -> R) -> R {
            f()
        }
        #[expect(
            unsafe_code,
            reason = "a processor without AVX2 would not know the instructions"
        )]
        // SAFETY: the processor has AVX2, as was just detected.
        return unsafe { with_avx2(f) };
    }
    f()
}

/// Loops to be compiled for several widths of vectors.
///
/// Unlike a closure, what implements this is inlined whatever its size, if `run` is
/// `#[inline(always)]`.
pub(crate) trait Loops {
    /// Runs them.
    fn run(self);
}

/// Runs loops compiled for AVX-512 if the processor can, for AVX2 if it can that; the results are
/// the same bits.
#[inline]
pub(crate) fn widest(loops: impl Loops) {
    #[cfg(target_arch = "x86_64")]
    if crate::products::has_avx512() && !baseline() {
        #[target_feature(enable = "avx512f,avx512bw")]
        fn with_avx512(loops: impl Loops) {
            loops.run();
        }
        #[expect(
            unsafe_code,
            reason = "a processor without AVX-512 would not know the instructions"
        )]
        // SAFETY: the processor has AVX-512, as was just detected.
        return unsafe { with_avx512(loops) };
    } else if std::arch::is_x86_feature_detected!("avx2") && !baseline() {
        #[target_feature(enable = "avx2")]
        fn with_avx2(loops: impl Loops) {
            loops.run();
        }
        #[expect(
            unsafe_code,
            reason = "a processor without AVX2 would not know the instructions"
        )]
        // SAFETY: the processor has AVX2, as was just detected.
        return unsafe { with_avx2(loops) };
    }
    loops.run();
}
