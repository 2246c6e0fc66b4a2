//! The files of a source that is read whole: their keys, paths and names.

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
    /// The path below the folder that all files share, so that no machine's path is written.
    pub(crate) name: String,
}

impl Given {
    /// The files of several keys, in their order.
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

    /// Name, size and hash of each file; one that has several keys is listed once.
    ///
    /// # Errors
    /// As [`Given::record`].
    pub(crate) fn records(files: &[Self]) -> Result<Vec<FileRecord>, Failure> {
        let is_first = |at: &usize| files[..*at].iter().all(|file| file.path != files[*at].path);
        let firsts = (0..files.len()).filter(is_first);
        firsts.map(|at| files[at].record()).collect()
    }

    /// A section of settings with the names of the files instead of their paths.
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
