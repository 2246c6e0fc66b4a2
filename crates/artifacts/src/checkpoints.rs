//! The folder of checkpoints: names, order, which to keep, which to resume from.

use crate::atomic;
use crate::checkpoint::{Checkpoint, read_checkpoint_info, verify_checkpoint};
use crate::error::{Artifact, Error};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Path of the checkpoint of `step`: `step-NNNNNNNN.safetensors` in `folder`.
pub fn checkpoint_path(folder: &Path, step: u64) -> PathBuf {
    folder.join(format!("step-{step:08}.safetensors"))
}

/// The checkpoints in `folder` as (step, path), ascending; empty if the folder doesn't exist.
///
/// # Errors
/// [`Error::Read`].
pub fn list_checkpoints(folder: &Path) -> Result<Vec<(u64, PathBuf)>, Error> {
    let failed = |source| Error::Read {
        path: folder.to_owned(),
        artifact: Artifact::Checkpoint,
        source,
    };
    let entries = match fs::read_dir(folder) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        let step = path
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(|name| name.strip_prefix("step-")?.strip_suffix(".safetensors"))
            .and_then(|digits| digits.parse().ok());
        // `step-1.safetensors` and `step-+0000001.safetensors` are not ours.
        found.extend(
            step.filter(|&step| checkpoint_path(folder, step) == path)
                .map(|s| (s, path)),
        );
    }
    found.sort_unstable();
    Ok(found)
}

/// Path of the best checkpoint recorded in the one at `path` (`train.best`), in the same folder.
/// Doesn't check that it still exists.
///
/// # Errors
/// [`Error::NoBest`] if it records none; as the crate's documentation lists for every reader.
pub fn best_checkpoint(path: &Path) -> Result<PathBuf, Error> {
    let Some(best) = read_checkpoint_info(path)?.best else {
        let path = path.to_owned();
        return Err(Error::NoBest { path });
    };
    Ok(checkpoint_path(
        path.parent().unwrap_or(Path::new("")),
        best.step,
    ))
}

/// The newest readable checkpoint, and skipped ones.
#[derive(Debug)]
pub struct Recovered {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// Its file.
    pub path: PathBuf,
    /// Newer files that could not be read, newest first, each with the reason.
    pub skipped: Vec<(PathBuf, Error)>,
}

/// Reads the newest checkpoint in `folder`, or if it is damaged, the one before, and so on; `None`
/// if there is none.
///
/// # Errors
/// The newest one's error if none can be read. [`Error::NewerFormat`] at once, because falling back
/// to an older checkpoint would lose work that another version of the program can continue.
pub fn read_newest_checkpoint(folder: &Path) -> Result<Option<Recovered>, Error> {
    let mut skipped = Vec::new();
    for (_, path) in list_checkpoints(folder)?.into_iter().rev() {
        match Checkpoint::read(&path) {
            Ok(checkpoint) => {
                return Ok(Some(Recovered {
                    checkpoint,
                    path,
                    skipped,
                }));
            }
            Err(error @ Error::NewerFormat { .. }) => return Err(error),
            Err(error) => skipped.push((path, error)),
        }
    }
    match skipped.into_iter().next() {
        None => Ok(None),
        Some((_, error)) => Err(error),
    }
}

/// Deletes checkpoints that are no longer needed after the newest was written; returns them.
///
/// Keeps the `keep` newest (0: all), and always the newest. One written because of a signal doesn't
/// count and is deleted once a newer scheduled one exists. Before deleting anything, the newest is
/// read back and verified, so that there is always a good one.
///
/// # Errors
/// The newest one's error if it is damaged, with nothing deleted; [`Error::Write`].
pub fn retain_checkpoints(folder: &Path, keep: usize) -> Result<Vec<PathBuf>, Error> {
    let mut older = list_checkpoints(folder)?;
    let Some((_, newest)) = older.pop() else {
        return Ok(Vec::new());
    };
    let scheduled = !verify_checkpoint(&newest)?.on_signal;
    let mut kept = 1;
    let mut deleted = Vec::new();
    for (_, path) in older.into_iter().rev() {
        // An unreadable one doesn't count as written by a signal: it is deleted like the others.
        let on_signal = read_checkpoint_info(&path).is_ok_and(|info| info.on_signal);
        if scheduled && on_signal || keep > 0 && kept >= keep {
            atomic::remove_file(&path)?;
            deleted.push(path);
        } else {
            kept += 1;
        }
    }
    Ok(deleted)
}
