//! Files that are old or new, never half written.
//!
//! The bytes go to `.NAME.partial` in the same folder; committing syncs that file, renames it over
//! the old one and syncs the folder, so that a reader, a kill or a power cut meets the old file or
//! the whole new one. A partial file that a killed process left behind is removed by the next write
//! of the same name, and by whoever next locks the folder.

use crate::error::{Artifact, Error};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// How the name of a file ends that is not committed yet.
const PARTIAL: &str = ".partial";

/// Write `bytes` to `path` so that a reader sees either the old file or the whole new one.
///
/// # Errors
/// [`Error::Write`] (the old file stays in place) or [`Error::NotOurs`].
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut file = AtomicFile::create(path)?;
    file.write_all(bytes)
        .map_err(|e| Error::write(path, "write", e))?;
    file.commit()
}

/// Make `path` and the folders above it, where they are not there yet.
///
/// # Errors
/// [`Error::NotOurs`] when something else than a folder stands there, else [`Error::Write`].
pub fn create_folder(path: &Path) -> Result<(), Error> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => return Ok(()),
        Ok(_) => return Err(not_ours(path, "a folder", "a file")),
        Err(_) => {}
    }
    fs::create_dir_all(path).map_err(|e| Error::write(path, "create folder", e))?;
    sync_folder(&folder_of(path))
}

/// A file that appears under its name only when it is committed; dropped before that, it leaves
/// the old file, if any, untouched.
#[derive(Debug)]
pub struct AtomicFile {
    file: File,
    path: PathBuf,
    partial: PathBuf,
    committed: bool,
}

impl AtomicFile {
    /// Starts the file that shall stand at `path`.
    ///
    /// # Errors
    /// [`Error::NotOurs`] when a folder or a link stands there, else [`Error::Write`].
    pub fn create(path: &Path) -> Result<Self, Error> {
        let partial = partial_of(path).ok_or_else(|| not_ours(path, "a file name", "none"))?;
        require_plain(path)?;
        match fs::remove_file(&partial) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => {
                return Err(Error::write(&partial, "remove", e));
            }
            _ => {}
        }
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&partial)
            .map_err(|e| Error::write(&partial, "create", e))?;
        Ok(Self {
            file,
            path: path.to_owned(),
            partial,
            committed: false,
        })
    }

    /// Makes the file `bytes` long; what is new reads as zeros.
    pub(crate) fn set_len(&self, bytes: u64) -> Result<(), Error> {
        self.file
            .set_len(bytes)
            .map_err(|e| Error::write(&self.path, "write", e))
    }

    /// Writes all of `bytes` at `position`; threads may do so at the same time.
    pub(crate) fn write_all_at(&self, bytes: &[u8], position: u64) -> Result<(), Error> {
        write_all_at(&self.file, bytes, position).map_err(|e| Error::write(&self.path, "write", e))
    }

    /// Reads `out.len()` bytes at `position`.
    pub(crate) fn read_exact_at(&self, out: &mut [u8], position: u64) -> Result<(), Error> {
        read_exact_at(&self.file, out, position)
            .map_err(|e| Error::write(&self.path, "read back", e))
    }

    /// Syncs the file, gives it its name and syncs the folder.
    ///
    /// # Errors
    /// [`Error::Write`]; the old file, if any, is then still in place.
    pub fn commit(mut self) -> Result<(), Error> {
        self.file
            .sync_all()
            .map_err(|e| Error::write(&self.path, "sync", e))?;
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place that renames"
        )]
        fs::rename(&self.partial, &self.path).map_err(|e| Error::write(&self.path, "rename", e))?;
        self.committed = true;
        sync_folder(&folder_of(&self.path))
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if !self.committed {
            // Failing to remove it does no harm: the next write of the same name does.
            let _ = fs::remove_file(&self.partial);
        }
    }
}

impl Write for AtomicFile {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.file.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for AtomicFile {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.file.seek(position)
    }
}

/// Refuses a folder or a link where a plain file of ours is to be written.
pub(crate) fn require_plain(path: &Path) -> Result<(), Error> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => Err(not_ours(path, "a file", "a folder")),
        Ok(found) if found.is_symlink() => Err(not_ours(path, "a file", "a symbolic link")),
        Ok(found) if !found.is_file() => Err(not_ours(path, "a file", "a device or pipe")),
        _ => Ok(()),
    }
}

/// Removes a file of ours and makes that last.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    fs::remove_file(path).map_err(|e| Error::write(path, "remove", e))?;
    sync_folder(&folder_of(path))
}

/// Removes the partial files that a killed process left in `folder` and in the folders right below.
/// One that can't be removed does no harm.
pub(crate) fn sweep(folder: &Path) {
    let entries = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries(folder) {
        let below = entry.file_type().is_ok_and(|found| found.is_dir());
        let inner = below.then(|| entries(&entry.path())).into_iter().flatten();
        for entry in inner.chain([entry]) {
            let name = entry.file_name();
            let name = name.as_encoded_bytes();
            if name.starts_with(b".") && name.ends_with(PARTIAL.as_bytes()) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// Makes a change of names in `folder` last.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), Error> {
    // Other systems have no handle on a folder that could be synced.
    if cfg!(unix) {
        File::open(folder)
            .and_then(|handle| handle.sync_all())
            .map_err(|e| Error::write(folder, "sync", e))?;
    }
    Ok(())
}

#[cfg(unix)]
pub(crate) fn read_exact_at(file: &File, out: &mut [u8], position: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, out, position)
}

#[cfg(unix)]
fn write_all_at(file: &File, bytes: &[u8], position: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, position)
}

/// Elsewhere a file has one position only, which two threads must not move at the same time.
#[cfg(not(unix))]
static POSITION: std::sync::Mutex<()> = std::sync::Mutex::new(());

#[cfg(not(unix))]
pub(crate) fn read_exact_at(mut file: &File, out: &mut [u8], position: u64) -> io::Result<()> {
    let _alone = POSITION.lock();
    file.seek(SeekFrom::Start(position))?;
    io::Read::read_exact(&mut file, out)
}

#[cfg(not(unix))]
fn write_all_at(mut file: &File, bytes: &[u8], position: u64) -> io::Result<()> {
    let _alone = POSITION.lock();
    file.seek(SeekFrom::Start(position))?;
    file.write_all(bytes)
}

/// Opens a plain file for reading. Anything else is refused before it is opened, since opening a
/// pipe would wait for its other end.
pub(crate) fn open(path: &Path, artifact: Artifact) -> Result<(File, u64), Error> {
    let found = fs::metadata(path).map_err(|e| Error::read(path, artifact, e))?;
    if !found.is_file() {
        return Err(Error::unfit(
            path,
            artifact,
            "a file",
            "a folder, device or pipe",
        ));
    }
    let file = File::open(path).map_err(|e| Error::read(path, artifact, e))?;
    let size = file
        .metadata()
        .map_err(|e| Error::read(path, artifact, e))?
        .len();
    Ok((file, size))
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn partial_of(path: &Path) -> Option<PathBuf> {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name()?);
    name.push(PARTIAL);
    Some(path.with_file_name(name))
}

fn not_ours(path: &Path, expected: &'static str, got: &'static str) -> Error {
    Error::NotOurs {
        path: path.to_owned(),
        expected,
        got,
    }
}
