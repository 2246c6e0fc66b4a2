//! Errors of the frame itself.

use crate::Failure;
use dcgan_hints::Hint;
use std::io;
use std::path::PathBuf;

/// An error of the frame. Errors of files are [`dcgan_artifacts::Error`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An earlier result could not be moved aside.
    #[error("could not move `{}` to `{}`", from.display(), to.display())]
    Move {
        /// The stage's folder.
        from: PathBuf,
        /// Its new name.
        to: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The program was started within the folder that it should move aside: `--out .` would then
    /// name the folder that was moved.
    #[error("`{}` can't be moved aside: the program was started in it", folder.display())]
    Within {
        /// The stage's folder.
        folder: PathBuf,
    },
    /// The stage's folder could not be looked up.
    #[error("could not find `{}`", path.display())]
    Find {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A stage wrote a file that is not in its plan: a bug.
    #[error("`{name}` was written and is not in the plan")]
    Unplanned {
        /// The file within the stage's folder.
        name: String,
    },
    /// A stage did not write a file of its plan: a bug.
    #[error("`{name}` is in the plan and was not written")]
    Unwritten {
        /// The file within the stage's folder.
        name: String,
    },
}

impl Hint for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Move { .. } => Some("move it by hand, or choose another `--out`".into()),
            Self::Within { .. } => {
                Some("start it in the folder above, and give this folder's name as `--out`".into())
            }
            Self::Find { .. } => Some("check the folder's permissions".into()),
            Self::Unplanned { .. } | Self::Unwritten { .. } => Some(
                "this is a mistake in the program, not in what it was given: \
                 report it with the command"
                    .into(),
            ),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::output(error)
    }
}

impl From<dcgan_artifacts::Error> for Failure {
    /// Exit code 3 for an error of reading, 5 for one of writing.
    fn from(error: dcgan_artifacts::Error) -> Self {
        if error.is_output() {
            Self::output(error)
        } else {
            Self::input(error)
        }
    }
}
