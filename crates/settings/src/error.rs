//! Errors in pipelines, with hints.

use crate::{duplicates, keys};
use dcgan_hints::Hint;
use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;

/// Where a faulty setting was written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// In a pipeline file, with line and column from 1 if the parser knows them.
    File {
        /// The file as named by the user.
        name: String,
        /// Line and column.
        at: Option<(usize, usize)>,
    },
    /// On the command line, as the text after `--set`.
    Set(String),
    /// Nowhere: a default that conflicts with another setting.
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
            Self::Set(text) => write!(f, "`--set {}`", shortened(text)),
            Self::Default => f.write_str("the defaults"),
        }
    }
}

/// Letters of a text from outside that an error repeats.
const REPEATED: usize = 100;

/// The beginning of a long text.
fn shortened(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(REPEATED) {
        None => text.into(),
        Some((end, _)) => format!("{}...", &text[..end]).into(),
    }
}

/// An invalid pipeline, for the user to fix: exit code 2.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be read.
    #[error("cannot read the pipeline `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The text is not YAML.
    #[error("{origin} is not well-formed YAML")]
    Syntax {
        /// Where.
        origin: Origin,
        /// The parser's error.
        source: serde_yaml::Error,
    },
    /// Too many of something: brackets, because the parser's time grows with their square, or
    /// aliases (`*name`), because each repeats the contents of its anchor.
    #[error("{origin}: expected at most {limit} {what}, found {found}")]
    TooMany {
        /// Where.
        origin: Origin,
        /// What there are too many of.
        what: &'static str,
        /// The maximum.
        limit: usize,
        /// The number found.
        found: usize,
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
    /// A key that occurs twice in a section.
    #[error("key `{key}` appears twice in {origin}")]
    DuplicateKey {
        /// Where the second one is.
        origin: Origin,
        /// The key, dotted.
        key: String,
    },
    /// A value of the wrong kind.
    #[error("`{key}` in {origin}: expected {expected}, found {}", shortened(found))]
    WrongType {
        /// Where.
        origin: Origin,
        /// The key, dotted.
        key: String,
        /// What is expected.
        expected: String,
        /// The value found.
        found: String,
    },
    /// A value out of range.
    #[error("`{key}` in {origin}: expected {expected}, found {found}")]
    Range {
        /// Where.
        origin: Origin,
        /// The key, dotted.
        key: String,
        /// What is expected.
        expected: String,
        /// The value found.
        found: String,
    },
    /// An environment variable with an invalid value for its setting.
    #[error("environment variable `{name}`: expected {expected}, found `{found}`")]
    Variable {
        /// The variable.
        name: &'static str,
        /// What is expected.
        expected: String,
        /// Its value.
        found: String,
        /// The nearest value, if one is near.
        nearest: Option<String>,
    },
    /// A `--set` that is not `KEY=VALUE`.
    #[error(
        "`--set {}`: expected KEY=VALUE with a dotted key, found {}",
        shortened(text),
        shortened(found)
    )]
    OverrideForm {
        /// The text after `--set`.
        text: String,
        /// What is wrong with it.
        found: String,
    },
    /// A list of seeds that cannot be read.
    #[error(
        "seeds `{}`: expected numbers and ranges such as `0,3-6`, found `{}`",
        shortened(text),
        shortened(found)
    )]
    Seeds {
        /// The whole text.
        text: String,
        /// The part at fault.
        found: String,
    },
}

/// The file that explains every key.
const EXPLAINED: &str = "every key is explained in `pipelines/mnist.yaml`";

impl Hint for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Read { .. } => {
                Some("the pipelines that come with the project lie in `pipelines/`".into())
            }
            Self::Syntax {
                origin: Origin::Set(_),
                ..
            } => Some(
                "quote a value that holds special characters: `--set 'key=\"value\"'`; one \
                     with blanks has quotes in make's SET too: `SET=\"'key=[a, b]'\"`"
                    .into(),
            ),
            Self::Syntax { .. } => {
                Some("write `key: value`, indented by spaces, two for each level".into())
            }
            Self::UnknownKey {
                nearest: Some(nearest),
                ..
            }
            | Self::Variable {
                nearest: Some(nearest),
                ..
            } => Some(format!("did you mean `{nearest}`?")),
            Self::UnknownKey { key, .. } if keys::valued_above(key).is_some() => {
                let above = keys::valued_above(key).unwrap_or_default();
                let takes = keys::choices(above);
                let takes = takes.map_or_else(String::new, |one| format!(", which takes {one}"));
                Some(format!("there are no keys below `{above}`{takes}"))
            }
            Self::UnknownKey { key, .. } => {
                let (parent, _) = key.rsplit_once('.').unwrap_or(("", key));
                let names = keys::names_under(parent);
                match (names.is_empty(), parent) {
                    (true, _) => Some(EXPLAINED.into()),
                    (false, "") => Some(format!("sections are `{}`", names.join("`, `"))),
                    (false, _) => Some(format!("keys of `{parent}` are `{}`", names.join("`, `"))),
                }
            }
            Self::TooMany { .. } => Some("give a pipeline, its values written out".into()),
            Self::DuplicateKey { .. } => Some("remove one of the two".into()),
            Self::WrongType {
                origin,
                key,
                expected,
                found,
            } if found != "a list"
                && (expected.starts_with("text") || expected.starts_with("a path")) =>
            {
                Some(match origin {
                    Origin::Set(_) if !key.contains('[') => {
                        format!("text in quotes of its own stays text: `--set '{key}=\"...\"'`")
                    }
                    _ => "text in quotes stays text: `\"...\"`".into(),
                })
            }
            Self::WrongType { .. } | Self::Range { .. } => Some(EXPLAINED.into()),
            Self::Variable { name, .. } => {
                Some(format!("`unset {name}` leaves it to the settings"))
            }
            Self::OverrideForm { .. } => Some(
                "for example: `--set train.batch_size=32`; a value with blanks is quoted: \
                 `--set 'prepare.folder=My Pictures'`, for make \
                 `SET='\"prepare.folder=My Pictures\"'`"
                    .into(),
            ),
            Self::Seeds { .. } => None,
        }
    }
}

impl Error {
    /// Finds the second of two equal keys in the file's `text`, of which the parser tells only where
    /// the mapping begins.
    pub(crate) fn in_text(mut self, text: &str) -> Self {
        if let Self::DuplicateKey {
            origin: Origin::File { at: Some(at), .. },
            key,
        } = &mut self
        {
            let name = key.rsplit('.').next().unwrap_or(key);
            *at = duplicates::second(text, *at, name).unwrap_or(*at);
        }
        self
    }

    /// Converts serde's error to one of ours; `origin` builds the place from line and column.
    pub(crate) fn typing(
        error: serde_path_to_error::Error<serde_yaml::Error>,
        origin: impl FnOnce(Option<(usize, usize)>) -> Origin,
    ) -> Self {
        let path = error.path().to_string();
        let source = error.into_inner();
        let origin = origin(source.location().map(|at| (at.line(), at.column())));
        match Fault::read(&source.to_string()) {
            Some(Fault::UnknownField(name)) => {
                let key = dotted(&path, &name);
                Self::UnknownKey {
                    origin,
                    nearest: keys::nearest(&key),
                    key,
                }
            }
            Some(Fault::DuplicateField(name)) => Self::DuplicateKey {
                origin,
                key: dotted(&path, &name),
            },
            Some(Fault::Wrong { found, expected }) => {
                let key = if path == "." {
                    "top level".into()
                } else {
                    path
                };
                let choices = is_of_enum(&expected).then(|| keys::choices(&key));
                Self::WrongType {
                    expected: choices.flatten().unwrap_or_else(|| plain(&expected)),
                    origin,
                    key,
                    found: plain(&found),
                }
            }
            None => Self::Syntax { origin, source },
        }
    }
}

/// The kind of fault that serde reports.
enum Fault {
    UnknownField(String),
    DuplicateField(String),
    Wrong { found: String, expected: String },
}

impl Fault {
    /// Parses serde's message, whose form is documented (`serde::de::Error`); it may be between a
    /// path and ` at line 3 column 5`.
    fn read(message: &str) -> Option<Self> {
        let after = |opener: &str| message.split_once(opener).map(|(_, rest)| rest);
        let quoted = |opener: &str| after(opener)?.split('`').next().map(str::to_owned);
        if let Some(name) = quoted("unknown field `") {
            return Some(Self::UnknownField(name));
        }
        if let Some(name) = quoted("duplicate field `") {
            return Some(Self::DuplicateField(name));
        }
        let wrong = after("invalid type: ")
            .or_else(|| after("invalid value: "))
            .or_else(|| after("unknown variant "))?;
        let (found, expected) = wrong.rsplit_once(", expected ")?;
        let expected = expected
            .rsplit_once(" at line ")
            .map_or(expected, |(kept, _)| kept);
        Some(Self::Wrong {
            found: found.into(),
            expected: expected.into(),
        })
    }
}

/// Whether the parser asks for one of a few names, in terms of its own.
fn is_of_enum(expected: &str) -> bool {
    expected.contains("enum") || expected.starts_with("a YAML tag")
}

/// `name` under serde's path, which already ends in `name` or is `.` for the root.
fn dotted(path: &str, name: &str) -> String {
    match path {
        "." => name.into(),
        path if path == name || path.ends_with(&format!(".{name}")) => path.into(),
        path => keys::join(path, name),
    }
}

/// Replaces terms of serde and Rust by plain words.
fn plain(words: &str) -> String {
    let openers = [
        ("string ", "text "),
        ("integer ", "number "),
        ("floating point ", "number "),
    ];
    for (theirs, ours) in openers {
        if let Some(rest) = words.strip_prefix(theirs) {
            return format!("{ours}{rest}");
        }
    }
    match words {
        "usize" | "u64" => "a whole number, at least 0",
        "f64" => "a number",
        "a boolean" => "`true` or `false`",
        "a string" => "text",
        "path string" => "a path",
        "a sequence" | "sequence" => "a list",
        "a map" | "map" => "a mapping of keys to values",
        "unit value" => "nothing",
        words if words.starts_with("struct ") => "a mapping of keys to values",
        words => words,
    }
    .into()
}
