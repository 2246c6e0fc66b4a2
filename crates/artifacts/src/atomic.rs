//! Files that are old or new, never half written.
//!
//! The bytes are written to `.NAME.partial` in the same folder; committing syncs that file, renames
//! it over the old one and syncs the folder, so that after a kill or a power cut there is either
//! the old file or the complete new one. A partial file left by a killed process is removed by the
//! next write of the same name, and by the next process that locks the folder.

use crate::change::{DiskFile, announce, announce_bytes};
use crate::error::{Artifact, Error, LINK, NOT_A_FILE};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Suffix of files that are not committed yet.
const PARTIAL: &str = ".partial";

/// Writes `bytes` to `path` so that a reader sees either the old file or the complete new one.
///
/// # Errors
/// [`Error::Write`] (the old file stays in place) or [`Error::NotOurs`].
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut file = AtomicFile::create(path)?;
    let need = bytes.len() as u64;
    file.write_all(bytes)
        .map_err(|e| Error::write(path, "write", e).needing(need))?;
    file.commit().map_err(|e| e.needing(need))
}

/// Creates `path` and its parent folders if they don't exist.
///
/// # Errors
/// [`Error::NotOurs`] if something other than a folder has that name or a parent's, else
/// [`Error::Write`].
pub fn create_folder(path: &Path) -> Result<(), Error> {
    if path.is_dir() {
        return Ok(());
    }
    let exists = |path: &&Path| fs::metadata(path).is_ok();
    if let Some(found) = path
        .ancestors()
        .find(exists)
        .filter(|found| !found.is_dir())
    {
        return Err(not_ours(found, "a folder", "a file"));
    }
    announce("create folder", path)
        .and_then(|()| fs::create_dir_all(path))
        .map_err(|e| Error::write(path, "create folder", e))?;
    sync_folder(&folder_of(path))
}

/// Creates the folder `name` in `folder` if it doesn't exist. Refuses a link of that name (but not
/// one further up), so that everything written into it stays in `folder`.
///
/// # Errors
/// As [`create_folder`].
pub fn create_folder_in(folder: &Path, name: &str) -> Result<(), Error> {
    let path = folder.join(name);
    match fs::symlink_metadata(&path) {
        Ok(found) if found.is_symlink() => Err(not_ours(&path, "a folder", LINK)),
        _ => create_folder(&path),
    }
}

/// A file that appears under its name only when committed; if dropped before, an existing file
/// stays unchanged.
#[derive(Debug)]
pub struct AtomicFile {
    /// The partial file.
    file: DiskFile,
    path: PathBuf,
    committed: bool,
}

impl AtomicFile {
    /// Starts the file for `path`.
    ///
    /// # Errors
    /// [`Error::NotOurs`] if there is a folder or a link, else [`Error::Write`].
    pub fn create(path: &Path) -> Result<Self, Error> {
        let partial = partial_of(path).ok_or_else(|| not_ours(path, "a file name", "none"))?;
        require_plain(path)?;
        match fs::remove_file(&partial) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => {
                return Err(Error::write(&partial, "remove", e));
            }
            _ => {}
        }
        let mut options = OpenOptions::new();
        let file = announce("create", &partial)
            .and_then(|()| {
                options
                    .read(true)
                    .write(true)
                    .create_new(true)
                    .open(&partial)
            })
            .map_err(|e| Error::write(&partial, "create", e))?;
        Ok(Self {
            file: DiskFile::new(file, partial),
            path: path.to_owned(),
            committed: false,
        })
    }

    /// Sets the file's length to `bytes`; new bytes are zeros.
    pub(crate) fn set_len(&self, bytes: u64) -> Result<(), Error> {
        self.file
            .set_len(bytes)
            .map_err(|e| Error::write(&self.path, "write", e))
    }

    /// Writes all of `bytes` at `position`; threads may do so at the same time.
    pub(crate) fn write_all_at(&self, bytes: &[u8], position: u64) -> Result<(), Error> {
        announce_bytes("write", self.file.path(), bytes)
            .and_then(|()| write_all_at(self.file.file(), bytes, position))
            .map_err(|e| {
                let length = self.file.file().metadata().map_or(0, |found| found.len());
                Error::write(&self.path, "write", e).needing(length)
            })
    }

    /// Reads `out.len()` bytes at `position`.
    pub(crate) fn read_exact_at(&self, out: &mut [u8], position: u64) -> Result<(), Error> {
        read_exact_at(self.file.file(), out, position)
            .map_err(|e| Error::write(&self.path, "read back", e))
    }

    /// Syncs the file, gives it its name and syncs the folder.
    ///
    /// # Errors
    /// [`Error::Write`]; the old file, if any, is then still in place.
    pub fn commit(self) -> Result<(), Error> {
        self.file
            .sync()
            .map_err(|e| Error::write(&self.path, "sync", e))?;
        let folder = folder_of(&self.path);
        self.commit_unsynced()?;
        sync_folder(&folder)
    }

    /// Gives the file its name without syncing: the bytes survive the end of the process, but not a
    /// crash of the machine. For files that may be lost in that case.
    ///
    /// # Errors
    /// [`Error::Write`]; the old file, if any, is then still in place.
    pub fn commit_unsynced(mut self) -> Result<(), Error> {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place that renames"
        )]
        announce("rename", &self.path)
            .and_then(|()| fs::rename(self.file.path(), &self.path))
            .map_err(|e| Error::write(&self.path, "rename", e))?;
        self.committed = true;
        Ok(())
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if !self.committed {
            // If this fails, the next write of the same name removes it.
            let _ = fs::remove_file(self.file.path());
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

/// Refuses a folder or a link at the path of a file to be written. Writing checks this too; call it
/// before changing anything else.
///
/// # Errors
/// [`Error::NotOurs`].
pub fn require_plain(path: &Path) -> Result<(), Error> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => Err(not_ours(path, "a file", "a folder")),
        Ok(found) if found.is_symlink() => Err(not_ours(path, "a file", LINK)),
        Ok(found) if !found.is_file() => Err(not_ours(path, "a file", "a device or pipe")),
        _ => Ok(()),
    }
}

/// Syncs the file at `path`, including its name.
///
/// # Errors
/// [`Error::Write`].
pub fn sync_file(path: &Path) -> Result<(), Error> {
    announce("sync", path)
        .and_then(|()| File::open(path))
        .and_then(|file| file.sync_all())
        .map_err(|e| Error::write(path, "sync", e))?;
    sync_folder(&folder_of(path))
}

/// Removes a file of ours, if it exists, and syncs the folder.
///
/// # Errors
/// [`Error::Write`].
pub fn remove_file(path: &Path) -> Result<(), Error> {
    match announce("remove", path).and_then(|()| fs::remove_file(path)) {
        Ok(()) => sync_folder(&folder_of(path)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(Error::write(path, "remove", e)),
    }
}

/// Removes partial files of a killed process from `folder` and its direct sub-folders. Failures are
/// ignored.
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

/// Syncs changes of names in `folder`.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), Error> {
    // Other systems can't open a folder for syncing.
    if cfg!(unix) {
        announce("sync", folder)
            .and_then(|()| File::open(folder))
            .and_then(|handle| handle.sync_all())
            .map_err(|e| Error::write(folder, "sync", e))?;
    }
    Ok(())
}

/// Fills `out` with the bytes of `file` at `position`; threads may do so at the same time.
///
/// # Errors
/// The system's.
#[cfg(unix)]
pub fn read_exact_at(file: &File, out: &mut [u8], position: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, out, position)
}

#[cfg(unix)]
fn write_all_at(file: &File, bytes: &[u8], position: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, position)
}

/// On other systems a file has a single position, which two threads must not move at the same time.
#[cfg(not(unix))]
static POSITION: std::sync::Mutex<()> = std::sync::Mutex::new(());

/// Fills `out` with the bytes of `file` at `position`; threads may do so at the same time.
///
/// # Errors
/// The system's.
#[cfg(not(unix))]
pub fn read_exact_at(mut file: &File, out: &mut [u8], position: u64) -> io::Result<()> {
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

/// Opens a plain file for reading. Anything else is refused before opening, because opening a pipe
/// would wait for its other end. Returns its length too.
///
/// # Errors
/// [`Error::Missing`], [`Error::Read`], [`Error::Unfit`].
pub fn open(path: &Path, artifact: Artifact) -> Result<(File, u64), Error> {
    let found = fs::metadata(path).map_err(|e| Error::read(path, artifact, e))?;
    if !found.is_file() {
        return Err(Error::unfit(path, artifact, "a file", NOT_A_FILE));
    }
    let file = File::open(path).map_err(|e| Error::read(path, artifact, e))?;
    let size = file
        .metadata()
        .map_err(|e| Error::read(path, artifact, e))?
        .len();
    Ok((file, size))
}

/// Reads a whole plain file of at most `most` bytes, which may be growing.
pub(crate) fn read_whole(path: &Path, artifact: Artifact, most: u64) -> Result<Vec<u8>, Error> {
    let (file, size) = open(path, artifact)?;
    let too_long = |got: String| Error::unfit(path, artifact, format!("at most {most} bytes"), got);
    if size > most {
        return Err(too_long(format!("{size}")));
    }
    let bytes = read_up_to(file, most).map_err(|e| Error::read(path, artifact, e))?;
    bytes.ok_or_else(|| too_long("more".into()))
}

/// Reads a whole plain file of at most `most` bytes, for callers with their own errors. An endless
/// device or a pipe without a writer can't block it.
///
/// # Errors
/// The system's error; [`io::ErrorKind::InvalidInput`] if it is not a plain file, and
/// [`io::ErrorKind::FileTooLarge`].
pub fn read_bounded(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        let message = "expected a file, got a folder, device or pipe";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let file = File::open(path)?;
    let bytes = if file.metadata()?.len() > most {
        None
    } else {
        read_up_to(file, most)?
    };
    bytes.ok_or_else(|| {
        let message = format!("expected at most {most} bytes, got more");
        io::Error::new(io::ErrorKind::FileTooLarge, message)
    })
}

/// All bytes of a file, `None` if there are more than `most`.
fn read_up_to(file: File, most: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= most).then_some(bytes))
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
