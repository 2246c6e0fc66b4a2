//! Plain loops compiled for wider vectors, where the processor has them.

use crate::isa::Isa;

/// Runs `f` compiled for AVX2 if `isa` has it, as far as `f` is inlined; the results have the same
/// bits.
///
/// The baseline of x86-64 has vectors of four `f32`, AVX2 of eight. No multiplication is fused with
/// an addition, so that the choice changes the time alone.
#[inline]
pub(crate) fn wide<R>(isa: Isa, f: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if isa.has_avx2() {
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
/// Unlike a closure, an implementation is inlined whatever its size, if `run` is
/// `#[inline(always)]`.
pub(crate) trait Loops {
    /// Runs them.
    fn run(self);
}

/// Runs loops compiled for AVX-512 if `isa` has it, or else for AVX2; the results have the same
/// bits.
#[inline]
pub(crate) fn widest(isa: Isa, loops: impl Loops) {
    #[cfg(target_arch = "x86_64")]
    if isa.has_avx512() {
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
    } else if isa.has_avx2() {
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
