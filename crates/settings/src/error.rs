//! What can be wrong with a pipeline, and what to do about it.

use dcgan_hints::Hint;
use std::fmt;
use std::path::PathBuf;

/// Where a faulty setting was written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// In a pipeline file; line and column count from 1 where the parser knows them.
    File {
        /// The file, as it was named by the user.
        name: String,
        /// Line and column.
        at: Option<(usize, usize)>,
    },
    /// On the command line, as the text after `--set`.
    Set(String),
    /// Nowhere: a default of this program that does not fit another setting.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File {
                name,
                at: Some((line, column)),
            } => write!(f, "`{name}:{line}:{column}`"),
            Self::File { name, at: None } => write!(f, "`{name}`"),
            Self::Set(text) => write!(f, "`--set {text}`"),
            Self::Default => f.write_str("the defaults"),
        }
    }
}

/// A pipeline that cannot be used. Every case is the user's to mend: exit code 2.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be read.
    #[error("cannot read the pipeline `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The text is no YAML.
    #[error("{origin} is not well-formed YAML")]
    Syntax {
        /// Where.
        origin: Origin,
        /// What the parser says.
        source: serde_yaml::Error,
    },
    /// A key that no stage knows.
    #[error("unknown key `{key}` in {origin}")]
    UnknownKey {
        /// Where.
        origin: Origin,
        /// The key, dotted.
        key: String,
        /// The nearest key that exists, dotted, if one is near.
        nearest: Option<String>,
    },
    /// A value of the wrong kind.
    #[error("`{key}` in {origin}: expected {expected}, found {found}")]
    WrongType {
        /// Where.
        origin: Origin,
        /// The key, dotted.
        key: String,
        /// What belongs there.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// A value outside what makes sense.
    #[error("`{key}` in {origin}: expected {expected}, found {found}")]
    Range {
        /// Where.
        origin: Origin,
        /// The key, dotted.
        key: String,
        /// What belongs there.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// A `--set` that is not `KEY=VALUE`.
    #[error("`--set {text}`: expected KEY=VALUE with a dotted key, found no `=`")]
    OverrideForm {
        /// The text after `--set`.
        text: String,
    },
    /// A list of seeds that cannot be read.
    #[error("seeds `{text}`: expected numbers and ranges such as `0,3-6`, found `{found}`")]
    Seeds {
        /// The whole text.
        text: String,
        /// The part at fault.
        found: String,
    },
}

impl Hint for Error {}
