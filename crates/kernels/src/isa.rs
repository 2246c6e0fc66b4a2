//! The instruction sets of the processor, and which of them a call may use.

/// Whether the processor has instructions; false on another kind than x86-64.
macro_rules! detected {
    ($($feature:tt),+) => {{
        #[cfg(target_arch = "x86_64")]
        {
            $(std::arch::is_x86_feature_detected!($feature))&&+
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            false
        }
    }};
}

/// The instructions that the loops of a call are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Isa {
    /// All that the processor has.
    Native,
    /// The baseline of the target, whatever the processor has.
    Baseline,
}

impl Isa {
    /// Whether AVX2 may be used.
    pub(crate) fn has_avx2(self) -> bool {
        self == Isa::Native && has_avx2()
    }

    /// Whether AVX-512 may be used: vectors of sixteen `f32`.
    pub(crate) fn has_avx512(self) -> bool {
        self == Isa::Native && has_avx512()
    }

    /// Whether products of bfloat16 by the processor may be used.
    pub(crate) fn has_bf16(self) -> bool {
        self == Isa::Native && has_bf16()
    }

    /// The widest vectors that may be used, in words.
    pub(crate) fn widest(self) -> &'static str {
        if !cfg!(target_arch = "x86_64") {
            "another kind of processor than x86-64"
        } else if self == Isa::Baseline {
            "the baseline of x86-64, as the setting `kernels` has it"
        } else if detected!("avx512f") {
            "AVX-512 without AVX512_BF16"
        } else if detected!("avx2") {
            "AVX2"
        } else {
            "neither AVX2 nor AVX-512"
        }
    }
}

/// Whether the processor has AVX2.
fn has_avx2() -> bool {
    detected!("avx2")
}

/// Whether the processor has the parts of AVX-512 that our products of `f32` need.
pub(crate) fn has_avx512() -> bool {
    detected!("avx512f", "avx512bw")
}

/// Whether the processor multiplies pairs of bfloat16.
pub(crate) fn has_bf16() -> bool {
    has_avx512() && detected!("avx512bf16")
}

/// Whether the processor adds products of four pairs of bytes in one instruction.
pub(crate) fn has_vnni() -> bool {
    detected!("avx512f", "avx512vnni")
}
