//! One process at a time in a run folder.

use crate::atomic::{require_plain, sweep};
use crate::error::Error;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Locks a folder for this process until dropped.
///
/// This is an operating system lock on `.lock` in the folder, so it ends with its holder in any
/// case. The file contains the holder's process number, only for the message of a second process.
#[derive(Debug)]
pub struct RunLock {
    /// Closing the file releases the lock. The file stays in the folder: after removing it, a third
    /// process could lock a new file of the same name.
    _file: File,
}

impl RunLock {
    /// Locks the existing `folder` and removes partial files: their writer was killed, because a
    /// live one would hold the lock.
    ///
    /// # Errors
    /// [`Error::Locked`] when another process, or another handle in this one, holds it;
    /// [`Error::NotOurs`]; [`Error::Write`].
    pub fn acquire(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(".lock");
        require_plain(&path)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|e| Error::write(&path, "create", e))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Locked {
                    folder: folder.to_owned(),
                    holder: holder(&mut file),
                });
            }
            Err(TryLockError::Error(e)) => return Err(Error::write(&path, "lock", e)),
        }
        file.set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .and_then(|_| write!(file, "{}", std::process::id()))
            .map_err(|e| Error::write(&path, "write", e))?;
        sweep(folder);
        Ok(Self { _file: file })
    }
}

/// The holder of the lock according to its file.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    match file
        .take(20)
        .read_to_string(&mut text)
        .ok()
        .and_then(|_| text.parse::<u32>().ok())
    {
        Some(process) => format!("process {process}"),
        None => "another process".into(),
    }
}
