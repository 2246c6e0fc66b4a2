//! What can go wrong in this stage apart from what its libraries name.

use dcgan_hints::Hint;
use dcgan_stage::Failure;
use std::path::PathBuf;

/// An error of this stage.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An option is missing.
    #[error("nothing to convert: expected `--to` with `--model`, or `--from` with `--in`")]
    NoConversion,
    /// An option that the conversion would not heed.
    #[error("`{option}` means nothing to `{given}`")]
    Unheeded {
        /// The option.
        option: &'static str,
        /// The conversion.
        given: String,
        /// What heeds it.
        heeded_by: &'static str,
    },
    /// An array of a state dict that the network doesn't have, or not in that shape.
    #[error("`{}`: `{name}`: expected {expected}, got {got}", path.display())]
    StateDict {
        /// The file.
        path: PathBuf,
        /// The array, by PyTorch's name.
        name: String,
        /// What the network has.
        expected: String,
        /// What the file has.
        got: String,
    },
    /// A description of networks that the system keeps from us, or that isn't there.
    #[error("could not read `{}`, which describes the networks", path.display())]
    NoDescription {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A description of networks that is none.
    #[error("`{}` describes no network", path.display())]
    Description {
        /// The file.
        path: PathBuf,
        /// Where, and why.
        #[source]
        source: serde_json::Error,
    },
    /// A weight that the file's type of number can't hold.
    #[error("`{}`: weight `{name}` has a value that {} can't hold", path.display(), kind(*.half))]
    NotFinite {
        /// The model's file.
        path: PathBuf,
        /// The weight in the file to be written, batch norm folded in.
        name: String,
        /// Whether half precision was asked for.
        half: bool,
    },
    /// An option that the format does not have.
    #[error("`{option}` does not go with `--to {to}`: {why}")]
    Option {
        /// The option.
        option: &'static str,
        /// The format.
        to: String,
        /// What is so instead.
        why: &'static str,
    },
    /// More weights than a file of the format can hold.
    #[error("the {network} has {bytes} bytes of weights, an ONNX file holds at most {limit}")]
    TooLarge {
        /// Which network.
        network: &'static str,
        /// Its weights.
        bytes: u64,
        /// The most.
        limit: u64,
    },
    /// A file of figures that can't be read.
    #[error("could not read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A file of figures that is not one.
    #[error("`{}` is not the `metrics.json` of an evaluation: expected {expected}", path.display())]
    Figures {
        /// The file.
        path: PathBuf,
        /// What should be there.
        expected: &'static str,
    },
}

fn kind(half: bool) -> &'static str {
    if half { "float16" } else { "float32" }
}

impl Hint for Error {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoConversion => {
                "give `--to onnx --model FILE`, `--from tensorflow` with one `--in PREFIX`, \
                 or `--from torch --in FILE`".into()
            }
            Self::Unheeded { heeded_by, .. } => {
                format!("leave it out, or give `{heeded_by}`")
            }
            Self::StateDict { .. } => {
                "save a module of `dcgan_torch.py`, and its `network` in `config.json`; \
                 give each network once".into()
            }
            Self::NoDescription { .. } | Self::Description { .. } => {
                "write it in Python, `json.dump({\"network\": module.network}, file)`, or give another \
                 as `--config FILE`"
                    .into()
            }
            Self::NotFinite { half: true, .. } => {
                "leave `--half` out; for a page, or if that does not help, give an earlier \
                 checkpoint".into()
            }
            Self::NotFinite { half: false, .. } => {
                "give an earlier checkpoint: this training has diverged".into()
            }
            Self::Option { option, .. } => format!("leave `{option}` out"),
            Self::TooLarge { .. } => {
                "give `--half`, which needs half of that, or train with fewer filters".into()
            }
            Self::Read { .. } => "check the path and its permissions".into(),
            Self::Figures { .. } => {
                "give the file that `make eval` writes, or leave `--metrics` out".into()
            }
        })
    }
}

/// An error of reading a network; all are the input's fault.
pub(crate) fn model_failure(error: dcgan_checkpoints::Error) -> Failure {
    Failure::input(error)
}
