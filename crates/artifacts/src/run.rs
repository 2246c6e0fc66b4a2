//! `run.json`: what a training was started with.

use crate::atomic::{self, write_atomic};
use crate::error::{Artifact, Error};
use serde_json::{Map, Value};
use std::path::Path;

/// Section of the settings of the training.
const SECTION: &str = "train";
/// A longer file holds no settings.
const MOST_BYTES: u64 = 1 << 20;

/// What a training was started with: all that its bytes follow from.
#[derive(Debug, Clone, PartialEq)]
pub struct RunFile {
    /// Settings and hashes of inputs, by section.
    pub sections: Value,
}

impl RunFile {
    /// The file's name within the run folder.
    pub const NAME: &str = "run.json";

    /// Reads the file of the run in `folder`; `None` where there is no such file.
    ///
    /// # Errors
    /// [`Error::Read`]; [`Error::Json`] for what is no JSON, [`Error::Unfit`] for a file that is
    /// too large or something else than a file.
    pub fn read(folder: &Path) -> Result<Option<Self>, Error> {
        let path = folder.join(Self::NAME);
        match json(&path) {
            Err(Error::Missing { .. }) => Ok(None),
            sections => Ok(Some(Self {
                sections: sections?,
            })),
        }
    }

    /// Writes the file into `folder`.
    ///
    /// # Errors
    /// As [`write_atomic`].
    pub fn write(&self, folder: &Path) -> Result<(), Error> {
        let text = format!("{:#}\n", self.sections);
        write_atomic(&folder.join(Self::NAME), text.as_bytes())
    }

    /// The settings of the training in a file that any program wrote, by their keys: those in the
    /// section `train`, as `dcgan-train` records them, or all there is without such a section.
    ///
    /// # Errors
    /// [`Error::Missing`], and as [`RunFile::read`]; [`Error::Json`] also for JSON but no object.
    pub fn read_settings(path: &Path) -> Result<Map<String, Value>, Error> {
        let mut sections: Map<String, Value> = json(path)?;
        Ok(match sections.remove(SECTION) {
            Some(Value::Object(settings)) => settings,
            other => {
                sections.extend(other.map(|value| (SECTION.to_owned(), value)));
                sections
            }
        })
    }
}

fn json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let artifact = Artifact::Run;
    let text = atomic::read_whole(path, artifact, MOST_BYTES)?;
    serde_json::from_slice(&text).map_err(|source| Error::Json {
        path: path.to_owned(),
        artifact,
        source,
    })
}
