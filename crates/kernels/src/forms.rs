//! Which form of a kernel is used, where there are several.

use std::cell::Cell;
use std::sync::atomic::{AtomicU8, Ordering};

/// Which kernels a whole process uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernels {
    /// For each layer the form that is fastest on this processor.
    Auto,
    /// [`Form::Gemm`] for every layer.
    Gemm,
    /// [`Form::Direct`] for every layer.
    Direct,
    /// [`Form::Winograd`] for every layer.
    Winograd,
    /// No instructions of our own beyond the baseline of the target; `gemm` chooses for itself.
    Baseline,
}

static KERNELS: AtomicU8 = AtomicU8::new(Kernels::Auto as u8);

/// Sets the kernels for the whole process. A program calls this once, at its start.
pub fn set_kernels(kernels: Kernels) {
    KERNELS.store(kernels as u8, Ordering::Relaxed);
}

/// Whether these are the kernels of this process.
pub(crate) fn are_set(kernels: Kernels) -> bool {
    KERNELS.load(Ordering::Relaxed) == kernels as u8
}

/// A way to compute layers.
///
/// Forward passes are never of Winograd's form: their rounding decides on which side of 0 a
/// rectifier's input falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Products of `f32` by the crate `gemm` alone, over gathered patches: all that a processor
    /// without AVX-512 has but for Winograd's form.
    Gemm,
    /// Every product in full, on vectors of AVX-512 where the processor has them.
    Direct,
    /// That, but the gradients of the convolutions of 5x5 taps with stride 2 by Winograd's minimal
    /// filtering in parity classes: fewer multiplications, a digit less exact.
    Winograd,
}

/// Channels on either side from which Winograd's transforms cost less than they save.
const WIDE: usize = 32;

thread_local! {
    static FORCED: Cell<Option<Form>> = const { Cell::new(None) };
}

impl Form {
    /// All there are, for tests that hold each to the same numbers.
    pub const ALL: [Form; 3] = [Form::Gemm, Form::Direct, Form::Winograd];

    /// Runs `f` with this form for all layers that `f` applies on this thread.
    pub fn force<R>(self, f: impl FnOnce() -> R) -> R {
        struct Restore(Option<Form>);
        impl Drop for Restore {
            fn drop(&mut self) {
                FORCED.set(self.0);
            }
        }
        let _restore = Restore(FORCED.replace(Some(self)));
        f()
    }

    /// The form for a layer between maps of `small` and `big` channels: the chosen one, or what is
    /// faster.
    pub(crate) fn of_layer(small: usize, big: usize) -> Form {
        Form::chosen().unwrap_or({
            if small.min(big) >= WIDE {
                Form::Winograd
            } else {
                Form::Direct
            }
        })
    }

    /// Whether all products are to be those of `gemm`.
    pub(crate) fn is_gemm() -> bool {
        Form::chosen() == Some(Form::Gemm)
    }

    /// The forced form, or that of [`set_kernels`].
    fn chosen() -> Option<Form> {
        let of_process = || {
            let forms = [
                (Kernels::Gemm, Form::Gemm),
                (Kernels::Direct, Form::Direct),
                (Kernels::Winograd, Form::Winograd),
            ];
            let set = forms.into_iter().find(|(kernels, _)| are_set(*kernels));
            set.map(|(_, form)| form)
        };
        FORCED.get().or_else(of_process)
    }
}
