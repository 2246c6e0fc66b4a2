//! Which kernels compute the layers.

use crate::isa::Isa;

/// Channels on both sides from which Winograd's form saves more than its transforms cost.
const WIDE: usize = 32;

/// Which kernels compute the layers of a network.
///
/// Forward passes never use Winograd's form: their rounding decides on which side of 0 a
/// rectifier's input falls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Kernels {
    /// For each layer the form that is fastest on this processor.
    #[default]
    Auto,
    /// Products of `f32` by the crate `gemm` alone, over gathered patches: what [`Kernels::Direct`]
    /// uses on a processor without AVX-512.
    Gemm,
    /// Every product in full, on vectors of AVX-512 where the processor has them.
    Direct,
    /// As [`Kernels::Direct`], but the gradients of all convolutions of 5x5 taps with stride 2 by
    /// Winograd's minimal filtering in parity classes: fewer multiplications, one decimal digit
    /// less exact.
    Winograd,
    /// The forms of [`Kernels::Auto`], with no instructions of our own beyond the baseline of the
    /// target; the `gemm` crate chooses for itself.
    Baseline,
}

impl Kernels {
    /// All values, the default first.
    pub const ALL: [Kernels; 5] = [
        Kernels::Auto,
        Kernels::Gemm,
        Kernels::Direct,
        Kernels::Winograd,
        Kernels::Baseline,
    ];

    /// The name in lower case, such as `auto`.
    pub fn name(self) -> &'static str {
        match self {
            Kernels::Auto => "auto",
            Kernels::Gemm => "gemm",
            Kernels::Direct => "direct",
            Kernels::Winograd => "winograd",
            Kernels::Baseline => "baseline",
        }
    }

    /// The instructions that our own loops may use.
    pub(crate) fn isa(self) -> Isa {
        match self {
            Kernels::Baseline => Isa::Baseline,
            _ => Isa::Native,
        }
    }

    /// Whether products of `f32` run on our own vectors rather than in `gemm`.
    pub(crate) fn has_own_products(self) -> bool {
        self != Kernels::Gemm && self.isa().has_avx512()
    }

    /// Whether the gradients of a layer between maps of `small` and `big` channels use Winograd's
    /// form, if its geometry permits.
    pub(crate) fn filters(self, small: usize, big: usize) -> bool {
        match self {
            Kernels::Auto | Kernels::Baseline => small.min(big) >= WIDE,
            Kernels::Winograd => true,
            Kernels::Gemm | Kernels::Direct => false,
        }
    }
}
