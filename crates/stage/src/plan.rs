//! The planned files of a result.

use crate::Error;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The files that a stage will write. A dry run prints them, and the frame compares the written
/// files with them before it writes the manifest.
///
/// The manifest is not among them: the frame adds it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    files: Vec<Planned>,
    pub(crate) about: String,
    pub(crate) figures: Map<String, Value>,
}

/// An entry of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Planned {
    /// The name within the stage's folder, or a pattern.
    pub(crate) name: String,
    pub(crate) number: Number,
}

/// The number of files of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Number {
    One,
    /// One or none.
    Optional,
    /// Any number: the name is a pattern.
    Many,
    /// Like `Many`, but files of an earlier result are kept.
    Kept,
}

impl Planned {
    fn is(&self, name: &str) -> bool {
        match self.number {
            Number::One | Number::Optional => self.name == name,
            Number::Many | Number::Kept => matches(self.name.as_bytes(), name.as_bytes()),
        }
    }

    /// The folder within the stage's folder, if it has one.
    pub(crate) fn folder(&self) -> Option<&str> {
        self.name.rsplit_once('/').map(|(folder, _)| folder)
    }
}

impl Plan {
    /// An empty plan.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file that will be written.
    #[must_use]
    pub fn file(self, name: impl Into<String>) -> Self {
        self.add(name.into(), Number::One)
    }

    /// Adds files that will be written.
    #[must_use]
    pub fn files<N: Into<String>>(self, names: impl IntoIterator<Item = N>) -> Self {
        names.into_iter().fold(self, Self::file)
    }

    /// Adds a file that may be written, depending on the course of the stage.
    #[must_use]
    pub fn optional(self, name: impl Into<String>) -> Self {
        self.add(name.into(), Number::Optional)
    }

    /// Adds any number of files by a pattern: `N` is a digit, `*` is any text without `/`.
    #[must_use]
    pub fn many(self, pattern: impl Into<String>) -> Self {
        self.add(pattern.into(), Number::Many)
    }

    /// Like [`many`](Self::many), but files of an earlier result are kept: the stage reads them,
    /// and removes those that it doesn't write again.
    #[must_use]
    pub fn kept(self, pattern: impl Into<String>) -> Self {
        self.add(pattern.into(), Number::Kept)
    }

    /// Sets the text that a dry run prints first, without a line feed at the end.
    #[must_use]
    pub fn about(mut self, text: impl Into<String>) -> Self {
        self.about = text.into();
        self
    }

    /// Adds a key that a dry run prints with `--json`.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.figures.insert(key.to_owned(), value.into());
        self
    }

    fn add(mut self, name: String, number: Number) -> Self {
        self.files.push(Planned { name, number });
        self
    }

    /// All entries, in order.
    pub(crate) fn entries(&self) -> &[Planned] {
        &self.files
    }

    /// Whether an earlier result's file of this name stays until it is replaced: it will certainly
    /// be written, or the stage still uses it.
    pub(crate) fn keeps(&self, name: &str) -> bool {
        let stays = |file: &&Planned| matches!(file.number, Number::One | Number::Kept);
        self.files.iter().filter(stays).any(|file| file.is(name))
    }

    /// The sub-folders of the planned files.
    pub(crate) fn folders(&self) -> BTreeSet<&str> {
        self.files.iter().filter_map(Planned::folder).collect()
    }

    /// Compares the plan with the names of the written files, in any order.
    ///
    /// # Errors
    /// [`Error::Unplanned`] and [`Error::Unwritten`].
    pub fn check<'a>(&self, written: impl IntoIterator<Item = &'a str>) -> Result<(), Error> {
        let written: BTreeSet<&str> = written.into_iter().collect();
        let is_planned = |name: &&&str| self.files.iter().any(|file| file.is(name));
        if let Some(name) = written.iter().find(|name| !is_planned(name)) {
            let name = (*name).to_owned();
            return Err(Error::Unplanned { name });
        }
        let is_missing =
            |file: &&Planned| file.number == Number::One && !written.contains(file.name.as_str());
        match self.files.iter().find(is_missing) {
            Some(file) => Err(Error::Unwritten {
                name: file.name.clone(),
            }),
            None => Ok(()),
        }
    }
}

fn matches(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern, name) {
        ([], []) => true,
        ([b'*', rest @ ..], name) => {
            matches(rest, name)
                || matches!(name, [c, more @ ..] if *c != b'/' && matches(pattern, more))
        }
        ([b'N', pattern @ ..], [digit, name @ ..]) if digit.is_ascii_digit() => {
            matches(pattern, name)
        }
        ([expected, pattern @ ..], [got, name @ ..]) => expected == got && matches(pattern, name),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_pattern_has_digits_and_any_text_of_one_folder() {
        let is = |pattern: &str, name: &str| matches(pattern.as_bytes(), name.as_bytes());
        assert!(is("a/step-NNN.png", "a/step-012.png"));
        assert!(!is("a/step-NNN.png", "a/step-12.png"));
        assert!(!is("a/step-NNN.png", "a/step-x12.png"));
        assert!(is("images/*.png", "images/seed-0-000001.png"));
        assert!(is("*", "") && is("*.png", ".png") && is("a*b*c", "abbc"));
        assert!(!is("images/*.png", "images/below/a.png"));
        assert!(!is("images/*.png", "images/a.png.txt"));
    }
}
