//! `manifest.json`: a stage's inputs, settings and outputs. Written last: a folder with a manifest
//! is complete.
//!
//! It contains no time and no path of the machine, so that equal runs have equal bytes.

use crate::atomic::{self, write_atomic};
use crate::digest::{FileDigest, digest_file, digest_file_as, hex, sha256_bytes};
use crate::error::{Artifact, Error};
use crate::run::RunFile;
use crate::seal::{seal, take_format, take_seal};
use dcgan_hints::text_of;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::path::{Component, Path};

/// The newest version of this format that this program reads, and the one that it writes.
pub const FORMAT_VERSION: u32 = 1;

/// Maximum length of a manifest: a hundred thousand files.
const MOST_BYTES: u64 = 1 << 26;

/// A file, or a folder of pictures, by name and content.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileRecord {
    /// Its name, relative to the root of the sources or to the stage's folder.
    pub name: String,
    /// Length in bytes; for a folder the sum.
    pub bytes: u64,
    /// SHA-256; for a folder over the sorted list of (name, hash).
    pub sha256: String,
    /// Files of a folder; `None` for a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

/// A source of a dataset.
pub type SourceRecord = FileRecord;

impl FileRecord {
    /// The record of a file under `name`.
    pub fn new(name: impl Into<String>, digest: FileDigest) -> Self {
        Self {
            name: name.into(),
            bytes: digest.bytes,
            sha256: digest.sha256,
            count: None,
        }
    }

    /// The record of the file at `path`, under its name without its folder.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Read`], or [`Error::Unfit`] for what is not a file.
    pub fn at(path: &Path) -> Result<Self, Error> {
        let name = text_of(path.file_name().unwrap_or(path.as_os_str()));
        Ok(Self::new(name, digest_file(path)?))
    }

    /// The record of the file `name` in `folder`.
    ///
    /// # Errors
    /// As [`FileRecord::at`].
    pub fn of_file(folder: &Path, name: &str) -> Result<Self, Error> {
        Ok(Self::new(name, digest_file(&folder.join(name))?))
    }

    /// The record of a file of these bytes.
    pub fn of_bytes(name: &str, bytes: &[u8]) -> Self {
        Self {
            name: name.to_owned(),
            bytes: bytes.len() as u64,
            sha256: sha256_bytes(bytes),
            count: None,
        }
    }
}

/// Builds the record of a folder of files: their number, the sum of their bytes, and the SHA-256
/// over the following for each file in the order added: the path below the folder in the system's
/// bytes, a zero byte, and the file's SHA-256 in binary.
#[derive(Debug, Clone, Default)]
pub struct FolderDigest {
    hasher: Sha256,
    bytes: u64,
    count: u64,
}

impl FolderDigest {
    /// Adds a file by its path below the folder, its length and its SHA-256.
    pub fn add(&mut self, below: &Path, bytes: u64, sha256: &[u8; 32]) {
        self.hasher.update(below.as_os_str().as_encoded_bytes());
        self.hasher.update([0]);
        self.hasher.update(sha256);
        self.bytes += bytes;
        self.count += 1;
    }

    /// The folder's record under this name.
    pub fn record(self, name: String) -> FileRecord {
        FileRecord {
            name,
            bytes: self.bytes,
            sha256: hex(&self.hasher.finalize()),
            count: Some(self.count),
        }
    }
}

/// What a stage read, was told, and wrote.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The stage's program, e.g. `dcgan-train`.
    pub stage: String,
    /// The program's version.
    pub version: String,
    /// The resolved settings.
    pub settings: Value,
    /// The files read.
    pub inputs: Vec<FileRecord>,
    /// The files written, except those with clock times.
    pub outputs: Vec<FileRecord>,
}

impl Manifest {
    /// The manifest's file name.
    pub const NAME: &str = "manifest.json";

    /// Reads and verifies the manifest of `folder`; `None` if there is none.
    ///
    /// # Errors
    /// As the crate's documentation lists for every reader.
    pub fn read(folder: &Path) -> Result<Option<Self>, Error> {
        let path = folder.join(Self::NAME);
        let artifact = Artifact::Manifest;
        let bytes = match atomic::read_whole(&path, artifact, MOST_BYTES) {
            Err(Error::Missing { .. }) => return Ok(None),
            bytes => bytes?,
        };
        let text = String::from_utf8(bytes)
            .map_err(|_| Error::damaged(&path, artifact, "text in UTF-8", "other bytes"))?;
        let unfit = |source| Error::Json {
            path: path.clone(),
            artifact,
            source,
        };
        let mut object: Map<String, Value> = serde_json::from_str(&text).map_err(unfit)?;
        take_format(&mut object, FORMAT_VERSION, &path, artifact)?;
        if !take_seal(&mut object, &text, &path, artifact)? {
            return Err(Error::damaged(&path, artifact, "a key `seal`", "none"));
        }
        let manifest: Self = serde_json::from_value(Value::Object(object)).map_err(unfit)?;
        manifest.require_inside(&path)?;
        Ok(Some(manifest))
    }

    /// Refuses outputs outside the manifest's folder, so that they are never read or removed.
    fn require_inside(&self, path: &Path) -> Result<(), Error> {
        let is_inside = |record: &&FileRecord| {
            let mut parts = Path::new(&record.name).components();
            parts.all(|part| matches!(part, Component::Normal(_)))
        };
        match self.outputs.iter().find(|record| !is_inside(record)) {
            None => Ok(()),
            Some(record) => {
                let expected = "outputs inside its folder";
                let got = format!("`{}`", record.name);
                Err(Error::damaged(path, Artifact::Manifest, expected, got))
            }
        }
    }

    /// Writes the manifest into `folder` with sorted keys and records.
    ///
    /// # Errors
    /// As [`write_atomic`].
    pub fn write(&self, folder: &Path) -> Result<(), Error> {
        let path = folder.join(Self::NAME);
        let mut sorted = self.clone();
        sorted.inputs.sort();
        sorted.outputs.sort();
        let text = serde_json::to_value(&sorted)
            .and_then(|mut value| {
                value["format"] = FORMAT_VERSION.into();
                seal(value, |value| {
                    serde_json::to_string_pretty(value).map(|text| text + "\n")
                })
            })
            .map_err(|source| Error::Json {
                path: path.clone(),
                artifact: Artifact::Manifest,
                source,
            })?;
        write_atomic(&path, text.as_bytes())
    }

    /// Removes the manifest of `folder`, if there is one, so that the folder is no longer complete.
    /// Do this first when remaking a folder.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn remove(folder: &Path) -> Result<(), Error> {
        atomic::remove_file(&folder.join(Self::NAME))
    }

    /// Compares every output in `folder` with its record.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Read`], or [`Error::Damaged`] naming the first that differs.
    pub fn verify_outputs(&self, folder: &Path) -> Result<(), Error> {
        for record in &self.outputs {
            let path = folder.join(&record.name);
            let artifact = self.kind_of(&record.name);
            let found = digest_file_as(&path, artifact)?;
            if found.bytes != record.bytes || found.sha256 != record.sha256 {
                return Err(Error::damaged(
                    &path,
                    artifact,
                    format!("{} bytes of SHA-256 `{}`", record.bytes, record.sha256),
                    format!("{} bytes of SHA-256 `{}`", found.bytes, found.sha256),
                ));
            }
        }
        Ok(())
    }

    /// Whether the stage makes its output `name` again when it is gone.
    fn kind_of(&self, name: &str) -> Artifact {
        let is_table = Path::new(name).extension().is_some_and(|end| end == "csv");
        let is_record = is_table || name == RunFile::NAME;
        if self.stage == "dcgan-train" && is_record {
            Artifact::Record
        } else {
            Artifact::Listed
        }
    }
}

/// Completes settings that were recorded before some keys existed: each key of `asked` that is
/// missing in a section of the record gets its value from `defaults`.
///
/// This lets older runs continue with a newer program. It relies on the rule that the default of a
/// new setting changes nothing.
#[must_use]
pub fn with_defaults(mut recorded: Value, asked: &Value, defaults: &Value) -> Value {
    for (section, asked) in asked.as_object().into_iter().flatten() {
        if let (Some(recorded), Some(defaults)) = (recorded.get_mut(section), defaults.get(section))
        {
            add_defaults(recorded, asked, defaults);
        }
    }
    recorded
}

fn add_defaults(recorded: &mut Value, asked: &Value, defaults: &Value) {
    let (Value::Object(recorded), Value::Object(asked)) = (recorded, asked) else {
        return;
    };
    for (key, asked) in asked {
        let Some(default) = defaults.get(key) else {
            continue;
        };
        let value = recorded
            .entry(key.as_str())
            .or_insert_with(|| default.clone());
        add_defaults(value, asked, default);
    }
}

/// A setting that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The dotted key, e.g. `train.batch_size`.
    pub key: String,
    /// The old value; `None` if the key is new.
    pub old: Option<Value>,
    /// The new value; `None` if the key was removed.
    pub new: Option<Value>,
}

/// The leaves in which two trees of settings differ, by dotted key, sorted.
///
/// Lists and plain values are leaves; numbers are compared by value (1 equals 1.0).
pub fn differences(old: &Value, new: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    collect(String::new(), Some(old), Some(new), &mut found);
    found
}

fn collect(key: String, old: Option<&Value>, new: Option<&Value>, found: &mut Vec<Difference>) {
    if let (Some(Value::Object(old)), Some(Value::Object(new))) = (old, new) {
        let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for name in keys {
            let key = if key.is_empty() {
                name.clone()
            } else {
                format!("{key}.{name}")
            };
            collect(key, old.get(name), new.get(name), found);
        }
        return;
    }
    let equal = match (old, new) {
        (Some(Value::Number(old)), Some(Value::Number(new))) => {
            old == new || old.as_f64() == new.as_f64() && (old.is_f64() || new.is_f64())
        }
        (old, new) => old == new,
    };
    if !equal {
        found.push(Difference {
            key,
            old: old.cloned(),
            new: new.cloned(),
        });
    }
}
