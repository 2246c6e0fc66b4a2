//! ZIP and tar archives of pictures, read in place: nothing is unpacked to the disk, and no name in
//! an archive is used as a path.

use super::container::Collection;
use dcgan_artifacts::{Artifact, ZipArchive, open_plain, read_exact_at};
use dcgan_hints::Hint;
use dcgan_pictures::MAX_FILE_BYTES;
use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::path::{Path, PathBuf};

/// Bytes that tell what a file is: the header of a tar.
const HEAD: u64 = 512;

/// Why an archive can't be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// No archive to read.
    #[error(
        "`prepare.archive.train` is not set: expected a file, as `prepare.source` is `archive`"
    )]
    NoFile,
    /// No file has a name that fits the pattern.
    #[error("no file matches `{pattern}`: expected at least one")]
    NoMatch {
        /// The pattern.
        pattern: String,
    },
    /// A file that can't be opened, or a damaged ZIP archive.
    #[error(transparent)]
    File(#[from] dcgan_artifacts::Error),
    /// A damaged tar archive.
    #[error("`{}` is damaged: expected a tar archive", path.display())]
    Tar {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: io::Error,
    },
    /// A compressed archive, whose files can't be read one by one.
    #[error("`{}` is {name}: expected a ZIP archive, or a tar archive as it is", path.display())]
    Compressed {
        /// The file.
        path: PathBuf,
        /// What it is.
        name: &'static str,
        /// A command that unpacks it.
        remedy: &'static str,
    },
    /// Another file.
    #[error("`{}` is no archive: expected a ZIP or tar archive", path.display())]
    Other {
        /// The file.
        path: PathBuf,
    },
}

impl Hint for ArchiveError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoFile => "give `--set prepare.archive.train=FILE`, a ZIP or tar archive",
            Self::NoMatch { .. } => {
                "`*` and `?` stand for letters of a name, `[0-9]` for a digit; paths count from \
                 the folder in which the program is started"
            }
            Self::File(dcgan_artifacts::Error::Damaged { .. }) | Self::Tar { .. } => {
                "the download may have been cut: get the file again"
            }
            Self::File(dcgan_artifacts::Error::Unfit { .. }) => {
                "pack the pictures anew, for example with `zip -r FILE.zip FOLDER`"
            }
            Self::File(source) => return source.hint(),
            Self::Compressed { remedy, .. } => remedy,
            Self::Other { .. } => {
                "folders of pictures are read with `prepare.source=folder`, other files as \
                 docs/data.md lists them"
            }
        };
        Some(hint.into())
    }
}

/// Opens a ZIP or tar archive, recognised by content.
///
/// # Errors
/// Any [`ArchiveError`].
pub fn open(path: &Path) -> Result<Box<dyn Collection>, ArchiveError> {
    let (file, size) = open_plain(path, Artifact::Other)?;
    let mut start = Vec::new();
    let read = (&file).take(HEAD).read_to_end(&mut start);
    read.map_err(|source| ArchiveError::Tar {
        path: path.to_owned(),
        source,
    })?;
    if start.starts_with(b"PK") {
        return Ok(Box::new(Zip(ZipArchive::open(path, Artifact::Other)?)));
    }
    let content = dcgan_pictures::recognise(&start, path);
    let name = content.map(|content| content.name);
    let compressed = |name, remedy| ArchiveError::Compressed {
        path: path.to_owned(),
        name,
        remedy,
    };
    match name {
        Some(name @ "a gzip file") => return Err(compressed(name, "unpack it, with `gunzip -k`")),
        Some(name @ "a bzip2 file") => {
            return Err(compressed(name, "unpack it, with `bunzip2 -k`"));
        }
        Some(name @ "an xz file") => return Err(compressed(name, "unpack it, with `unxz -k`")),
        Some(name @ "a Zstandard file") => {
            return Err(compressed(name, "unpack it, with `unzstd`"));
        }
        Some("a tar archive") => {}
        // The first tars had no signature.
        None if path.extension().is_some_and(|end| end == "tar") => {}
        _ => {
            return Err(ArchiveError::Other {
                path: path.to_owned(),
            });
        }
    }
    let members = tar_members(path, size)?;
    Ok(Box::new(Tar { file, members }))
}

#[derive(Debug)]
struct Zip(ZipArchive);

impl Collection for Zip {
    fn members(&self) -> Vec<(String, u64)> {
        let members = self.0.members();
        members
            .map(|(name, bytes)| (name.to_owned(), bytes))
            .collect()
    }

    fn read(&self, place: usize) -> io::Result<Option<Vec<u8>>> {
        self.0.read(place, MAX_FILE_BYTES)
    }
}

#[derive(Debug)]
struct Tar {
    file: File,
    members: Vec<TarMember>,
}

/// A file in a tar: its bytes as they are, at an offset.
#[derive(Debug)]
struct TarMember {
    name: String,
    start: u64,
    bytes: u64,
}

/// The plain files of a tar of `size` bytes, whose headers are read and whose contents are skipped.
fn tar_members(path: &Path, size: u64) -> Result<Vec<TarMember>, ArchiveError> {
    let failed = |source| ArchiveError::Tar {
        path: path.to_owned(),
        source,
    };
    let (file, _) = open_plain(path, Artifact::Other)?;
    let mut archive = tar::Archive::new(BufReader::new(file));
    let mut members = Vec::new();
    for entry in archive.entries_with_seek().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        // Links have no bytes of their own, and the parts of a sparse file are not in one place.
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let (start, bytes) = (entry.raw_file_position(), entry.size());
        if start.checked_add(bytes).is_none_or(|end| end > size) {
            let message = "a file goes on after the archive's end";
            return Err(failed(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                message,
            )));
        }
        members.push(TarMember {
            name: String::from_utf8_lossy(&entry.path_bytes()).into_owned(),
            start,
            bytes,
        });
    }
    Ok(members)
}

impl Collection for Tar {
    fn members(&self) -> Vec<(String, u64)> {
        let members = self.members.iter();
        members
            .map(|member| (member.name.clone(), member.bytes))
            .collect()
    }

    fn read(&self, place: usize) -> io::Result<Option<Vec<u8>>> {
        let Some(member) = self.members.get(place) else {
            return Err(io::ErrorKind::NotFound.into());
        };
        if member.bytes > MAX_FILE_BYTES {
            return Ok(None);
        }
        // The file has as many.
        let mut bytes = vec![0; usize::try_from(member.bytes).unwrap_or_default()];
        read_exact_at(&self.file, &mut bytes, member.start)?;
        Ok(Some(bytes))
    }
}
