//! Errors of training, their hints and exit codes.

use dcgan_artifacts::{Difference, ErrorKind};
use dcgan_hints::Hint;
use dcgan_stage::Failure;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// An error of training.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An artifact could not be read or written.
    #[error(transparent)]
    Artifacts(#[from] dcgan_artifacts::Error),
    /// A table that a checkpoint refers to is missing or a different one.
    #[error(transparent)]
    Table(dcgan_artifacts::Error),
    /// A network rejected its sizes, weights or input.
    #[error(transparent)]
    Network(#[from] dcgan::Error),
    /// A checkpoint does not fit the networks.
    #[error(transparent)]
    Models(#[from] dcgan_checkpoints::Error),
    /// A score could not be computed.
    #[error(transparent)]
    Metrics(#[from] dcgan_metrics::Error),
    /// A sample grid could not be drawn.
    #[error(transparent)]
    Figures(#[from] dcgan_figures::Error),
    /// The labelled network needs labels.
    #[error(
        "dataset `{}` does not fit `train.network: labelled`: expected `train/labels`, got none",
        path.display()
    )]
    NoLabels {
        /// The dataset.
        path: PathBuf,
    },
    /// The network can't be built for pictures of this size.
    #[error("dataset `{}` does not fit `train.network: {kind}`", path.display())]
    UnfitPictures {
        /// The dataset.
        path: PathBuf,
        /// The kind of network.
        kind: dcgan::Kind,
        /// The network's error.
        source: dcgan::Error,
    },
    /// Too few validation pictures for scores.
    #[error(
        "`train.score_every`: expected at least {expected} pictures in the validation part of `{}`, \
         got {got}", path.display()
    )]
    NoValidation {
        /// The dataset.
        path: PathBuf,
        /// The minimum.
        expected: usize,
        /// The number of pictures.
        got: usize,
    },
    /// Scores of labelled data need a classifier.
    #[error(
        "`train.score_every`: expected `train.classifier`, as `{}` has labels, got none",
        path.display()
    )]
    NoClassifier {
        /// The dataset.
        path: PathBuf,
    },
    /// The classifier is for other pictures.
    #[error(
        "classifier `{}` does not fit dataset `{}`: expected pictures of {expected}, got {got}",
        path.display(), dataset.display()
    )]
    UnfitClassifier {
        /// The classifier.
        path: PathBuf,
        /// The dataset.
        dataset: PathBuf,
        /// Size and classes of the dataset's pictures.
        expected: String,
        /// Size and classes of the classifier.
        got: String,
    },
    /// The classifier's arrays do not fit its network.
    #[error("classifier `{}` cannot be built", path.display())]
    Classifier {
        /// The classifier.
        path: PathBuf,
        /// Which array, and why.
        source: dcgan_metrics::Error,
    },
    /// There is not one full batch.
    #[error(
        "`train.batch_size`: expected at most the {n_images} training pictures of `{}`, got \
         {batch_size}", path.display()
    )]
    BatchTooLarge {
        /// The dataset.
        path: PathBuf,
        /// Pictures in its training part.
        n_images: usize,
        /// The setting.
        batch_size: usize,
    },
    /// The processor lacks the instructions of a precision.
    #[error(
        "`train.precision`: expected `f32` on a processor without AVX512_BF16, got `bf16`; this one has {found}"
    )]
    Precision {
        /// What the processor has.
        found: &'static str,
    },
    /// Plain candle operations have only one precision.
    #[error("`train.precision`: expected `f32` with `train.kernels: portable`, got `bf16`")]
    PortablePrecision,
    /// The folder holds a run with other settings or another dataset.
    #[error("`{}` holds another run: {}", folder.display(), listed(differences))]
    OtherRun {
        /// The run folder.
        folder: PathBuf,
        /// What differs, key by key.
        differences: Vec<Difference>,
    },
    /// The folder has files but no run.
    #[error("`{}` is not a folder of this program: expected `run.json`, got `{found}`", folder.display())]
    NotOurs {
        /// The run folder.
        folder: PathBuf,
        /// The first of the other files.
        found: String,
    },
    /// A file of the run folder could not be listed or removed.
    #[error("could not {action} `{}`", path.display())]
    Folder {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// The system's error.
        source: std::io::Error,
    },
    /// `run.json` can't be read.
    #[error("`{}` is damaged: its JSON can't be read", path.display())]
    DamagedRun {
        /// The file.
        path: PathBuf,
        /// The parser's error.
        source: serde_json::Error,
    },
    /// A checkpoint in the run folder is not of this run.
    #[error("checkpoint `{}` is of another run: {}", path.display(), expected(differences))]
    ForeignCheckpoint {
        /// The checkpoint.
        path: PathBuf,
        /// The differences: `old` is this run's value, `new` the checkpoint's.
        differences: Vec<Difference>,
    },
    /// A checkpoint's arrays do not fit the networks that it describes.
    #[error("checkpoint `{}` does not fit its own description", path.display())]
    UnfitCheckpoint {
        /// The checkpoint.
        path: PathBuf,
        /// Which array.
        source: dcgan::Error,
    },
    /// Training diverged.
    #[error(
        "training diverged at step {step}{}; {}", after(*rollbacks), kept(checkpoint.as_deref())
    )]
    Diverged {
        /// The iteration.
        step: u64,
        /// Roll-backs so far.
        rollbacks: u32,
        /// The last good checkpoint.
        checkpoint: Option<PathBuf>,
        /// The loss, gradient or weight that is not finite.
        source: dcgan::Error,
    },
}

fn after(rollbacks: u32) -> String {
    match rollbacks {
        0 => String::new(),
        1 => " after a roll-back".into(),
        n => format!(" after {n} roll-backs"),
    }
}

fn kept(checkpoint: Option<&Path>) -> String {
    match checkpoint {
        Some(path) => format!("the last good checkpoint is `{}`", path.display()),
        None => "there is no checkpoint yet".into(),
    }
}

fn listed(differences: &[Difference]) -> String {
    let one = |d: &Difference| {
        format!(
            "`{}` was {}, is {}",
            d.key,
            text(d.old.as_ref()),
            text(d.new.as_ref())
        )
    };
    differences.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn expected(differences: &[Difference]) -> String {
    let one = |d: &Difference| {
        format!(
            "`{}`: expected {}, got {}",
            d.key,
            text(d.old.as_ref()),
            text(d.new.as_ref())
        )
    };
    differences.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// A value as in a settings file.
fn text(value: Option<&Value>) -> String {
    match value {
        None => "absent".into(),
        Some(Value::String(text)) => format!("`{text}`"),
        Some(value) => format!("`{value}`"),
    }
}

impl Hint for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Artifacts(source) => source.hint(),
            Self::Table(_) => Some(
                "restore the table from a copy to resume the run; or, to start over, move the \
                whole folder away and run the same command again"
                    .into(),
            ),
            Self::Network(source) => source.hint(),
            Self::UnfitPictures { kind, .. } => Some(match kind {
                dcgan::Kind::Labelled => {
                    "prepare pictures whose sides are multiples of 4, \
                    or set `train.network: unlabelled`, which takes any size from 16"
                        .into()
                }
                dcgan::Kind::Unlabelled => {
                    "prepare larger pictures, or set a smaller `train.depth`".into()
                }
            }),
            Self::Models(source) => source.hint(),
            Self::Metrics(source) => source.hint(),
            Self::Figures(source) => source.hint(),
            Self::NoLabels { .. } => {
                Some("prepare the dataset with labels, or set `train.network: unlabelled`".into())
            }
            Self::NoValidation { expected, .. } => Some(format!(
                "set `prepare.validation` to {expected} or more, a multiple of the classes, and \
                 prepare the dataset again; or set `train.score_every: 0`"
            )),
            Self::NoClassifier { path } => Some(format!(
                "set `train.classifier` to a file of `dcgan-eval classifier --dataset {} --out DIR`; \
                 or set `train.score_every: 0`",
                path.display()
            )),
            Self::UnfitClassifier { .. } | Self::Classifier { .. } => Some(
                "set `train.classifier` to another file; `dcgan-eval classifier` trains one".into(),
            ),
            Self::BatchTooLarge { n_images, .. } => {
                Some(format!("set `train.batch_size` to {n_images} or less"))
            }
            Self::Precision { .. } => Some(
                "set `train.precision: f32`, or train on a processor with AVX512_BF16: AMD's from Zen 4 on, \
                 Intel's Cooper Lake and Xeons from Sapphire Rapids on"
                    .into(),
            ),
            Self::PortablePrecision => Some(
                "set `train.precision: f32`, or other kernels, in the settings or by `DCGAN_KERNELS`"
                    .into(),
            ),
            Self::OtherRun { .. } => Some(
                "choose another `--out`, go back to the old settings, or use `--force` to move the \
                old run aside and start over"
                    .into(),
            ),
            Self::NotOurs { .. } => Some("choose another `--out`, an empty or a new folder".into()),
            Self::Folder { .. } => Some("check the folder's permissions".into()),
            Self::DamagedRun { .. } => {
                Some("use `--force` to move the old run aside and start over".into())
            }
            Self::ForeignCheckpoint { .. } | Self::UnfitCheckpoint { .. } => Some(
                "move it out of the folder: the run resumes from the checkpoint before it".into(),
            ),
            Self::Diverged { .. } => Some(
                "lower `train.learning_rate`, take another `train.seed` or set \
                 `train.on_divergence: rollback`, in another `--out`"
                    .into(),
            ),
        }
    }
}

impl Error {
    /// The error of resuming a table: with the hint for a run if the table is missing or damaged.
    pub(crate) fn of_table(source: dcgan_artifacts::Error) -> Self {
        use dcgan_artifacts::Error::{Damaged, Missing};
        match source {
            source @ (Missing { .. } | Damaged { .. }) => Self::Table(source),
            source => source.into(),
        }
    }
}

impl From<Error> for Failure {
    /// The class of each error, which gives the exit code.
    fn from(error: Error) -> Self {
        match &error {
            Error::BatchTooLarge { .. }
            | Error::NoValidation { .. }
            | Error::NoClassifier { .. }
            | Error::OtherRun { .. }
            | Error::Precision { .. }
            | Error::PortablePrecision => Self::usage(error),
            Error::Artifacts(source) if source.kind() == ErrorKind::Output => Self::output(error),
            Error::Figures(_) | Error::NotOurs { .. } | Error::Folder { .. } => Self::output(error),
            Error::Diverged { .. } => Self::diverged(error),
            Error::Artifacts(_)
            | Error::Table(_)
            | Error::Network(_)
            | Error::Models(_)
            | Error::Metrics(_)
            | Error::UnfitClassifier { .. }
            | Error::Classifier { .. }
            | Error::NoLabels { .. }
            | Error::UnfitPictures { .. }
            | Error::DamagedRun { .. }
            | Error::ForeignCheckpoint { .. }
            | Error::UnfitCheckpoint { .. } => Self::input(error),
        }
    }
}
