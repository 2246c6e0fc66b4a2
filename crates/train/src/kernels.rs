//! Converts the settings `train.kernels` and `train.precision`.

use dcgan::{Backend, Precision};
use dcgan_kernels::Kernels;
use dcgan_settings::Train;

/// The precision of updates.
pub(crate) fn precision(settings: &Train) -> Precision {
    match settings.precision {
        dcgan_settings::PrecisionChoice::F32 => Precision::F32,
        dcgan_settings::PrecisionChoice::Bf16 => Precision::Bf16,
    }
}

/// The kernels of the settings, and the networks' backend.
pub(crate) fn kernels(settings: &Train) -> (Kernels, Backend) {
    match settings.kernels {
        dcgan_settings::KernelChoice::Auto => (Kernels::Auto, Backend::Fused),
        dcgan_settings::KernelChoice::Gemm => (Kernels::Gemm, Backend::Fused),
        dcgan_settings::KernelChoice::Direct => (Kernels::Direct, Backend::Fused),
        dcgan_settings::KernelChoice::Winograd => (Kernels::Winograd, Backend::Fused),
        dcgan_settings::KernelChoice::Baseline => (Kernels::Baseline, Backend::Fused),
        dcgan_settings::KernelChoice::Portable => (Kernels::Auto, Backend::Portable),
    }
}
