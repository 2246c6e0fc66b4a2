//! What can go wrong in this stage beside what its libraries name.

use crate::Mode;
use dcgan_hints::Hint;
use dcgan_stage::Failure;
use std::path::PathBuf;

/// An error of this stage.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An option that the mode would not heed.
    #[error("`{option}` means nothing to `--mode {mode}`")]
    Unheeded {
        /// The option.
        option: &'static str,
        /// The mode.
        mode: Mode,
        /// The modes that heed it.
        modes: &'static [Mode],
    },
    /// A mode without what it works on.
    #[error("`--mode {mode}` needs `{option}`")]
    Needed {
        /// The mode.
        mode: Mode,
        /// The option with its value's name.
        option: &'static str,
    },
    /// More images than a picture should hold.
    #[error("`--n {got}`: `--mode {mode}` shows at most {limit} images")]
    TooMany {
        /// The mode.
        mode: Mode,
        /// The most.
        limit: usize,
        /// What was asked for.
        got: usize,
    },
    /// A coordinate that z doesn't have.
    #[error("`--coordinates`: no coordinate {got}, z has {z_dim}")]
    Coordinate {
        /// What was asked for.
        got: u64,
        /// Coordinates of this model's z.
        z_dim: usize,
    },
    /// An interpolation with nowhere to go.
    #[error("`--mode interpolate`: expected two seeds or more, got one")]
    OneSeed,
    /// A way through classes that the model doesn't have.
    #[error("`--mode classes`: this model was trained without labels")]
    NoClasses,
    /// A way through classes with nowhere to go.
    #[error("`--through`: expected two classes or more, got one")]
    OneClass,
    /// An expression that can't be read.
    #[error("`--expr {text}`: expected {expected} at character {character}, found {found}")]
    Expression {
        /// The whole of it.
        text: String,
        /// Where it stops making sense, from 1.
        character: usize,
        /// What could stand there.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// A file or folder that the system keeps from us.
    #[error("could not read `{}`", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A file that is no picture of ours.
    #[error("`{}` can't be shown", path.display())]
    Picture {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: dcgan_figures::Error,
    },
    /// A picture file that can't be looked for.
    #[error("`{}` is no picture that can be looked for", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: dcgan_pictures::Refusal,
    },
    /// Images of another size than the model's.
    #[error("`{}` holds images of {}, the model draws {}", path.display(), size(got), size(expected))]
    OtherSize {
        /// The file.
        path: PathBuf,
        /// Height, width and channels of the model's images.
        expected: [usize; 3],
        /// Those of the file's.
        got: [usize; 3],
    },
    /// More neighbours than there are training images.
    #[error("`--neighbours {expected}`: `{}` holds {got} training images", path.display())]
    FewImages {
        /// The dataset.
        path: PathBuf,
        /// How many neighbours were asked for.
        expected: usize,
        /// How many images there are.
        got: usize,
    },
    /// A folder without what a film is made of.
    #[error("`{}` holds no file `{expected}`", folder.display())]
    NoFrames {
        /// The folder.
        folder: PathBuf,
        /// The names that are looked for, N standing for a digit.
        expected: &'static str,
    },
    /// A frame that does not fit the first one.
    #[error("`{}` does not go with `{}`: {what} differ", path.display(), first.display())]
    OtherFrame {
        /// The file.
        path: PathBuf,
        /// The first of the film.
        first: PathBuf,
        /// What should agree.
        what: &'static str,
    },
}

fn size([height, width, channels]: &[usize; 3]) -> String {
    format!("{height}x{width}x{channels}")
}

impl Hint for Error {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unheeded { modes, .. } => {
                let modes: Vec<String> = modes.iter().map(|mode| format!("`{mode}`")).collect();
                format!("leave it out, or give `--mode`: {}", modes.join(", "))
            }
            Self::Needed { .. } => "`--help` shows an example".into(),
            Self::TooMany { .. } => "give fewer, or `--mode images`".into(),
            Self::Coordinate { z_dim, .. } => format!("give numbers from 0 to {}", z_dim - 1),
            Self::OneSeed => "give `--seeds 0,1`".into(),
            Self::NoClasses => {
                "take a model of `train.network: labelled`, or `--mode interpolate`".into()
            }
            Self::OneClass => "give `--through 3,8`, or leave it out: all classes".into(),
            Self::Expression { .. } => {
                "write it as `mean(3,8,9) - mean(1,4) + 0.5 * seed 7`".into()
            }
            Self::Read { .. } => "check the path and its permissions".into(),
            Self::Picture { source, .. } => return source.hint(),
            Self::Unusable { source, .. } => return source.hint(),
            Self::OtherSize { .. } => "give the dataset that the model was trained on".into(),
            Self::FewImages { got: 0, .. } => "give a dataset with a training part".into(),
            Self::FewImages { got, .. } => format!("give `--neighbours {got}` or fewer"),
            Self::NoFrames { .. } => {
                "give `--checkpoints RUN/train/checkpoints` or `--grids RUN/train/samples`".into()
            }
            Self::OtherFrame { .. } => "give a folder with the files of one run".into(),
        })
    }
}

/// The exit code of an error between file and network: a class is a setting, the rest is input.
pub(crate) fn model_failure(error: dcgan_checkpoints::Error) -> Failure {
    use dcgan_checkpoints::Error as E;
    match error {
        E::UnknownClass { .. } | E::UntrainedClass { .. } | E::ClassOfUnlabelled { .. } => {
            Failure::usage(error)
        }
        _ => Failure::input(error),
    }
}
