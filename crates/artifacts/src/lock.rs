//! One process at a time in a run folder.

use crate::atomic::{require_plain, sweep};
use crate::error::Error;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Holds a folder for this process until dropped.
///
/// The lock is the operating system's, on `.lock` in the folder, so that it ends with its holder
/// however that ends. The file holds the holder's process number, for the other's message only.
#[derive(Debug)]
pub struct RunLock {
    /// Closing the file releases the lock. It stays in the folder: removing it would let a third
    /// process lock a new file of the same name.
    _file: File,
}

impl RunLock {
    /// Locks `folder`, which exists, and clears it of partial files: their writer was killed, since
    /// a living one would hold the lock.
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

/// Who holds the lock, as far as its file tells.
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
