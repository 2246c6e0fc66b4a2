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

/// The column of labels in a table of pixels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelColumnChoice {
    /// The one with the heading `label`, `labels`, `class`, `target` or `y`; without one, the first
    /// if the others are as many as pixels.
    #[default]
    Auto,
    /// The first.
    First,
    /// The last.
    Last,
    /// There is none.
    None,
}

/// Tables of pixels, CSV, plain or gzip: a row per image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CsvFiles {
    /// Tables of the training part.
    #[serde(deserialize_with = "forms::paths")]
    pub train: Vec<PathBuf>,
    /// Tables of the test part.
    #[serde(deserialize_with = "forms::paths")]
    pub test: Vec<PathBuf>,
    /// Height in pixels; 0: the images are squares.
    pub height: usize,
    /// Width in pixels; 0: the images are squares.
    pub width: usize,
    /// Colours, 1 or 3.
    pub channels: usize,
    /// All values of a colour come before those of the next.
    pub planes: bool,
    /// The column of labels.
    pub label: LabelColumnChoice,
    /// Share of the training pictures for the test part, by the hash of their pixels.
    pub test_share: f64,
}

impl Default for CsvFiles {
    fn default() -> Self {
        Self {
            train: Vec::new(),
            test: Vec::new(),
            height: 0,
            width: 0,
            channels: 1,
            planes: false,
            label: LabelColumnChoice::Auto,
            test_share: 0.0,
        }
    }
}

/// Which labels of CIFAR to read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CifarLabelsChoice {
    /// The 10 classes of CIFAR-10, the 100 of CIFAR-100.
    #[default]
    Fine,
    /// The 20 groups of classes of CIFAR-100.
    Coarse,
    /// None.
    None,
}

/// The binary version of CIFAR-10 or CIFAR-100.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CifarFiles {
    /// The archive, `.tar.gz` or `.tar`, or the folder that it unpacks to.
    pub path: Option<PathBuf>,
    /// Which labels to read.
    pub labels: CifarLabelsChoice,
}

/// Archives of pictures, ZIP or tar. A path with `*`, `?` or `[...]` means every file of such a
/// name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ArchiveFiles {
    /// Archives of the training part.
    #[serde(deserialize_with = "forms::paths")]
    pub train: Vec<PathBuf>,
    /// Archives of the test part; if empty, see `pictures.test_share`.
    #[serde(deserialize_with = "forms::paths")]
    pub test: Vec<PathBuf>,
}

/// Parquet tables of pictures. A path with `*`, `?` or `[...]` means every file of such a name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ParquetFiles {
    /// Tables of the training part.
    #[serde(deserialize_with = "forms::paths")]
    pub train: Vec<PathBuf>,
    /// Tables of the test part; if empty, see `pictures.test_share`.
    #[serde(deserialize_with = "forms::paths")]
    pub test: Vec<PathBuf>,
    /// The column of pictures: of bytes, or a group with a column `bytes`.
    #[serde(deserialize_with = "forms::text")]
    pub image: String,
    /// The column of labels, for `pictures.labels: column`.
    #[serde(deserialize_with = "forms::text")]
    pub label: String,
}

impl Default for ParquetFiles {
    fn default() -> Self {
        Self {
            train: Vec::new(),
            test: Vec::new(),
            image: "image".into(),
            label: "label".into(),
        }
    }
}
