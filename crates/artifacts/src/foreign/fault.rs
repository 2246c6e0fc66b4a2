//! A fault of a file of another program.

use crate::error::{Artifact, Error};
use std::io;
use std::path::Path;

/// A fault of a file, before its path is known.
#[derive(Debug)]
pub(super) enum Fault {
    Damaged(String, String),
    Unfit(String, String),
    Read(io::Error),
}

impl Fault {
    pub(super) fn damaged(expected: impl Into<String>, got: impl Into<String>) -> Self {
        Self::Damaged(expected.into(), got.into())
    }

    pub(super) fn unfit(expected: impl Into<String>, got: impl Into<String>) -> Self {
        Self::Unfit(expected.into(), got.into())
    }

    /// As an error of the system, for a reader of bytes.
    pub(super) fn into_io(self) -> io::Error {
        match self {
            Self::Read(source) => source,
            Self::Damaged(expected, got) | Self::Unfit(expected, got) => {
                let message = format!("expected {expected}, got {got}");
                io::Error::new(io::ErrorKind::InvalidData, message)
            }
        }
    }

    pub(super) fn at(self, path: &Path, artifact: Artifact) -> Error {
        match self {
            Self::Damaged(expected, got) => Error::damaged(path, artifact, expected, got),
            Self::Unfit(expected, got) => Error::unfit(path, artifact, expected, got),
            Self::Read(source) => Error::read(path, artifact, source),
        }
    }
}

impl From<io::Error> for Fault {
    /// Decompressors report damage with error kinds that disks don't use.
    fn from(source: io::Error) -> Self {
        use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        match source.kind() {
            InvalidData | InvalidInput | UnexpectedEof => Self::damaged(
                "data that fit their length and checksum",
                source.to_string(),
            ),
            _ => Self::Read(source),
        }
    }
}
