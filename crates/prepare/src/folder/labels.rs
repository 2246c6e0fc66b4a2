//! The class of each picture: the name of its folder, or a row of a table.

use super::walk::{Entry, slashed};
use crate::Error;
use crate::error::Mismatch;
use dcgan_artifacts::read_bounded;
use dcgan_hints::{is_printable, text_of};
use dcgan_pictures::recognise;
use dcgan_settings::Prepare;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path};

/// The most classes: labels are bytes.
const MAX_CLASSES: usize = 256;
/// What may stand between a file and its label: a spreadsheet takes what its country takes.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];
/// The rows of a table without a match that are compared with the pictures' names.
const COMPARED: usize = 20;

/// The longest table: some million rows.
const MAX_BYTES: u64 = 1 << 28;

/// The name of the first folder below the root on the way to the picture; `None` beside the
/// folders.
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
/// As [`Table::read`].
pub fn read_labels(path: &Path) -> Result<BTreeMap<String, String>, Error> {
    Table::read(path).map(|table| table.labels)
}

/// The table of labels.
#[derive(Debug)]
pub(crate) struct Table {
    /// Labels by file, as the rows have them.
    labels: BTreeMap<String, String>,
    /// Files with back-slashes in them, by their names with slashes.
    slashed: BTreeMap<String, String>,
    /// The first row's file, if the row may be a heading of any words.
    heading: Option<String>,
}

impl Table {
    /// Reads the rows of a CSV file in UTF-8, separated by commas, semicolons or tabs.
    ///
    /// # Errors
    /// [`Error::Read`], [`Error::LabelsFormat`], [`Error::LabelsTable`], [`Error::LabelsRow`],
    /// [`Error::LabelTwice`].
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let bytes = read_bounded(path, MAX_BYTES).map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
        if let Some(got) = other_format(&bytes, path) {
            let path = path.to_owned();
            return Err(Error::LabelsFormat { path, got });
        }
        let mut table = Self {
            labels: BTreeMap::new(),
            slashed: BTreeMap::new(),
            heading: None,
        };
        let mut first: Option<(String, String)> = None;
        for (row_idx, row) in reader(&bytes, separator(&bytes)).records().enumerate() {
            let row = row.map_err(|source| Error::LabelsTable {
                path: path.to_owned(),
                source,
            })?;
            let line = row.position().map_or(0, csv::Position::line);
            let mut cells: Vec<&str> = row.iter().collect();
            // A spreadsheet ends its rows with empty cells.
            while cells.len() > 2 && cells.last().is_some_and(|cell| cell.is_empty()) {
                cells.pop();
            }
            let (file, label) = match cells[..] {
                [file, label] if row_idx == 0 && is_heading(file, label) => continue,
                [file, label] if !file.is_empty() && !label.is_empty() => (file, label),
                _ => {
                    return Err(Error::LabelsRow {
                        path: path.to_owned(),
                        line,
                        got: cells.join(","),
                    });
                }
            };
            let file = file.trim_start_matches("./").to_owned();
            if row_idx == 0 {
                first = Some((file.clone(), label.to_owned()));
            }
            if !table.insert(&file, label) {
                let path = path.to_owned();
                return Err(Error::LabelTwice { path, line, file });
            }
        }
        // A heading's second word is no other row's class.
        table.heading = first.and_then(|(file, label)| {
            let n = table.labels.values().filter(|other| **other == label);
            (!file.contains('.') && n.count() == 1).then_some(file)
        });
        Ok(table)
    }

    /// Takes a row in; `false` if its file has one already.
    fn insert(&mut self, file: &str, label: &str) -> bool {
        let with_slashes = file.replace('\\', "/");
        let with_slashes = with_slashes.trim_start_matches("./");
        let is_new = !self.slashed.contains_key(with_slashes)
            && (with_slashes == file || !self.labels.contains_key(with_slashes))
            && self
                .labels
                .insert(file.to_owned(), label.to_owned())
                .is_none();
        if with_slashes != file {
            self.slashed
                .insert(with_slashes.to_owned(), file.to_owned());
        }
        is_new
    }

    /// File and label of a picture's row. The row has its name in the audit or its path below its
    /// folder, with slashes or, as Windows writes them, back-slashes.
    pub(crate) fn row_of(&self, entry: &Entry) -> Option<(&str, &str)> {
        let below = slashed(&entry.below);
        let row = |name: &String| {
            let exact = self.labels.get_key_value(name);
            exact.or_else(|| self.labels.get_key_value(self.slashed.get(name)?))
        };
        let (file, label) = row(&entry.name).or_else(|| row(&below))?;
        Some((file, label))
    }

    /// The files of rows, without what may be a heading.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        let is_heading = |file: &&String| self.heading.as_ref() == Some(*file);
        self.labels
            .keys()
            .filter(move |file| !is_heading(file))
            .map(String::as_str)
    }

    /// The error that no row is a picture's: a row, the picture that it most likely means, and what
    /// keeps them apart. `None` for a table without rows.
    pub(crate) fn matches_nothing(&self, path: &Path, entries: &[Entry]) -> Option<Error> {
        let first = self.files().next()?.to_owned();
        let pairs = self.files().take(COMPARED).flat_map(|file| {
            let apart = move |entry: &Entry| Some((file, entry.name.clone(), apart(file, entry)?));
            entries.iter().filter_map(apart)
        });
        let nearest = pairs.min_by_key(|(.., apart)| *apart);
        let (row, picture, apart) = match nearest {
            Some((file, picture, apart)) => (file.to_owned(), picture, Some(apart)),
            None => (first, entries.first()?.name.clone(), None),
        };
        Some(Error::LabelsMatchNothing {
            path: path.to_owned(),
            row,
            picture,
            apart,
        })
    }
}

/// What keeps a row's file from being a picture's, if it is one thing.
fn apart(file: &str, entry: &Entry) -> Option<Mismatch> {
    let (file, name) = (file.replace('\\', "/"), &entry.name);
    let stem = name
        .rsplit_once('.')
        .map_or(name.as_str(), |(stem, _)| stem);
    let is_below = |long: &str, short: &str| {
        long.strip_suffix(short)
            .is_some_and(|folder| folder.ends_with('/'))
    };
    if file.to_lowercase() == name.to_lowercase() {
        Some(Mismatch::Case)
    } else if file == stem {
        Some(Mismatch::Extension)
    } else if is_below(&file, name) {
        Some(Mismatch::FolderTooMany)
    } else if is_below(name, &file) {
        Some(Mismatch::FolderMissing)
    } else {
        None
    }
}

/// The two words of a heading that needs no comparison with the pictures.
fn is_heading(file: &str, label: &str) -> bool {
    file.eq_ignore_ascii_case("file") && label.eq_ignore_ascii_case("label")
}

/// What a table is that is no CSV file in UTF-8.
fn other_format(bytes: &[u8], path: &Path) -> Option<&'static str> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Some("UTF-16");
    }
    match recognise(bytes, path)?.name {
        "a ZIP archive" => Some("a ZIP archive, as a workbook is"),
        name => Some(name),
    }
}

/// What separates the cells of the first row.
fn separator(bytes: &[u8]) -> u8 {
    let parts_the_first = |separator: &&u8| {
        let first = reader(bytes, **separator).into_records().next();
        first.is_some_and(|row| row.is_ok_and(|row| row.len() > 1))
    };
    *SEPARATORS.iter().find(parts_the_first).unwrap_or(&b',')
}

fn reader(bytes: &[u8], separator: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .trim(csv::Trim::All)
        .from_reader(bytes)
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
