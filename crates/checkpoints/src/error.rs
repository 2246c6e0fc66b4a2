//! Errors of loading networks and drawing images.

use dcgan_hints::Hint;
use std::fmt::Write as _;
use std::path::PathBuf;

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file can't be read as a model: damaged, missing, or not of this format.
    #[error(transparent)]
    Artifacts(#[from] dcgan_artifacts::Error),
    /// The file is valid, but its contents are not a usable network.
    #[error("`{}` has no usable network", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Which field or weight, and why.
        #[source]
        source: Box<Error>,
    },
    /// The network rejected its description, weights or input.
    #[error(transparent)]
    Network(#[from] dcgan::Error),
    /// A class that the model doesn't have.
    #[error("no class `{name}`: this model has {}", quoted(known))]
    UnknownClass {
        /// The requested name.
        name: String,
        /// The names of the classes that it was trained on, in the order of their numbers.
        known: Vec<String>,
        /// How many classes it has in all.
        classes: usize,
    },
    /// A class without training pictures.
    #[error(
        "class `{name}` was never trained, as no training picture had it: this model draws {}",
        quoted(known)
    )]
    UntrainedClass {
        /// The class's name.
        name: String,
        /// The names of the classes that it was trained on, in the order of their numbers.
        known: Vec<String>,
    },
    /// A class was requested from a network without classes.
    #[error("class `{name}` was asked for, but this model was trained without labels")]
    ClassOfUnlabelled {
        /// The requested name.
        name: String,
    },
    /// Arrays that belong together differ in length.
    #[error("{what}: expected {expected} values, got {got}")]
    Length {
        /// Which array.
        what: &'static str,
        /// The length that the network and the other arrays need.
        expected: usize,
        /// The length given.
        got: usize,
    },
    /// A labelled network without classes to draw, or classes for an unlabelled one.
    #[error("classes: expected {}, got {}", given(*expected), given(!*expected))]
    Classes {
        /// Whether the network takes classes.
        expected: bool,
    },
}

fn given(given: bool) -> &'static str {
    if given { "one per row" } else { "none" }
}

/// Names in backticks, joined by commas; from the fortieth on only a count.
pub fn quoted(names: &[String]) -> String {
    const SHOWN: usize = 40;
    let mut text = names
        .iter()
        .take(SHOWN)
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ");
    if names.len() > SHOWN {
        // Writing to a String can't fail.
        let _ = write!(text, " and {} more", names.len() - SHOWN);
    }
    text
}

impl Hint for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Artifacts(source) => source.hint(),
            Self::Network(source) => source.hint(),
            Self::Unusable { source, .. } => source.hint().or_else(|| {
                Some("give a checkpoint or generator file of this version of dcgan-train".into())
            }),
            Self::UnknownClass { known, classes, .. } if known.len() == *classes => Some(format!(
                "give one of these names, or a number from 0 to {}",
                classes.saturating_sub(1)
            )),
            Self::UnknownClass { .. } => Some("give one of these names".into()),
            Self::UntrainedClass { .. } => Some(
                "give one of these, or add pictures of that class to the training part, prepare \
                 and train again"
                    .into(),
            ),
            Self::ClassOfUnlabelled { .. } => {
                Some("leave the class out, or take a model of `train.network: labelled`".into())
            }
            Self::Length { .. } | Self::Classes { .. } => None,
        }
    }
}
