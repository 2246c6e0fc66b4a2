//! Errors with files between the stages, and hints.

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
    /// Any other file.
    Other,
}

impl Artifact {
    /// The command that makes such a file, if there is one.
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
            | Artifact::Other => None,
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
            Artifact::Other => "file",
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
            | Error::BrokenChain { .. } => ErrorKind::Input,
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
        if source.kind() == io::ErrorKind::NotFound {
            Error::Missing { path, artifact }
        } else {
            Error::Read {
                path,
                artifact,
                source,
            }
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

impl dcgan_hints::Hint for Error {
    fn hint(&self) -> Option<String> {
        let again = |artifact: &Artifact| artifact.made_by();
        match self {
            // Don't suggest removing it: without it `dcgan-train` can't identify the run.
            Error::Missing {
                artifact: Artifact::Run,
                ..
            }
            | Error::Json {
                artifact: Artifact::Run,
                ..
            } => Some("leave `--run` out, or give the `run.json` that the training wrote".into()),
            Error::Missing {
                artifact: Artifact::Source,
                ..
            } => Some(
                "give the folder that the sources' names are relative to as `--source`, make's SOURCE: \
                 for `photos/1.png` the folder that holds `photos`"
                    .into(),
            ),
            Error::Missing { artifact, .. } => Some(match again(artifact) {
                Some(command) => format!("`{command}` makes it; or give another path"),
                None => "check the path".into(),
            }),
            Error::Read { source, .. } if source.kind() == io::ErrorKind::OutOfMemory => {
                Some("use a machine with more memory, or fewer images".into())
            }
            Error::Read { .. } => Some("check the path and its permissions".into()),
            Error::Damaged { artifact, .. }
            | Error::Header { artifact, .. }
            | Error::Json { artifact, .. } => Some(match again(artifact) {
                Some(command) => format!("copy it again, or remove it and run `{command}`"),
                None => "copy it again, or remove it and make it again".into(),
            }),
            Error::NewerFormat { .. } => {
                Some("use the version of this program that wrote it, or a later one".into())
            }
            Error::Unfit { artifact, .. } => Some(match again(artifact) {
                Some(command) => format!("give another file; `{command}` makes one"),
                None => "give another file".into(),
            }),
            Error::NoBest { .. } => Some(
                "train with `train.best` and `train.score_every`, as pipelines/mnist-best.yaml does; or \
                 take the checkpoint itself, by `best: false`"
                    .into(),
            ),
            Error::Contradiction { .. } => None,
            Error::Write { path, source, .. } => Some(match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    "free space on that disk and run the same command again".into()
                }
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    format!(
                        "make `{}` writable, or choose another `--out`",
                        path.display()
                    )
                }
                _ => "check the disk, or choose another `--out`".into(),
            }),
            Error::BrokenChain { .. } => {
                Some("run that stage again, or give back the file that it was run on".into())
            }
            Error::NoSpace { source, .. } => Some(match source.kind() {
                io::ErrorKind::FileTooLarge => {
                    "raise the limit on file sizes (`ulimit -f`) and run the same command again"
                        .into()
                }
                _ => "free space on that disk and run the same command again".into(),
            }),
            Error::Locked { .. } => Some("wait for it to end, or choose another `--out`".into()),
            Error::OtherStage { .. } => Some("choose another `--out`".into()),
            Error::NotOurs { path, got, .. } if *got == LINK => Some(format!(
                "replace the links in `{}` by copies of what they point to (`dvc unprotect` does so \
                 for a cache of DVC) and run the same command again, or choose another `--out`",
                path.parent().unwrap_or(path).display()
            )),
            Error::NotOurs { path, .. } => Some(format!(
                "move `{}` away, or choose another `--out`",
                path.display()
            )),
        }
    }
}
