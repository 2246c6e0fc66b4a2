//! Files of a source: their keys, paths and names.

use crate::names::{name_below, shared_folder};
use dcgan_artifacts::{FileRecord, digest_file};
use dcgan_stage::Failure;
use serde_json::{Value, json};
use std::path::PathBuf;

/// A file of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Given {
    /// Its key in the section of the source.
    pub(crate) key: &'static str,
    pub(crate) path: PathBuf,
    /// The path relative to the common folder of all files, so that outputs have no absolute path.
    pub(crate) name: String,
}

impl Given {
    /// The files of several keys, in order.
    pub(crate) fn all(keys: &[(&'static str, &[PathBuf])]) -> Vec<Self> {
        let paths = keys.iter().flat_map(|(_, paths)| paths.iter());
        let root = shared_folder(paths.filter_map(|path| path.parent()));
        let of_key = |(key, paths): &(&'static str, &[PathBuf])| {
            let key = *key;
            let given = |path: &PathBuf| Self {
                key,
                path: path.clone(),
                name: name_below(&root, path),
            };
            paths.iter().map(given).collect::<Vec<_>>()
        };
        keys.iter().flat_map(of_key).collect()
    }

    /// Name, size and hash.
    ///
    /// # Errors
    /// [`Failure::Input`] for a file that can't be read.
    pub(crate) fn record(&self) -> Result<FileRecord, Failure> {
        Ok(FileRecord::new(self.name.clone(), digest_file(&self.path)?))
    }

    /// Name, size and hash of each file; a file with several keys is listed once.
    ///
    /// # Errors
    /// As [`Given::record`].
    pub(crate) fn records(files: &[Self]) -> Result<Vec<FileRecord>, Failure> {
        let is_first = |at: &usize| files[..*at].iter().all(|file| file.path != files[*at].path);
        let firsts = (0..files.len()).filter(is_first);
        firsts.map(|at| files[at].record()).collect()
    }

    /// A section of settings with the files' names instead of their paths.
    pub(crate) fn in_settings(files: &[Self], mut section: Value) -> Value {
        for file in files {
            section[file.key] = json!([]);
        }
        for file in files {
            if let Some(names) = section[file.key].as_array_mut() {
                names.push(json!(file.name));
            }
        }
        section
    }
}
