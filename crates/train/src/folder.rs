//! The run folder: whose it is and what it already holds.
//!
//! `run.json` is written before anything else and says what the run was started with: settings and
//! dataset. It is there for the whole life of the run, so that a run without a single checkpoint is
//! guarded as well as a finished one. `manifest.json`, written last, says that the run is complete.

use crate::{Error, resolved};
use dcgan_artifacts::{Difference, RunFile, differences, with_defaults};
use dcgan_hints::text_of;
use dcgan_stage::{Earlier, Found, Work};
use serde_json::{Value, json};
use std::fs;
use std::io;
use std::path::Path;

/// The one setting that may grow: it continues a run.
const EPOCHS: &str = "train.epochs";

/// Looks into `folder` and writes nothing. `identity` is all that the run's bytes follow from, and
/// it decides whether the run in the folder is the one that was asked for.
///
/// A finished run of which a file was lost or damaged counts as unfinished: going on from its last
/// good checkpoint mends it.
///
/// # Errors
/// [`Error::OtherRun`] names what differs, key by key, unless `force` is given;
/// [`Error::NotOurs`] where there are files that are no run.
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
        return match stranger(folder)? {
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
    let work = if differences.is_empty() && earlier.is_complete() && earlier.is_whole() {
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
        // More epochs alone would continue the run: they are not what keeps it from going on.
        differences.retain(|difference| !continues(difference));
        return Err(Error::OtherRun {
            folder: folder.to_owned(),
            differences,
        });
    };
    Ok(earlier.into_found(work))
}

/// What is found where no earlier result counts.
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

/// What the run in `folder` was started with; `None` where no run was.
fn read(folder: &Path) -> Result<Option<Value>, Error> {
    match RunFile::read(folder) {
        Ok(run) => Ok(run.map(|run| run.sections)),
        Err(dcgan_artifacts::Error::Json { path, source, .. }) => {
            Err(Error::DamagedRun { path, source })
        }
        Err(error) => Err(error.into()),
    }
}

/// The first file in `folder`, by name, that is not hidden: a lock or a partial file is no work.
fn stranger(folder: &Path) -> Result<Option<String>, Error> {
    let failed = |source| Error::Folder {
        path: folder.to_owned(),
        action: "list",
        source,
    };
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        entries => entries.map_err(failed)?,
    };
    let mut names = Vec::new();
    for entry in entries {
        names.push(text_of(entry.map_err(failed)?.file_name()));
    }
    names.retain(|name| !name.starts_with('.'));
    Ok(names.into_iter().min())
}
