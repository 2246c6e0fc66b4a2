//! What a source of data implements.

use crate::audit::Audit;
use crate::contents::Contents;
use dcgan_artifacts::{DatasetInfo, FileDigest, FileRecord, Part};
use dcgan_stage::Failure;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;

/// Where pictures come from. A new source implements this and gets a line in `stage::run`.
pub(crate) trait Source: Sync {
    /// What `scan` finds and `write` needs.
    type Scanned;

    /// The source's own settings as manifests have them: its section, files by name.
    fn settings(&self) -> Map<String, Value>;

    /// Name, size and hash of each file or folder that is read.
    ///
    /// # Errors
    /// [`Failure::Input`] for a file that can't be read or has another hash than the pinned one.
    fn inputs(&self) -> Result<Vec<FileRecord>, Failure>;

    /// Finds and checks the pictures. Writes nothing.
    ///
    /// # Errors
    /// [`Failure::Input`] for whatever is wrong with them, [`Failure::Usage`] for settings that
    /// don't fit them.
    fn scan(&self) -> Result<(Outline, Self::Scanned), Failure>;

    /// Writes the dataset to `path`.
    ///
    /// # Errors
    /// [`Failure::Input`] for pictures that turn out to be damaged, [`Failure::Output`].
    fn write(&self, scanned: Self::Scanned, path: &Path) -> Result<Written, Failure>;
}

/// What a dataset will be.
#[derive(Debug)]
pub(crate) struct Outline {
    pub(crate) info: DatasetInfo,
    /// Images of each part; some may turn out to be damaged.
    pub(crate) counts: BTreeMap<Part, usize>,
}

/// A dataset that was written, and what there is to say of it.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) digest: FileDigest,
    pub(crate) contents: Contents,
    pub(crate) audit: Audit,
    /// `preview.png`.
    pub(crate) preview: Vec<u8>,
}
