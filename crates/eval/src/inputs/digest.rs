//! Name, size and hash of a file.

use dcgan_artifacts::{Artifact, FileRecord};
use dcgan_stage::Failure;
use std::path::Path;

/// Name, size and hash of one input.
pub(crate) fn record(path: &Path, artifact: Artifact) -> Result<FileRecord, Failure> {
    use dcgan_artifacts::Error::Missing;
    FileRecord::at(path).map_err(|error| match error {
        // The artifact is known here, so the hint can name the command that makes it.
        Missing { path, .. } => Failure::input(Missing { path, artifact }),
        error => error.into(),
    })
}
