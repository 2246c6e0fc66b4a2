//! `classifier.safetensors`: the classifier whose hidden layer gives the features for measuring
//! generators.
//!
//! Arrays: f32, weights and moving averages. Metadata: [`ClassifierInfo`] with the training data,
//! the method and the accuracies.

use crate::container::Container;
use crate::container_writer::{self, Entries};
use crate::digest::FileDigest;
use crate::error::{Artifact, Error};
use crate::network::{Arrays, add_entries, floats, require_f32};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The newest version of this format that this program reads, and the one that it writes.
pub const FORMAT_VERSION: u32 = 1;

/// A classifier's metadata.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassifierInfo {
    /// The layers in words.
    pub architecture: String,
    /// Height of an image in pixels.
    pub height: usize,
    /// Width of an image in pixels.
    pub width: usize,
    /// Colours of an image, 1 or 3.
    pub channels: usize,
    /// Names of the classes in the order of their numbers.
    pub class_names: Vec<String>,
    /// The dataset's name.
    pub dataset: String,
    /// Content hash of the dataset.
    pub dataset_sha256: String,
    /// Passes over its training part; 0 for random features.
    pub epochs: usize,
    /// Optimiser, batch and augmentation in words.
    pub recipe: String,
    /// Seed of weights, order and shifts.
    pub seed: u64,
    /// Share of the training images that it classifies correctly.
    pub train_accuracy: f64,
    /// The same for test images; `None` without a test part.
    pub test_accuracy: Option<f64>,
}

/// A trained classifier.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassifierFile {
    /// Its metadata.
    pub info: ClassifierInfo,
    /// Weights and moving averages.
    pub arrays: Arrays,
}

impl ClassifierFile {
    /// Writes the classifier.
    ///
    /// # Errors
    /// [`Error::Contradiction`] if an array's length doesn't match its shape; else as
    /// [`write_atomic`](crate::write_atomic).
    pub fn write(&self, path: &Path) -> Result<FileDigest, Error> {
        let mut entries = Entries::new();
        add_entries(&mut entries, "", &self.arrays);
        container_writer::write(
            path,
            Artifact::Classifier,
            FORMAT_VERSION,
            &self.info,
            &entries,
        )
    }

    /// Reads a classifier. Whether the arrays make a network is checked by its builder.
    ///
    /// # Errors
    /// As the crate's documentation lists for every reader.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let file = Container::open(path, Artifact::Classifier, FORMAT_VERSION)?;
        file.require_kind(Artifact::Classifier)?;
        let info = file.own_info()?;
        require_f32(&file, |_| true)?;
        let arrays = floats(file.read(|_| true)?);
        Ok(Self { info, arrays })
    }
}
