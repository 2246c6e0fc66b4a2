//! Loads the generator.

use crate::error::model_failure;
use dcgan::Backend;
use dcgan_checkpoints::LoadedGenerator;
use dcgan_kernels::Kernels;
use dcgan_settings::Sample;
use dcgan_stage::Failure;
use std::path::Path;

/// The kernels of the settings, and the networks' backend.
pub(crate) fn kernels(sample: &Sample) -> (Kernels, Backend) {
    match sample.kernels {
        dcgan_settings::KernelChoice::Auto => (Kernels::Auto, Backend::Fused),
        dcgan_settings::KernelChoice::Gemm => (Kernels::Gemm, Backend::Fused),
        dcgan_settings::KernelChoice::Direct => (Kernels::Direct, Backend::Fused),
        dcgan_settings::KernelChoice::Winograd => (Kernels::Winograd, Backend::Fused),
        dcgan_settings::KernelChoice::Baseline => (Kernels::Baseline, Backend::Fused),
        dcgan_settings::KernelChoice::Portable => (Kernels::Auto, Backend::Portable),
    }
}

/// Loads the generator of the file `path`, averaged or not as in the settings.
pub(crate) fn load(path: &Path, sample: &Sample) -> Result<LoadedGenerator, Failure> {
    let generator = LoadedGenerator::load_either(path, sample.ema).map_err(model_failure)?;
    let (_, backend) = kernels(sample);
    Ok(generator.with_backend(backend))
}
