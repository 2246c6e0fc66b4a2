//! Plain loops compiled for wider vectors, where the processor has them.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

static BASELINE: AtomicBool = AtomicBool::new(false);

/// Has all but `f32` products use the baseline of the target on every processor, in the whole process, as an
/// environment with `DCGAN_KERNELS=baseline` does from the start.
///
/// The results are the same bits, which is what a test wants to see.
pub fn use_baseline(yes: bool) {
    BASELINE.store(yes, Ordering::Relaxed);
}

/// Whether only the baseline of the target may be used.
pub(crate) fn baseline() -> bool {
    BASELINE.load(Ordering::Relaxed) || baseline_from_the_start()
}

/// Whether the environment says so, which holds for our own `f32` products too; `gemm` chooses for itself.
pub(crate) fn baseline_from_the_start() -> bool {
    static ENVIRONMENT: OnceLock<bool> = OnceLock::new();
    *ENVIRONMENT.get_or_init(|| {
        std::env::var_os("DCGAN_KERNELS").is_some_and(|kernels| kernels == "baseline")
    })
}

/// Runs `f` compiled for AVX2 if the processor can, as far as `f` is inlined; the results are the same bits.
///
/// The baseline of x86-64 has vectors of four `f32`, AVX2 of eight. No multiplication is fused with an
/// addition, so that the choice changes the time alone.
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
