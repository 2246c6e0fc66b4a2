//! Errors of reading checkpoints of TensorFlow.

use dcgan_hints::Hint;
use std::io;
use std::path::PathBuf;

/// An error of this crate. All are the input's fault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no checkpoint of that name.
    #[error(
        "no TensorFlow checkpoint `{}`: expected that file, or that name with `.index`",
        path.display()
    )]
    Missing {
        /// The name that was given.
        path: PathBuf,
        /// Names of checkpoints in the same folder, or in the folder that was given.
        found: Vec<String>,
    },
    /// Some of the checkpoint's files are missing.
    #[error("the TensorFlow checkpoint is not complete: `{}` does not exist", path.display())]
    MissingPart {
        /// The missing file.
        path: PathBuf,
    },
    /// A file can't be read.
    #[error("could not read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// The file is no table, so no checkpoint.
    #[error("`{}` is not a TensorFlow checkpoint: expected {expected}, got {got}", path.display())]
    NotATable {
        /// The file.
        path: PathBuf,
        /// What a table has there.
        expected: &'static str,
        /// What the file has.
        got: String,
    },
    /// The bytes are not what TensorFlow wrote.
    #[error("`{}` is damaged: expected {expected}, got {got}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What should be there.
        expected: String,
        /// What is there.
        got: String,
    },
    /// A valid checkpoint of a sort that the original program never wrote.
    #[error("`{}`: {what}, which the original program does not write", path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// What it has, and the variable.
        what: String,
    },
    /// The checkpoint is of another program.
    #[error(
        "`{}` is not a checkpoint of DCGAN-tensorflow: it has no `g_h0_lin/Matrix`, but {}",
        path.display(), listed(found, "variables of the types that were read")
    )]
    OtherProgram {
        /// The checkpoint's name.
        path: PathBuf,
        /// Its variables.
        found: Vec<String>,
    },
    /// Some variables do not fit the network that the others describe.
    #[error(
        "`{}` holds no network that these programs know: {}",
        path.display(), problems.join("; ")
    )]
    Unfit {
        /// The checkpoint's name.
        path: PathBuf,
        /// What is missing, of another shape, or unknown: a phrase for each variable.
        problems: Vec<String>,
    },
    /// The variables describe a network that can't be.
    #[error("`{}` holds no network that these programs know", path.display())]
    Network {
        /// The checkpoint's name.
        path: PathBuf,
        /// The size that is out of range.
        #[source]
        source: dcgan::Error,
    },
    /// The given size is not that of the checkpoint's images.
    #[error(
        "images of {}x{} (height x width) don't fit `{}`: {expected}",
        size[0], size[1], path.display()
    )]
    Size {
        /// The checkpoint's name.
        path: PathBuf,
        /// Height and width.
        size: [usize; 2],
        /// What the smallest map has, and what the size would need.
        expected: String,
    },
    /// The checkpoint does not tell the size, and no square fits it.
    #[error("`{}` does not tell the size of its images: {map}", path.display())]
    SizeUnknown {
        /// The checkpoint's name.
        path: PathBuf,
        /// How many positions the smallest map has.
        map: String,
    },
    /// A golden file can't be used.
    #[error("golden file `{}`: expected {expected}, got {got}", path.display())]
    Golden {
        /// The golden file.
        path: PathBuf,
        /// What a golden file has.
        expected: String,
        /// What this one has.
        got: String,
    },
}

/// The first names, and the number of the others.
fn listed(names: &[String], what: &str) -> String {
    const SHOWN: usize = 5;
    if names.is_empty() {
        return format!("no {what}");
    }
    let quoted: Vec<String> = names
        .iter()
        .take(SHOWN)
        .map(|name| format!("`{name}`"))
        .collect();
    match names.len().saturating_sub(SHOWN) {
        0 => quoted.join(", "),
        more => format!("{} and {more} more", quoted.join(", ")),
    }
}

impl Hint for Error {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Missing { found, .. } if found.is_empty() => {
                "give the name that `tf.train.Saver` was given, without `.index`, such as \
                 `checkpoint/celebA_64_64_64/DCGAN.model-5002`"
                    .into()
            }
            Self::Missing { found, .. } => format!(
                "give {}; if it was given, copy all its files again",
                listed(found, "checkpoints")
            ),
            Self::MissingPart { .. } => {
                "copy all files of the checkpoint into one folder, under their own names".into()
            }
            Self::Read { .. } => "check the path and its permissions".into(),
            Self::NotATable { .. } => {
                "give the name of a checkpoint, the part before `.index`, `.meta` and \
                 `.data-..`; if it is one, copy its files again"
                    .into()
            }
            Self::Damaged { .. } => {
                "copy the checkpoint's files again, or take another of the run's checkpoints".into()
            }
            Self::Unsupported { .. } => {
                "restore it in TensorFlow and save it again with `tf.compat.v1.train.Saver`, each \
                 variable whole and in float32"
                    .into()
            }
            Self::OtherProgram { found, .. }
                if found.iter().any(|name| name.contains(".ATTRIBUTES/")) =>
            {
                "it was saved as objects of TensorFlow 2: save its variables with \
                 `tf.compat.v1.train.Saver`, under the original's names"
                    .into()
            }
            Self::OtherProgram { .. } => {
                "save the variables in float32 under the original's names, such as \
                 `generator/g_h0_lin/Matrix`: docs/bridges.md lists them"
                    .into()
            }
            Self::Unfit { .. } | Self::Network { .. } => {
                "only the networks of DCGAN-tensorflow can be converted; save all variables \
                 in float32, under the names in docs/bridges.md"
                    .into()
            }
            Self::Size { .. } | Self::SizeUnknown { .. } => {
                "give the height and width that the network was trained with, such as \
                 `--size 64x48`"
                    .into()
            }
            Self::Golden { .. } => {
                "leave `--report` out, or give a golden file of the same networks, such as \
                 one of `tests/golden/*_forward.safetensors`"
                    .into()
            }
        })
    }
}
