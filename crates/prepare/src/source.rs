//! The trait of a source of pictures.

use crate::audit::Audit;
use crate::contents::Contents;
use dcgan_artifacts::{DatasetInfo, FileDigest, FileRecord, Part};
use dcgan_stage::Failure;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;

/// A source of pictures. A new one implements this and gets a line in `stage::run`.
pub(crate) trait Source: Sync {
    /// The result of `scan`, for `write`.
    type Scanned;

    /// The source's settings for manifests: its section, with file names instead of paths.
    fn settings(&self) -> Map<String, Value>;

    /// Name, size and hash of each file or folder that is read.
    ///
    /// # Errors
    /// [`Failure::Input`] for a file that can't be read or has another hash than the pinned one.
    fn inputs(&self) -> Result<Vec<FileRecord>, Failure>;

    /// Finds and checks the pictures. Writes nothing.
    ///
    /// # Errors
    /// [`Failure::Input`] for faulty pictures, [`Failure::Usage`] for settings that don't fit them.
    fn scan(&self) -> Result<(Outline, Self::Scanned), Failure>;

    /// Writes the dataset to `path`.
    ///
    /// # Errors
    /// [`Failure::Input`] for pictures that turn out to be damaged, [`Failure::Output`].
    fn write(&self, scanned: Self::Scanned, path: &Path) -> Result<Written, Failure>;
}

/// The description of a dataset before it is written.
#[derive(Debug)]
pub(crate) struct Outline {
    pub(crate) info: DatasetInfo,
    /// Images of each part; some may turn out to be damaged.
    pub(crate) counts: BTreeMap<Part, usize>,
}

/// A written dataset, with its audit and preview.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) digest: FileDigest,
    pub(crate) contents: Contents,
    pub(crate) audit: Audit,
    /// `preview.png`.
    pub(crate) preview: Vec<u8>,
}
