//! Loads a checked [`Pipeline`] from a file and the command line.

use crate::error::{Error, Origin};
use crate::limits::check_counts;
use crate::overrides::{self, Override};
use crate::{Pipeline, ranges};
use serde_yaml::Value;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// Maximum length of a pipeline; a longer file was given by mistake.
const MAX_BYTES: u64 = 1 << 20;

/// Reads the pipeline at `path`, applies `overrides` (`train.batch_size=32`, one each, later ones
/// win) and checks every value.
///
/// # Errors
/// Names the file with line and column, or the override, with key, expected and found.
pub fn load(path: &Path, overrides: &[String]) -> Result<Pipeline, Error> {
    let text = read(path).map_err(|source| Error::Read {
        path: path.to_path_buf(),
        source,
    })?;
    load_text(&path.display().to_string(), &text, overrides)
}

/// Like [`load`], from text; errors use `name` for it. Empty text gives the defaults.
///
/// # Errors
/// Like [`load`].
pub fn load_text(name: &str, text: &str, overrides: &[String]) -> Result<Pipeline, Error> {
    let file = |at| Origin::File {
        name: name.into(),
        at,
    };
    check_counts(text, || file(None))?;
    // First without overrides: only the text has lines and columns.
    let typed = serde_path_to_error::deserialize(serde_yaml::Deserializer::from_str(text));
    let mut pipeline: Pipeline = typed
        .map(Option::unwrap_or_default)
        .map_err(|error| Error::typing(error, file).in_text(text))?;

    let mut tree: Value = serde_yaml::from_str(text).map_err(|source| Error::Syntax {
        origin: file(None),
        source,
    })?;
    let overrides = overrides
        .iter()
        .map(|text| Override::parse(text))
        .collect::<Result<Vec<_>, _>>()?;
    // Again after each override, to find the one at fault.
    for given in &overrides {
        given.require_no_value_above()?;
        given.apply(&mut tree);
        pipeline = serde_path_to_error::deserialize(tree.clone())
            .map_err(|error| Error::typing(error, |_| Origin::Set(given.text.clone())))?;
    }

    ranges::check(&pipeline).map_err(|fault| {
        let origin = match overrides
            .iter()
            .rev()
            .find(|given| given.touches(&fault.key))
        {
            Some(given) => Origin::Set(given.text.clone()),
            None if overrides::stands_in(&tree, &fault.key) => file(None),
            None => Origin::Default,
        };
        fault.at(origin)
    })?;
    Ok(pipeline)
}

/// Reads a file of at most [`MAX_BYTES`], even if the file is endless. It may be a pipe, as from a
/// shell's `<(...)`, or `/dev/null`.
fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?
        .take(MAX_BYTES + 1)
        .read_to_string(&mut text)?;
    if text.len() as u64 > MAX_BYTES {
        let message = format!("expected at most {MAX_BYTES} bytes of YAML, found more");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(text)
}
