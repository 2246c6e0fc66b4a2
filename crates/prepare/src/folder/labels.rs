//! The class of each picture: the name of its folder, or a row of a table.

use super::walk::Entry;
use crate::Error;
use dcgan_artifacts::read_bounded;
use dcgan_hints::{is_printable, text_of};
use dcgan_settings::Prepare;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path};

/// The most classes: labels are bytes.
const MAX_CLASSES: usize = 256;

/// The longest table: some million rows.
const MAX_BYTES: u64 = 1 << 28;

/// The name of the first folder below the root on the way to the picture; `None` beside the folders.
pub(crate) fn folder_of(below: &Path) -> Option<String> {
    let mut components = below.components();
    match (components.next(), components.next()) {
        (Some(Component::Normal(folder)), Some(_)) => Some(text_of(folder)),
        _ => None,
    }
}

/// File and label of each row of a table; a first row `file,label` is a heading.
///
/// # Errors
/// [`Error::Read`], [`Error::LabelsTable`], [`Error::LabelsRow`], [`Error::LabelTwice`].
pub fn read_table(path: &Path) -> Result<BTreeMap<String, String>, Error> {
    let bytes = read_bounded(path, MAX_BYTES).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })?;
    let mut table = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(bytes.as_slice());
    let mut labels = BTreeMap::new();
    for (row_idx, row) in table.records().enumerate() {
        let row = row.map_err(|source| Error::LabelsTable {
            path: path.to_owned(),
            source,
        })?;
        let line = row.position().map_or(0, csv::Position::line);
        let (file, label) = match (row.get(0), row.get(1), row.len()) {
            (Some("file"), Some("label"), 2) if row_idx == 0 => continue,
            (Some(file), Some(label), 2) if !file.is_empty() && !label.is_empty() => (file, label),
            _ => {
                return Err(Error::LabelsRow {
                    path: path.to_owned(),
                    line,
                    got: row.iter().collect::<Vec<_>>().join(","),
                });
            }
        };
        let file = file.trim_start_matches("./").to_owned();
        if labels.insert(file.clone(), label.to_owned()).is_some() {
            let path = path.to_owned();
            return Err(Error::LabelTwice { path, line, file });
        }
    }
    Ok(labels)
}

/// The key of a picture's row: its name in the audit, or its path below its folder.
pub(crate) fn row_of<'a>(
    table: &'a BTreeMap<String, String>,
    entry: &Entry,
) -> Option<(&'a String, &'a String)> {
    table
        .get_key_value(&entry.name)
        .or_else(|| table.get_key_value(&super::walk::slashed(&entry.below)))
}

/// The classes in order of their numbers: those of the settings, which must cover all that were
/// `found`; or the found ones, numbers by value and else by name.
///
/// # Errors
/// [`Error::UnknownClass`], [`Error::ClassName`], [`Error::TooManyClasses`].
pub(crate) fn class_names(
    settings: &Prepare,
    found: &BTreeSet<&str>,
) -> Result<Vec<String>, Error> {
    if !settings.class_names.is_empty() {
        let unknown = found
            .iter()
            .find(|class| !settings.class_names.iter().any(|name| name == *class));
        return match unknown {
            Some(class) => Err(Error::UnknownClass {
                class: (*class).to_owned(),
                classes: settings.class_names.len(),
            }),
            None => Ok(settings.class_names.clone()),
        };
    }
    // What the settings refuse in a name that was set.
    let is_name = |class: &str| is_printable(class) && !class.trim().is_empty();
    if let Some(class) = found.iter().find(|class| !is_name(class)) {
        let class = (*class).to_owned();
        return Err(Error::ClassName { class });
    }
    if found.len() > MAX_CLASSES {
        return Err(Error::TooManyClasses {
            expected: MAX_CLASSES,
            got: found.len(),
        });
    }
    let mut names: Vec<String> = found.iter().map(|name| (*name).to_owned()).collect();
    if names.iter().all(|name| name.parse::<u64>().is_ok()) {
        names.sort_by_key(|name| name.parse::<u64>().unwrap_or(u64::MAX));
    }
    Ok(names)
}
