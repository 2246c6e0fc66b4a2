//! `run.json` read back: what a training was started with, for those who show it.

use crate::atomic;
use crate::error::{Artifact, Error};
use serde_json::{Map, Value};
use std::path::Path;

/// Section of the settings of the training.
const SECTION: &str = "train";
/// A longer file holds no settings.
const MOST_BYTES: u64 = 1 << 20;

/// The settings by their keys: those in the section `train`, as `dcgan-train` records them, or all there is
/// where another program has no such section.
///
/// # Errors
/// [`Error::Missing`], [`Error::Read`]; [`Error::Json`] for what is no JSON object, [`Error::Unfit`] for a file
/// that is too large.
pub fn read_run_settings(path: &Path) -> Result<Map<String, Value>, Error> {
    let artifact = Artifact::Run;
    let text = atomic::read_whole(path, artifact, MOST_BYTES)?;
    let mut sections: Map<String, Value> =
        serde_json::from_slice(&text).map_err(|source| Error::Json {
            path: path.to_owned(),
            artifact,
            source,
        })?;
    Ok(match sections.remove(SECTION) {
        Some(Value::Object(settings)) => settings,
        other => {
            sections.extend(other.map(|value| (SECTION.to_owned(), value)));
            sections
        }
    })
}
