//! Labels that come with the pictures: the `dataset.json` of `StyleGAN`, the `.cls` files of a
//! `WebDataset`, and the column of labels of a table.

use super::walk::{Entry, Root};
use super::work::Work;
use crate::names::slashed;
use dcgan_hints::{Hint, is_printable};
use dcgan_settings::{Labels, Prepare};
use dcgan_stage::Failure;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io;

/// The table of labels of `dataset_tool.py`, which belongs to `StyleGAN`.
const TABLE: &str = "dataset.json";
/// Most bytes of it: a row of a million pictures has about 40.
const MOST_TABLE: u64 = 1 << 26;
/// Most bytes of a file with one label.
const MOST_LABEL: u64 = 1 << 10;
/// Extensions of a `WebDataset` for data about a picture.
const ABOUT: [&str; 3] = ["cls", "json", "txt"];

/// Why the labels can't be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BesideError {
    /// There is no table.
    #[error(
        "`{root}` has no `dataset.json`: expected one, as `prepare.pictures.labels` is \
         `dataset_json`"
    )]
    NoTable {
        /// The archive or folder.
        root: String,
    },
    /// The table has no labels.
    #[error("`{name}` has no labels: expected a list `labels`, got none")]
    NoLabels {
        /// The table.
        name: String,
    },
    /// The table can't be read as such.
    #[error("`{name}` is no table of labels: expected `{{\"labels\": [[\"FILE\", NUMBER], ...]}}`")]
    Table {
        /// The table.
        name: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A file can't be read.
    #[error("could not read `{name}`")]
    Read {
        /// The file.
        name: String,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// A file is too long for what it should be.
    #[error("`{name}` is too long: expected at most {most} bytes")]
    TooLong {
        /// The file.
        name: String,
        /// Bytes it may have.
        most: u64,
    },
    /// A file without a label.
    #[error("`{name}` is no label: expected a number or a name on one line")]
    Label {
        /// The file.
        name: String,
    },
}

impl Hint for BesideError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoTable { .. } | Self::NoLabels { .. } => {
                "StyleGAN's `dataset_tool.py` writes it; without labels set \
                 `prepare.pictures.labels` to `none`, or to `folder` for a folder per class"
            }
            Self::Table { .. } => "make it anew with StyleGAN's `dataset_tool.py`",
            Self::Read { .. } => "the download may have been cut: get the file again",
            Self::TooLong { .. } | Self::Label { .. } => {
                "without labels set `prepare.pictures.labels` to `none`"
            }
        };
        Some(hint.into())
    }
}

/// Labels by the number of the root and the picture's key in it.
pub(super) type Beside = BTreeMap<(usize, String), String>;

#[derive(Deserialize)]
struct Table {
    labels: Option<Vec<(String, u32)>>,
}

/// Takes the files with labels out of `entries` and reads them, as the settings ask; none for
/// labels of another kind.
///
/// # Errors
/// [`Failure::Input`] with a [`BesideError`].
pub(super) fn take(
    settings: &Prepare,
    entries: &mut Vec<Entry>,
    roots: &[Root],
    work: &Work<'_>,
) -> Result<Beside, Failure> {
    match settings.pictures.labels {
        Labels::DatasetJson => tables(entries, roots).map_err(Failure::input),
        Labels::Cls => {
            let (about, pictures) = std::mem::take(entries)
                .into_iter()
                .partition(|entry| ABOUT.contains(&extension(entry).as_str()));
            *entries = pictures;
            let mut labels: Vec<Entry> = about;
            labels.retain(|entry| extension(entry) == "cls");
            let read = |entry: &Entry| {
                let label = label(entry, roots).map_err(Failure::input)?;
                Ok(((entry.root, key(entry, Labels::Cls)), label))
            };
            Ok(work.each("labels", &labels, read)?.into_iter().collect())
        }
        Labels::Column => {
            let label = |entry: &Entry| {
                let collection = roots[entry.root].container.as_ref()?;
                let label = collection.label(entry.member?)?;
                Some(((entry.root, key(entry, Labels::Column)), label.to_owned()))
            };
            Ok(entries.iter().filter_map(label).collect())
        }
        _ => Ok(Beside::new()),
    }
}

/// The key of a picture among the labels of its root.
pub(super) fn key(entry: &Entry, labels: Labels) -> String {
    let below = slashed(&entry.below);
    if labels != Labels::Cls {
        return below;
    }
    // The name up to its first dot is the key of what belongs together.
    let (folder, name) = below.rsplit_once('/').unwrap_or(("", &below));
    let stem = name.split('.').next().unwrap_or_default();
    format!("{folder}/{stem}")
}

fn extension(entry: &Entry) -> String {
    let end = entry.below.extension();
    end.map(|end| end.to_string_lossy().to_lowercase())
        .unwrap_or_default()
}

fn tables(entries: &mut Vec<Entry>, roots: &[Root]) -> Result<Beside, BesideError> {
    let mut found = Beside::new();
    for (root_idx, root) in roots.iter().enumerate() {
        let is_table = |entry: &Entry| entry.root == root_idx && slashed(&entry.below) == TABLE;
        let place = entries.iter().position(is_table);
        let entry = entries.remove(place.ok_or_else(|| BesideError::NoTable {
            root: root.name.clone(),
        })?);
        let bytes = read(&entry, roots, MOST_TABLE)?;
        let name = || entry.name.clone();
        let table: Table = serde_json::from_slice(&bytes).map_err(|source| {
            let name = name();
            BesideError::Table { name, source }
        })?;
        let labels = table
            .labels
            .ok_or_else(|| BesideError::NoLabels { name: name() })?;
        let labels = labels.into_iter().map(|(file, label)| {
            let file = file.replace('\\', "/");
            ((root_idx, file), label.to_string())
        });
        found.extend(labels);
    }
    Ok(found)
}

fn label(entry: &Entry, roots: &[Root]) -> Result<String, BesideError> {
    let bytes = read(entry, roots, MOST_LABEL)?;
    let text = std::str::from_utf8(&bytes).map(str::trim);
    let label = text
        .ok()
        .filter(|text| !text.is_empty() && is_printable(text));
    label.map(str::to_owned).ok_or_else(|| BesideError::Label {
        name: entry.name.clone(),
    })
}

fn read(entry: &Entry, roots: &[Root], most: u64) -> Result<Vec<u8>, BesideError> {
    let name = || entry.name.clone();
    let too_long = || BesideError::TooLong { name: name(), most };
    if entry.bytes > most {
        return Err(too_long());
    }
    let read = roots[entry.root].read(entry.member, &entry.path);
    let bytes = read.map_err(|source| BesideError::Read {
        name: name(),
        source,
    })?;
    bytes
        .filter(|bytes| bytes.len() as u64 <= most)
        .ok_or_else(too_long)
}
