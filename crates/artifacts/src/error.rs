//! Errors with files between the stages.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// The kind of file that an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Artifact {
    /// `dataset.safetensors`.
    Dataset,
    /// `checkpoints/step-NNNNNNNN.safetensors`.
    Checkpoint,
    /// `generator.safetensors`.
    Generator,
    /// `discriminator.safetensors`.
    Discriminator,
    /// `classifier.safetensors`.
    Classifier,
    /// `neighbours.safetensors`.
    Neighbours,
    /// `samples.safetensors`.
    Samples,
    /// `manifest.json`.
    Manifest,
    /// A growing CSV table.
    Table,
    /// `run.json`.
    Run,
    /// A source of a dataset, below the folder `--source`.
    Source,
    /// A file that a manifest lists and that its stage makes again when it is gone.
    Listed,
    /// A file that a manifest lists and that only the whole training can make again: a table or
    /// `run.json`.
    Record,
    /// Any other file.
    Other,
}

impl Artifact {
    /// The command that makes such a file, if there is one: where a goal of make does, that, which
    /// makes the one of a run.
    pub fn made_by(self) -> Option<&'static str> {
        match self {
            Artifact::Dataset => Some("make prepare"),
            Artifact::Checkpoint
            | Artifact::Generator
            | Artifact::Discriminator
            | Artifact::Table => Some("make train"),
            Artifact::Classifier => Some("dcgan-eval classifier"),
            Artifact::Samples => Some("make sample"),
            Artifact::Neighbours
            | Artifact::Manifest
            | Artifact::Run
            | Artifact::Source
            | Artifact::Listed
            | Artifact::Record
            | Artifact::Other => None,
        }
    }

    /// The program that makes such a file in any folder, where [`Artifact::made_by`] is a goal of
    /// make.
    pub(crate) fn program(self) -> Option<&'static str> {
        match self.made_by()? {
            "make prepare" => Some("dcgan-prepare"),
            "make train" => Some("dcgan-train"),
            "make sample" => Some("dcgan-sample"),
            _ => None,
        }
    }
}

impl fmt::Display for Artifact {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Artifact::Dataset => "dataset",
            Artifact::Checkpoint => "checkpoint",
            Artifact::Generator => "generator",
            Artifact::Discriminator => "discriminator",
            Artifact::Classifier => "classifier",
            Artifact::Neighbours => "neighbours",
            Artifact::Samples => "samples",
            Artifact::Manifest => "manifest",
            Artifact::Table => "table",
            Artifact::Run => "run",
            Artifact::Source => "source",
            Artifact::Listed | Artifact::Record | Artifact::Other => "file",
        })
    }
}

/// Whether an [`Error`] is the input's fault or the output's, which decides a stage's exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Missing, damaged or unsuitable data: `Failure::input`, exit code 3.
    Input,
    /// Could not write, or the folder is locked or not ours: `Failure::output`, exit code 5.
    Output,
}

/// What can go wrong with a file of the contract.
///
/// A stage asks [`Error::kind`] which exit code it is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such file.
    #[error("{artifact} `{}` does not exist", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// The expected kind.
        artifact: Artifact,
    },
    /// The file exists but can't be read.
    #[error("could not read {artifact} `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The expected kind.
        artifact: Artifact,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// The bytes are not what was written.
    #[error("{artifact} `{}` is damaged: expected {expected}, got {got}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The expected kind.
        artifact: Artifact,
        /// The expected content.
        expected: String,
        /// What stands there.
        got: String,
    },
    /// The safetensors header does not parse or contradicts itself.
    #[error("{artifact} `{}` is damaged: its safetensors header is invalid", path.display())]
    Header {
        /// The file.
        path: PathBuf,
        /// The expected kind.
        artifact: Artifact,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// The JSON in the file (a manifest, or the metadata of a safetensors file) does not fit.
    #[error("{artifact} `{}` is damaged: its JSON does not fit the format", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// The expected kind.
        artifact: Artifact,
        /// The parser's error.
        #[source]
        source: serde_json::Error,
    },
    /// The file has a format version of a later program.
    #[error(
        "{artifact} `{}` has a newer format: expected version {newest} or older, got {got}",
        path.display()
    )]
    NewerFormat {
        /// The file.
        path: PathBuf,
        /// What it is.
        artifact: Artifact,
        /// The newest version that this program reads.
        newest: u32,
        /// The version of the file.
        got: u64,
    },
    /// The file is valid, but not what is needed here.
    #[error("{artifact} `{}` does not fit: expected {expected}, got {got}", path.display())]
    Unfit {
        /// The file.
        path: PathBuf,
        /// What is needed.
        artifact: Artifact,
        /// What is expected of it.
        expected: String,
        /// What it contains.
        got: String,
    },
    /// A checkpoint that doesn't record the best one of its run.
    #[error("checkpoint `{}` records no best one", path.display())]
    NoBest {
        /// The checkpoint.
        path: PathBuf,
    },
    /// The data to write are inconsistent; nothing was written.
    #[error("{artifact} `{}` can't be written: expected {expected}, got {got}", path.display())]
    Contradiction {
        /// The file to be written.
        path: PathBuf,
        /// Its kind.
        artifact: Artifact,
        /// What the format needs.
        expected: String,
        /// What was given.
        got: String,
    },
    /// Writing failed.
    #[error("could not {action} `{}`", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The action: create, write, sync, rename, remove, ...
        action: &'static str,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// A stage used a file that is not the run's own.
    #[error(
        "the chain is broken at `{}`: expected its input `{name}` of SHA-256 `{sha256}`, got {got}",
        path.display()
    )]
    BrokenChain {
        /// The manifest.
        path: PathBuf,
        /// The input that it names.
        name: String,
        /// The input's hash there.
        sha256: String,
        /// What there is instead.
        got: &'static str,
    },
    /// No stage's manifest below a folder that should be a run's.
    #[error(
        "`{}` is not the folder of a run: expected `manifest.json` in `prepare`, `train`, `sample` \
         or `eval` in it, got none",
        path.display()
    )]
    NotARun {
        /// The folder.
        path: PathBuf,
        /// The folder above it, if this is a stage's.
        run: Option<PathBuf>,
    },
    /// There is no space for the file; the old one is unchanged.
    #[error("no space for `{}`: {need} bytes are to be written", path.display())]
    NoSpace {
        /// The file.
        path: PathBuf,
        /// Number of bytes to write at once.
        need: u64,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// Another process uses the folder.
    #[error("folder `{}` is locked by {holder}", folder.display())]
    Locked {
        /// The folder.
        folder: PathBuf,
        /// The process that holds the lock, such as `process 123`.
        holder: String,
    },
    /// The folder has results of another program.
    #[error("`{}` has the results of `{got}`, expected those of `{expected}` or none", folder.display())]
    OtherStage {
        /// The folder.
        folder: PathBuf,
        /// The program that wants to write there.
        expected: &'static str,
        /// The program that the folder's manifest names.
        got: String,
    },
    /// A folder or a link that we must not replace is in the way.
    #[error("`{}` is not ours to write: expected {expected}, got {got}", path.display())]
    NotOurs {
        /// Its path.
        path: PathBuf,
        /// What is allowed there.
        expected: &'static str,
        /// What stands there.
        got: &'static str,
    },
}

/// What [`Error::NotOurs`] calls a symbolic link.
pub(crate) const LINK: &str = "a symbolic link";
/// What [`Error::Unfit`] calls something else than a plain file.
pub(crate) const NOT_A_FILE: &str = "a folder, device or pipe";

impl Error {
    /// Whether this is the input's fault (exit code 3) or the output's (exit code 5).
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Missing { .. }
            | Error::Read { .. }
            | Error::Damaged { .. }
            | Error::Header { .. }
            | Error::Json { .. }
            | Error::NewerFormat { .. }
            | Error::Unfit { .. }
            | Error::NoBest { .. }
            | Error::Contradiction { .. }
            | Error::BrokenChain { .. }
            | Error::NotARun { .. } => ErrorKind::Input,
            Error::Write { .. }
            | Error::NoSpace { .. }
            | Error::Locked { .. }
            | Error::OtherStage { .. }
            | Error::NotOurs { .. } => ErrorKind::Output,
        }
    }

    /// Whether [`Error::kind`] is [`ErrorKind::Output`].
    pub fn is_output(&self) -> bool {
        self.kind() == ErrorKind::Output
    }

    pub(crate) fn read(path: &Path, artifact: Artifact, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            // The second: below a file, where nothing can be.
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                Error::Missing { path, artifact }
            }
            _ => Error::Read {
                path,
                artifact,
                source,
            },
        }
    }

    pub(crate) fn damaged(
        path: &Path,
        artifact: Artifact,
        expected: impl Into<String>,
        got: impl Into<String>,
    ) -> Self {
        Error::Damaged {
            path: path.to_owned(),
            artifact,
            expected: expected.into(),
            got: got.into(),
        }
    }

    pub(crate) fn unfit(
        path: &Path,
        artifact: Artifact,
        expected: impl Into<String>,
        got: impl Into<String>,
    ) -> Self {
        Error::Unfit {
            path: path.to_owned(),
            artifact,
            expected: expected.into(),
            got: got.into(),
        }
    }

    pub(crate) fn contradiction(
        path: &Path,
        artifact: Artifact,
        expected: impl Into<String>,
        got: impl Into<String>,
    ) -> Self {
        Error::Contradiction {
            path: path.to_owned(),
            artifact,
            expected: expected.into(),
            got: got.into(),
        }
    }

    /// Adds the number of bytes if the reason is a full disk.
    pub(crate) fn needing(self, need: u64) -> Self {
        match self {
            Error::Write { path, source, .. }
                if matches!(
                    source.kind(),
                    io::ErrorKind::StorageFull
                        | io::ErrorKind::QuotaExceeded
                        | io::ErrorKind::FileTooLarge
                ) =>
            {
                Error::NoSpace { path, need, source }
            }
            error => error,
        }
    }

    pub(crate) fn write(path: &Path, action: &'static str, source: io::Error) -> Self {
        Error::Write {
            path: path.to_owned(),
            action,
            source,
        }
    }
}
