//! Loads the generator.

use crate::error::model_failure;
use dcgan::Backend;
use dcgan_checkpoints::LoadedGenerator;
use dcgan_settings::Sample;
use dcgan_stage::Failure;
use std::path::Path;

/// What computes the networks, as the settings have it.
fn backend(sample: &Sample) -> Backend {
    Backend::named(sample.kernels.name()).expect("every choice names a backend")
}

/// Loads the generator of the file `path`, averaged or not as in the settings.
pub(crate) fn load(path: &Path, sample: &Sample) -> Result<LoadedGenerator, Failure> {
    let generator = LoadedGenerator::load_either(path, sample.ema).map_err(model_failure)?;
    Ok(generator.with_backend(backend(sample)))
}
