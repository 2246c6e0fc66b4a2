//! Every change of this crate to the disk is announced here, so that tests can make it fail,
//! truncate it, or end the process during it. Without an observer this costs one atomic load.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A change that is about to be made.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// The action: create folder, create, write, cut, sync, rename or remove.
    pub action: &'static str,
    /// The file or folder.
    pub path: &'a Path,
    /// The bytes to write, at the end of the file or, for a dataset, at an offset.
    pub bytes: &'a [u8],
}

type Observer = Box<dyn Fn(&Change<'_>) -> io::Result<()> + Send + Sync>;

static OBSERVER: OnceLock<Observer> = OnceLock::new();

/// Announces every change from now on to `observer`, whose error replaces the change. For tests of
/// failing disks: the first observer stays until the process ends.
pub fn observe_changes(observer: impl Fn(&Change<'_>) -> io::Result<()> + Send + Sync + 'static) {
    let _ = OBSERVER.set(Box::new(observer));
}

/// Announces a change without bytes.
pub(crate) fn announce(action: &'static str, path: &Path) -> io::Result<()> {
    announce_bytes(action, path, &[])
}

pub(crate) fn announce_bytes(action: &'static str, path: &Path, bytes: &[u8]) -> io::Result<()> {
    match OBSERVER.get() {
        None => Ok(()),
        Some(observer) => observer(&Change {
            action,
            path,
            bytes,
        }),
    }
}

/// An open file whose changes are announced.
#[derive(Debug)]
pub(crate) struct DiskFile {
    file: File,
    path: PathBuf,
}

impl DiskFile {
    pub(crate) fn new(file: File, path: PathBuf) -> Self {
        Self { file, path }
    }

    /// The file, for reading.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn sync(&self) -> io::Result<()> {
        announce("sync", &self.path)?;
        self.file.sync_all()
    }

    /// Fails if the file has lost its name, because what is written to it would be lost.
    pub(crate) fn require_name(&self) -> io::Result<()> {
        #[cfg(unix)]
        if std::os::unix::fs::MetadataExt::nlink(&self.file.metadata()?) == 0 {
            let removed = "the file was removed while it was written";
            return Err(io::Error::new(io::ErrorKind::NotFound, removed));
        }
        Ok(())
    }

    pub(crate) fn set_len(&self, bytes: u64) -> io::Result<()> {
        announce("cut", &self.path)?;
        self.file.set_len(bytes)
    }
}

impl Write for DiskFile {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        announce_bytes("write", &self.path, buffer)?;
        self.file.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Read for DiskFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

impl Seek for DiskFile {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.file.seek(position)
    }
}
