//! In which precision the products of layers are computed.

use std::cell::Cell;

/// The precision of the matrix products of [`crate::linear()`], [`crate::conv2d`] and
/// [`crate::conv2d_transpose`], forward and backward.
///
/// Everything else, and what the products read and write, is `f32` in either.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// As the tensors are.
    #[default]
    F32,
    /// Operands of `f32` tensors rounded to bfloat16, sums in `f32`: see
    /// [`crate::reference::bf16`]. Layers with fewer than eight channels on a side, such as those
    /// to and from pictures, stay as they are, and so do biases and the share of labels.
    Bf16,
}

thread_local! {
    static CHOSEN: Cell<Precision> = const { Cell::new(Precision::F32) };
}

impl Precision {
    /// Runs `f` with this precision for all layers that `f` applies on this thread; their backward
    /// passes keep it, wherever they run.
    pub fn scope<R>(self, f: impl FnOnce() -> R) -> R {
        struct Restore(Precision);
        impl Drop for Restore {
            fn drop(&mut self) {
                CHOSEN.set(self.0);
            }
        }
        let _restore = Restore(CHOSEN.replace(self));
        f()
    }

    /// What this processor has instead of the instructions that make this precision worth its name;
    /// none if it has them. Without them the results are the same bits, from plain loops that take
    /// many times as long.
    pub fn missing(self) -> Option<&'static str> {
        match self {
            Precision::Bf16 if !crate::products::has_bf16() => Some(found()),
            _ => None,
        }
    }

    /// That of the innermost scope.
    pub(crate) fn chosen() -> Precision {
        CHOSEN.get()
    }
}

/// The widest vectors of this processor, for whoever looks for more.
fn found() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        if crate::wide::baseline() {
            "the baseline of x86-64, as the setting `kernels` has it"
        } else if std::arch::is_x86_feature_detected!("avx512f") {
            "AVX-512 without AVX512_BF16"
        } else if std::arch::is_x86_feature_detected!("avx2") {
            "AVX2"
        } else {
            "neither AVX2 nor AVX-512"
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        "another kind of processor than x86-64"
    }
}
