//! The run folder: which run it belongs to and how far that run is.
//!
//! `run.json` is written first and records the run's settings and dataset. It exists as long as the
//! run does, so a run without a checkpoint is protected like a finished one. `manifest.json`,
//! written last, marks the run as complete.

use crate::{Error, resolved};
use dcgan_artifacts::{Difference, RunFile, differences, with_defaults};
use dcgan_hints::text_of;
use dcgan_stage::{Earlier, Found, Work};
use serde_json::{Value, json};
use std::fs;
use std::io::ErrorKind::{NotADirectory, NotFound};
use std::path::Path;

/// The only setting that may differ: a larger value continues a run.
const EPOCHS: &str = "train.epochs";

/// Inspects `folder` without writing. `identity` is everything that determines the run's bytes; the
/// run in the folder must have the same.
///
/// A finished run with a lost or damaged file counts as unfinished: resuming from its last good
/// checkpoint repairs it.
///
/// # Errors
/// [`Error::OtherRun`] lists the keys that differ, unless `force` is given; [`Error::NotOurs`] if
/// there are files but no run.
pub(crate) fn inspect(
    folder: &Path,
    stage: &'static str,
    identity: &Value,
    force: bool,
) -> Result<Found, Error> {
    let old = match read(folder) {
        Ok(old) => old,
        Err(Error::DamagedRun { .. }) if force => return Ok(found(Work::MoveAside)),
        Err(error) => return Err(error),
    };
    let Some(old) = old else {
        return match foreign_file(folder)? {
            None => Ok(found(Work::Make)),
            Some(found) => Err(Error::NotOurs {
                folder: folder.to_owned(),
                found,
            }),
        };
    };
    let mut earlier = Earlier::read(folder, stage)?;
    let defaults = json!({ "train": resolved::recorded(&dcgan_settings::Train::default()) });
    let mut differences = differences(&with_defaults(old, identity, &defaults), identity);
    let work = if differences.is_empty() && earlier.is_complete() && earlier.is_intact() {
        if force {
            Work::MoveAside
        } else {
            Work::Nothing
        }
    } else if differences.iter().all(continues) {
        Work::Resume
    } else if force {
        Work::MoveAside
    } else {
        // More epochs alone would continue the run, so they are not the reason for the refusal.
        differences.retain(|difference| !continues(difference));
        return Err(Error::OtherRun {
            folder: folder.to_owned(),
            differences,
        });
    };
    Ok(earlier.into_found(work))
}

/// The result of [`inspect`] if there is no earlier run to keep.
fn found(work: Work) -> Found {
    Found {
        work,
        earlier: Vec::new(),
        notes: Vec::new(),
    }
}

/// Whether a difference only makes the run longer.
fn continues(Difference { key, old, new }: &Difference) -> bool {
    let epochs = |value: &Option<Value>| value.as_ref().and_then(Value::as_u64);
    key == EPOCHS && epochs(old) < epochs(new)
}

/// What the run in `folder` was started with; `None` if there is no run.
fn read(folder: &Path) -> Result<Option<Value>, Error> {
    match RunFile::read(folder) {
        Ok(run) => Ok(run.map(|run| run.sections)),
        Err(dcgan_artifacts::Error::Json { path, source, .. }) => {
            Err(Error::DamagedRun { path, source })
        }
        Err(error) => Err(error.into()),
    }
}

/// The first file in `folder`, by name, that is not hidden (locks and partial files are).
fn foreign_file(folder: &Path) -> Result<Option<String>, Error> {
    let failed = |source| Error::Folder {
        path: folder.to_owned(),
        action: "list",
        source,
    };
    let entries = match fs::read_dir(folder) {
        // A file in the folder's place, or above it, is refused when the folder is made.
        Err(error) if matches!(error.kind(), NotFound | NotADirectory) => return Ok(None),
        entries => entries.map_err(failed)?,
    };
    let mut names = Vec::new();
    for entry in entries {
        names.push(text_of(entry.map_err(failed)?.file_name()));
    }
    names.retain(|name| !name.starts_with('.'));
    Ok(names.into_iter().min())
}
