//! The sources of data in the formats of other programs: every key with its default and effect.

use crate::forms;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Where an array has its axis of channels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelsChoice {
    /// The axis of length 1 or 3.
    #[default]
    Auto,
    /// After the number of images.
    First,
    /// At the end.
    Last,
}

/// The numbers for black and white in arrays of floats.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RangeChoice {
    /// Inferred from the smallest and the largest value.
    #[default]
    Auto,
    /// 0 and 1.
    Unit,
    /// -1 and 1.
    Signed,
    /// 0 and 255.
    Bytes,
}

/// Arrays of NumPy, `.npz` or `.npy`: paths from the working directory, one or a list each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NpzFiles {
    /// Files of the training part. If `test` is empty, they may have the other parts too.
    #[serde(deserialize_with = "forms::paths")]
    pub train: Vec<PathBuf>,
    /// Files of its labels, one for each of `train`; empty: labels are in the same files.
    #[serde(deserialize_with = "forms::paths")]
    pub train_labels: Vec<PathBuf>,
    /// Files of the test part.
    #[serde(deserialize_with = "forms::paths")]
    pub test: Vec<PathBuf>,
    /// Files of its labels, one for each of `test`.
    #[serde(deserialize_with = "forms::paths")]
    pub test_labels: Vec<PathBuf>,
    /// Names of arrays, by the keys `train_images`, `train_labels`, `validation_images`,
    /// `validation_labels`, `test_images`, `test_labels`; others are found by common names.
    pub arrays: BTreeMap<String, String>,
    /// Read labels; `false` for a dataset without classes.
    pub labels: bool,
    /// Each file is a class, with the name of the file.
    pub class_per_file: bool,
    /// Where the axis of channels is.
    pub channels: ChannelsChoice,
    /// The numbers for black and white in arrays of floats.
    pub range: RangeChoice,
    /// Share of the training pictures for the test part, by the hash of their pixels.
    pub test_share: f64,
}

impl Default for NpzFiles {
    fn default() -> Self {
        Self {
            train: Vec::new(),
            train_labels: Vec::new(),
            test: Vec::new(),
            test_labels: Vec::new(),
            arrays: BTreeMap::new(),
            labels: true,
            class_per_file: false,
            channels: ChannelsChoice::Auto,
            range: RangeChoice::Auto,
            test_share: 0.0,
        }
    }
}
