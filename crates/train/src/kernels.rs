//! Converts the settings `train.kernels` and `train.precision`.

use dcgan::{Backend, Precision};
use dcgan_settings::Train;

/// The precision of updates.
pub(crate) fn precision(settings: &Train) -> Precision {
    match settings.precision {
        dcgan_settings::PrecisionChoice::F32 => Precision::F32,
        dcgan_settings::PrecisionChoice::Bf16 => Precision::Bf16,
    }
}

/// What computes the networks, as the settings have it.
pub(crate) fn backend(settings: &Train) -> Backend {
    Backend::named(settings.kernels.name()).expect("every choice names a backend")
}
