//! Errors of this stage.

use crate::Mode;
use dcgan_hints::Hint;
use dcgan_stage::Failure;
use std::path::PathBuf;

/// An error of this stage.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An option that the mode does not use.
    #[error("`{option}` has no effect with `--mode {mode}`")]
    Unheeded {
        /// The option.
        option: &'static str,
        /// The mode.
        mode: Mode,
        /// The modes that use it.
        modes: &'static [Mode],
    },
    /// A required option is missing.
    #[error("`--mode {mode}` needs `{option}`")]
    Needed {
        /// The mode.
        mode: Mode,
        /// The option with its value's name.
        option: &'static str,
    },
    /// Too many images for one picture.
    #[error("`--n {got}`: `--mode {mode}` shows at most {limit} images")]
    TooMany {
        /// The mode.
        mode: Mode,
        /// The limit.
        limit: usize,
        /// The value given.
        got: usize,
    },
    /// A coordinate that z doesn't have.
    #[error("`--coordinates`: no coordinate {got}, z has {z_dim}")]
    Coordinate {
        /// The value given.
        got: u64,
        /// Number of coordinates of this model's z.
        z_dim: usize,
    },
    /// An interpolation needs two seeds.
    #[error("`--mode interpolate`: expected two seeds or more, got one")]
    OneSeed,
    /// The model has no classes.
    #[error("`--mode classes`: this model was trained without labels")]
    NoClasses,
    /// A path through classes needs two.
    #[error("`--through`: expected two classes or more, got one")]
    OneClass,
    /// An invalid expression.
    #[error("`--expr {text}`: expected {expected} at character {character}, found {found}")]
    Expression {
        /// The whole expression.
        text: String,
        /// Position of the fault in characters, from 1.
        character: usize,
        /// What could be there.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// A file or folder could not be read.
    #[error("could not read `{}`", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// A file that is not a PNG picture.
    #[error("`{}` can't be shown", path.display())]
    Picture {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: dcgan_figures::Error,
    },
    /// A file that can't be projected.
    #[error("`{}` can't be used as `--picture`", path.display())]
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
        /// Height, width and channels of the file's images.
        got: [usize; 3],
    },
    /// More neighbours than there are training images.
    #[error("`--neighbours {expected}`: `{}` holds {got} training images", path.display())]
    FewImages {
        /// The dataset.
        path: PathBuf,
        /// The number of neighbours requested.
        expected: usize,
        /// The number of images.
        got: usize,
    },
    /// A folder without frames for a film.
    #[error("`{}` has no file `{expected}`", folder.display())]
    NoFrames {
        /// The folder.
        folder: PathBuf,
        /// The expected names; N is a digit.
        expected: &'static str,
    },
    /// A frame that does not fit the first one.
    #[error("`{}` does not fit `{}`: {what} differ", path.display(), first.display())]
    OtherFrame {
        /// The file.
        path: PathBuf,
        /// The first frame.
        first: PathBuf,
        /// What differs.
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
                format!("leave it out, or use `--mode`: {}", modes.join(", "))
            }
            Self::Needed { .. } => "`--help` shows an example".into(),
            Self::TooMany { .. } => "use a smaller number, or `--mode images`".into(),
            Self::Coordinate { z_dim, .. } => format!("use numbers from 0 to {}", z_dim - 1),
            Self::OneSeed => "use `--seeds 0,1`".into(),
            Self::NoClasses => {
                "use a model of `train.network: labelled`, or `--mode interpolate`".into()
            }
            Self::OneClass => "use `--through 3,8`, or leave it out for all classes".into(),
            Self::Expression { .. } => {
                "write it as `mean(3,8,9) - mean(1,4) + 0.5 * seed 7`".into()
            }
            Self::Read { .. } => "check the path and its permissions".into(),
            Self::Picture { source, .. } => return source.hint(),
            Self::Unusable { source, .. } => return source.hint(),
            Self::OtherSize { .. } => "use the dataset that the model was trained on".into(),
            Self::FewImages { got: 0, .. } => "use a dataset with a training part".into(),
            Self::FewImages { got, .. } => format!("use `--neighbours {got}` or fewer"),
            Self::NoFrames { .. } => {
                "use `--checkpoints RUN/train/checkpoints` or `--grids RUN/train/samples`".into()
            }
            Self::OtherFrame { .. } => "use a folder with the files of one run".into(),
        })
    }
}

/// The class of an error of a model: a wrong class is a wrong setting, the rest is input.
pub(crate) fn model_failure(error: dcgan_checkpoints::Error) -> Failure {
    use dcgan_checkpoints::Error as E;
    match error {
        E::UnknownClass { .. } | E::UntrainedClass { .. } | E::ClassOfUnlabelled { .. } => {
            Failure::usage(error)
        }
        _ => Failure::input(error),
    }
}
