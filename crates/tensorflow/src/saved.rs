//! The variables of a checkpoint.

use crate::table::File;
use crate::variables::{Variables, shard_name, with_suffix};
use crate::{Error, bundle, slices};
use dcgan::Arrays;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The variables of a checkpoint of TensorFlow.
#[derive(Debug)]
pub struct SavedVariables {
    path: PathBuf,
    variables: Variables,
}

impl SavedVariables {
    /// Reads a checkpoint of either format. `prefix` is its name as `tf.train.Saver` was given it,
    /// with the step: `DCGAN.model-5002`. The name of one of its files will do, too.
    ///
    /// Memory: the largest file, and the variables of type float32.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::MissingPart`], [`Error::Read`], [`Error::NotATable`],
    /// [`Error::Damaged`], and [`Error::Unsupported`] for variables in parts and for files of
    /// machines that put the highest byte first.
    pub fn open(prefix: &Path) -> Result<Self, Error> {
        let path = prefix_of(prefix);
        let mut variables = Variables::default();
        let index = with_suffix(&path, ".index");
        if index.is_file() {
            bundle::read(&path, &File::read(&index)?, &mut variables)?;
        } else {
            for table in tables(&path)? {
                slices::read(&File::read(&table)?, &mut variables)?;
            }
        }
        Ok(Self { path, variables })
    }

    /// The files of the checkpoint `prefix`, which [`open`](Self::open) reads.
    ///
    /// # Errors
    /// [`Error::Missing`].
    pub fn files(prefix: &Path) -> Result<Vec<PathBuf>, Error> {
        let path = prefix_of(prefix);
        let index = with_suffix(&path, ".index");
        if !index.is_file() {
            return tables(&path);
        }
        let data = with_suffix(&path, ".data");
        let names = names_in(&folder_of(&path));
        let is_data = |name: &&String| {
            let prefix = numbered(name).map(|(prefix, _)| OsStr::new(prefix));
            prefix.is_some() && prefix == data.file_name()
        };
        let files = names
            .iter()
            .filter(is_data)
            .map(|name| path.with_file_name(name));
        Ok([index].into_iter().chain(files).collect())
    }

    /// The checkpoint's name, without the ending of any of its files.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The variables of type float32, by name.
    pub fn floats(&self) -> &Arrays {
        &self.variables.floats
    }

    /// The names of the variables of other types, with the type.
    pub fn others(&self) -> &BTreeMap<String, String> {
        &self.variables.others
    }

    /// The number at the end of the checkpoint's name, which is the step that it was saved at.
    pub fn step(&self) -> Option<u64> {
        let name = self.path.file_name()?.to_str()?;
        name.rsplit_once('-')?.1.parse().ok()
    }
}

/// The checkpoint's name, if `typed` may be the name of one of its files.
fn prefix_of(typed: &Path) -> PathBuf {
    let name = typed
        .file_name()
        .and_then(OsStr::to_str)
        .unwrap_or_default();
    let prefix = name
        .strip_suffix(".index")
        .or_else(|| name.strip_suffix(".meta"))
        .or_else(|| {
            let (prefix, _) = numbered(name)?;
            Some(prefix.strip_suffix(".data").unwrap_or(prefix))
        });
    prefix.map_or_else(|| typed.to_owned(), |prefix| typed.with_file_name(prefix))
}

/// `model-7-00000-of-00002` in two parts: the prefix, and the number of files.
fn numbered(name: &str) -> Option<(&str, i32)> {
    let (rest, n) = name.rsplit_once("-of-")?;
    let (prefix, shard) = rest.rsplit_once('-')?;
    let number = |text: &str| -> Option<i32> {
        let digits = text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| digits)
    };
    number(shard)?;
    Some((prefix, number(n)?))
}

/// The files of a V1 checkpoint, one or several.
fn tables(prefix: &Path) -> Result<Vec<PathBuf>, Error> {
    if prefix.is_file() {
        return Ok(vec![prefix.to_owned()]);
    }
    let name = prefix
        .file_name()
        .and_then(OsStr::to_str)
        .unwrap_or_default();
    let n = names_in(&folder_of(prefix)).iter().find_map(|found| {
        numbered(found)
            .filter(|(prefix, _)| *prefix == name)
            .map(|(_, n)| n)
    });
    match n {
        Some(n) => Ok((0..n)
            .map(|shard| shard_name(prefix, "", shard, n))
            .collect()),
        None => Err(Error::Missing {
            path: prefix.to_owned(),
            found: checkpoints_near(prefix),
        }),
    }
}

/// The checkpoints in the folder `path`, or in the folder of the file `path`.
fn checkpoints_near(path: &Path) -> Vec<String> {
    let folder = if path.is_dir() {
        path.to_owned()
    } else {
        folder_of(path)
    };
    let prefixes: BTreeSet<PathBuf> = names_in(&folder)
        .iter()
        .map(|name| folder.join(name))
        .filter(|file| prefix_of(file) != *file)
        .map(|file| prefix_of(&file))
        .collect();
    prefixes
        .iter()
        .map(|prefix| prefix.display().to_string())
        .collect()
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// The names in a folder that are text.
fn names_in(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect()
}
