//! The run folder: whose it is, what it already holds, and how an old run is moved aside.
//!
//! `run.json` is written before anything else and says what the run was started with: settings and
//! dataset. It stands for the whole life of the run, so that a run without a single checkpoint is
//! guarded as well as a finished one. `manifest.json`, written last, says that the run is complete.

use crate::{Error, resolved, tensorboard};
use dcgan_artifacts::{
    Artifact, Difference, Manifest, RunLock, create_folder, create_folder_in, differences,
    read_bounded, require_plain, with_defaults, write_atomic,
};
use dcgan_hints::text_of;
use serde_json::{Value, json};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Name of the file that says what a run was started with.
pub(crate) const RUN: &str = "run.json";

/// Folder of the checkpoints within the run folder.
pub(crate) const CHECKPOINTS: &str = "checkpoints";

/// Folder of the grids within the run folder.
const SAMPLES: &str = "samples";

/// A longer file is no `run.json`.
const MOST_BYTES: u64 = 1 << 20;

/// The one setting that may grow: it continues a run.
const EPOCHS: &str = "train.epochs";

/// What there is to do in a run folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nothing is there: a run starts.
    Nothing,
    /// Another run is there, or this one complete, and `--force` was given: it goes aside first.
    MoveAside,
    /// This run is there and goes on: it was interrupted, or is to last longer.
    Unfinished,
    /// This run is there, complete and sound.
    Finished,
}

/// Looks into `folder` and writes nothing. `identity` is all that the run's bytes follow from, and
/// it decides whether the run in the folder is the one that was asked for.
///
/// # Errors
/// [`Error::OtherRun`] names what differs, key by key, unless `force` is given;
/// [`Error::NotOurs`] where files lie that are no run.
pub(crate) fn inspect(folder: &Path, identity: &Value, force: bool) -> Result<Found, Error> {
    let old = match read(folder) {
        Ok(Some(old)) => {
            let defaults =
                json!({ "train": resolved::recorded(&dcgan_settings::Train::default()) });
            with_defaults(old, identity, &defaults)
        }
        Ok(None) => {
            return match stranger(folder)? {
                None => Ok(Found::Nothing),
                Some(found) => Err(Error::NotOurs {
                    folder: folder.to_owned(),
                    found,
                }),
            };
        }
        Err(Error::DamagedRun { .. }) if force => return Ok(Found::MoveAside),
        Err(error) => return Err(error),
    };
    let mut differences = differences(&old, identity);
    if differences.is_empty() && is_complete(folder)? {
        Ok(if force {
            Found::MoveAside
        } else {
            Found::Finished
        })
    } else if differences.iter().all(continues) {
        Ok(Found::Unfinished)
    } else if force {
        Ok(Found::MoveAside)
    } else {
        // More epochs alone would continue the run: they are not what keeps it from going on.
        differences.retain(|difference| !continues(difference));
        Err(Error::OtherRun {
            folder: folder.to_owned(),
            differences,
        })
    }
}

/// Whether a difference only makes the run longer.
fn continues(Difference { key, old, new }: &Difference) -> bool {
    let epochs = |value: &Option<Value>| value.as_ref().and_then(Value::as_u64);
    key == EPOCHS && epochs(old) < epochs(new)
}

/// Whether the run in `folder` stands there complete and undamaged. A finished run of which a file
/// was lost or damaged counts as unfinished: going on from its last good checkpoint mends it.
fn is_complete(folder: &Path) -> Result<bool, Error> {
    let verified = match Manifest::read(folder) {
        Ok(None) => return Ok(false),
        Ok(Some(manifest)) => manifest.verify_outputs(folder),
        Err(error) => Err(error),
    };
    match verified {
        Err(error @ dcgan_artifacts::Error::NewerFormat { .. }) => Err(error.into()),
        Err(error) => {
            log::warn!("{error}; the run goes on from the last good checkpoint");
            Ok(false)
        }
        Ok(()) => Ok(true),
    }
}

/// What the run in `folder` was started with; `None` where no run was.
fn read(folder: &Path) -> Result<Option<Value>, Error> {
    let path = folder.join(RUN);
    let bytes = match read_bounded(&path, MOST_BYTES) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        bytes => bytes.map_err(|source| {
            Error::from(dcgan_artifacts::Error::Read {
                path: path.clone(),
                artifact: Artifact::Other,
                source,
            })
        })?,
    };
    let run = serde_json::from_slice(&bytes);
    run.map(Some)
        .map_err(|source| Error::DamagedRun { path, source })
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

/// A run folder that is ours alone until this is dropped.
#[derive(Debug)]
pub(crate) struct RunFolder {
    /// Its path.
    pub(crate) path: PathBuf,
    lock: RunLock,
}

impl RunFolder {
    /// Makes the folder, where there is none, and locks it.
    ///
    /// # Errors
    /// [`dcgan_artifacts::Error::Locked`] names the process that holds it.
    pub(crate) fn lock(path: &Path) -> Result<Self, Error> {
        create_folder(path)?;
        Ok(Self {
            path: path.to_owned(),
            lock: RunLock::acquire(path)?,
        })
    }

    /// Moves the folder as it is to the first free of `NAME.old-1`, `NAME.old-2` and so on, and
    /// stands in a new one. Returns the old one's new path.
    ///
    /// # Errors
    /// [`Error::Move`]; the old folder is then where it was.
    pub(crate) fn move_aside(&mut self) -> Result<PathBuf, Error> {
        let from = fs::canonicalize(&self.path).map_err(|source| Error::Folder {
            path: self.path.clone(),
            action: "find",
            source,
        })?;
        let old = |n: u32| {
            let mut name = from.file_name().unwrap_or_default().to_owned();
            name.push(format!(".old-{n}"));
            from.with_file_name(name)
        };
        let free = |to: &PathBuf| fs::symlink_metadata(to).is_err();
        let to = (1..=u32::MAX).map(old).find(free).unwrap_or_else(|| old(0));
        #[expect(
            clippy::disallowed_methods,
            reason = "moves a whole folder, within its parent"
        )]
        fs::rename(&from, &to).map_err(|source| Error::Move {
            from: self.path.clone(),
            to: to.clone(),
            source,
        })?;
        create_folder(&from)?;
        self.lock = RunLock::acquire(&from)?;
        Ok(to)
    }

    /// Says what is trained here from now on; the run is not complete until [`complete`] says so.
    /// `names` are the files that it will write. If one of them is not ours, nothing is changed.
    ///
    /// [`complete`]: Self::complete
    ///
    /// # Errors
    /// [`dcgan_artifacts::Error::Write`].
    pub(crate) fn begin(
        &self,
        identity: &Value,
        names: &[&str],
        tensorboard: bool,
    ) -> Result<(), Error> {
        let folders = [CHECKPOINTS, SAMPLES, tensorboard::FOLDER];
        let folders = &folders[..if tensorboard { 3 } else { 2 }];
        for name in [&[RUN], names].concat() {
            require_plain(&self.path.join(name))?;
        }
        for name in folders {
            if fs::symlink_metadata(self.path.join(name)).is_ok() {
                create_folder_in(&self.path, name)?;
            }
        }
        Manifest::remove(&self.path)?;
        write_atomic(&self.path.join(RUN), format!("{identity:#}\n").as_bytes())?;
        for name in folders {
            create_folder_in(&self.path, name)?;
        }
        Ok(())
    }

    /// Writes the manifest: the run is complete.
    ///
    /// # Errors
    /// [`dcgan_artifacts::Error::Write`].
    pub(crate) fn complete(&self, manifest: &Manifest) -> Result<(), Error> {
        Ok(manifest.write(&self.path)?)
    }

    /// The folder of checkpoints.
    pub(crate) fn checkpoints(&self) -> PathBuf {
        self.path.join(CHECKPOINTS)
    }
}
