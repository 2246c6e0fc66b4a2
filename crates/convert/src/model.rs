//! The model that is converted.

use crate::error::model_failure;
use dcgan_artifacts::{Error as ArtifactError, NetworkInfo, read_checkpoint_info};
use dcgan_checkpoints::{LoadedDiscriminator, LoadedGenerator};
use dcgan_settings::Sample;
use dcgan_stage::Failure;
use std::path::{Path, PathBuf};

/// A generator, and the discriminator it was trained against if the file has both.
#[derive(Debug)]
pub(crate) struct Model {
    path: PathBuf,
    pub(crate) generator: LoadedGenerator,
    pub(crate) discriminator: Option<LoadedDiscriminator>,
}

impl Model {
    /// Loads the generator that the settings ask for, averaged or not, and the discriminator of a
    /// checkpoint.
    pub(crate) fn load(path: &Path, sample: &Sample) -> Result<Self, Failure> {
        let generator = LoadedGenerator::load_either(path, sample.ema).map_err(model_failure)?;
        let discriminator = match read_checkpoint_info(path) {
            Ok(_) => Some(LoadedDiscriminator::load(path).map_err(model_failure)?),
            // A generator's own file.
            Err(ArtifactError::Unfit { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        Ok(Self {
            path: path.to_owned(),
            generator,
            discriminator,
        })
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Sizes, class names and z.
    pub(crate) fn info(&self) -> &NetworkInfo {
        self.generator.info()
    }

    /// Whether it takes classes.
    pub(crate) fn is_labelled(&self) -> bool {
        !self.info().class_names.is_empty()
    }

    /// The ends of the range of its images: black and white.
    pub(crate) fn value_range(&self) -> [i32; 2] {
        if self.is_labelled() { [0, 1] } else { [-1, 1] }
    }

    /// Names of the networks that are converted.
    pub(crate) fn networks(&self) -> Vec<&'static str> {
        let discriminator = self.discriminator.as_ref().map(|_| "discriminator");
        std::iter::once("generator").chain(discriminator).collect()
    }
}
