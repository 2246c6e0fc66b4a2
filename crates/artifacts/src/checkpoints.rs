//! The folder of checkpoints: names, order, which to keep, which to go on from.

use crate::atomic;
use crate::checkpoint::{Checkpoint, read_checkpoint_info, verify_checkpoint};
use crate::error::{Artifact, Error};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Where the checkpoint of `step` lies: `step-NNNNNNNN.safetensors` in `folder`.
pub fn checkpoint_path(folder: &Path, step: u64) -> PathBuf {
    folder.join(format!("step-{step:08}.safetensors"))
}

/// The checkpoints in `folder` as (step, path), ascending; none when there is no such folder.
///
/// # Errors
/// [`Error::Read`].
pub fn list_checkpoints(folder: &Path) -> Result<Vec<(u64, PathBuf)>, Error> {
    let failed = |e| Error::read(folder, Artifact::Checkpoint, e);
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

/// Where the best checkpoint lies that the one at `path` tells of (`train.best`): beside it. Whether it
/// still does is for its reader to see.
///
/// # Errors
/// [`Error::NoBest`] when it tells of none; as the crate's documentation lists for every reader.
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

/// The newest checkpoint that can be read, and what had to be skipped.
#[derive(Debug)]
pub struct Recovered {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// Its file.
    pub path: PathBuf,
    /// Newer files that could not be read, newest first, each with the reason.
    pub skipped: Vec<(PathBuf, Error)>,
}

/// Reads the newest checkpoint in `folder`, or, where it is damaged, the one before, and so on;
/// `None` when there is none at all.
///
/// # Errors
/// The newest one's, when none can be read; [`Error::NewerFormat`] at once, since an older
/// checkpoint would lose work that another version of the program can go on from.
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

/// Deletes the checkpoints that are no longer wanted, after the newest was written; returns them.
///
/// Kept are the `keep` newest (0: all), and always the newest. One that a signal made us write is
/// deleted once a newer, scheduled one stands, and does not count. Before anything is deleted the
/// newest is read back and verified, so that a good one is left whatever happens.
///
/// # Errors
/// The newest one's when it is damaged, with nothing deleted; [`Error::Write`].
pub fn retain_checkpoints(folder: &Path, keep: usize) -> Result<Vec<PathBuf>, Error> {
    let mut older = list_checkpoints(folder)?;
    let Some((_, newest)) = older.pop() else {
        return Ok(Vec::new());
    };
    let scheduled = !verify_checkpoint(&newest)?.on_signal;
    let mut kept = 1;
    let mut deleted = Vec::new();
    for (_, path) in older.into_iter().rev() {
        // One that can't be read is no checkpoint to count on: it goes when the others go.
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
