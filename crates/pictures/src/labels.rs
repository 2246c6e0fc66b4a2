//! Classes of pictures from a table.

use crate::{MAX_FILE_BYTES, read_file, recognise};
use dcgan_hints::Hint;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// Separators between file and label, which spreadsheets choose by country.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];
/// Number of rows to compare with the pictures' names if no row matches.
const COMPARED: usize = 20;

/// The table of labels; a first row `file,label` is a heading.
#[derive(Debug)]
pub struct LabelTable {
    /// Labels by file, as in the rows.
    labels: BTreeMap<String, String>,
    /// Files with backslashes, by their names with slashes.
    slashed: BTreeMap<String, String>,
    /// The first row's file, if the row may be a heading.
    heading: Option<String>,
}

impl LabelTable {
    /// Reads the rows of a CSV file in UTF-8, separated by commas, semicolons or tabs.
    ///
    /// # Errors
    /// [`LabelsError::Read`], [`LabelsError::Format`], [`LabelsError::Table`],
    /// [`LabelsError::Row`], [`LabelsError::Twice`].
    pub fn read(path: &Path) -> Result<Self, LabelsError> {
        let read = read_file(path).and_then(|bytes| {
            let message = format!("expected at most {MAX_FILE_BYTES} bytes, got more");
            bytes.ok_or_else(|| io::Error::new(io::ErrorKind::FileTooLarge, message))
        });
        let bytes = read.map_err(|source| LabelsError::Read {
            path: path.to_owned(),
            source,
        })?;
        if let Some(got) = other_format(&bytes, path) {
            let path = path.to_owned();
            return Err(LabelsError::Format { path, got });
        }
        let mut table = Self {
            labels: BTreeMap::new(),
            slashed: BTreeMap::new(),
            heading: None,
        };
        let mut first: Option<(String, String)> = None;
        for (row_idx, row) in reader(&bytes, separator(&bytes)).records().enumerate() {
            let row = row.map_err(|source| LabelsError::Table {
                path: path.to_owned(),
                source,
            })?;
            let line = row.position().map_or(0, csv::Position::line);
            let mut cells: Vec<&str> = row.iter().collect();
            // Spreadsheets may add empty cells at the end of rows.
            while cells.len() > 2 && cells.last().is_some_and(|cell| cell.is_empty()) {
                cells.pop();
            }
            let (file, label) = match cells[..] {
                [file, label] if row_idx == 0 && is_heading(file, label) => continue,
                [file, label] if !file.is_empty() && !label.is_empty() => (file, label),
                _ => {
                    return Err(LabelsError::Row {
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
                return Err(LabelsError::Twice { path, line, file });
            }
        }
        // The second word of a heading is not the class of another row.
        table.heading = first.and_then(|(file, label)| {
            let n = table.labels.values().filter(|other| **other == label);
            (!file.contains('.') && n.count() == 1).then_some(file)
        });
        Ok(table)
    }

    /// Inserts a row; returns `false` if its file already has one.
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

    /// File and label of a picture's row. The row has one of `names`, the picture's name and its
    /// path below the folder, with slashes or backslashes.
    pub fn row_of(&self, names: [&str; 2]) -> Option<(&str, &str)> {
        let row = |name: &str| {
            let exact = self.labels.get_key_value(name);
            exact.or_else(|| self.labels.get_key_value(self.slashed.get(name)?))
        };
        let (file, label) = row(names[0]).or_else(|| row(names[1]))?;
        Some((file, label))
    }

    /// The files of all rows, without a possible heading.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        let is_heading = |file: &&String| self.heading.as_ref() == Some(*file);
        self.labels
            .keys()
            .filter(move |file| !is_heading(file))
            .map(String::as_str)
    }

    /// The error that no row matches a picture: a row, the picture that it most likely means, and
    /// the difference. `None` for a table without rows.
    pub fn matches_nothing(&self, path: &Path, pictures: &[&str]) -> Option<LabelsError> {
        let first = self.files().next()?.to_owned();
        let pairs = self.files().take(COMPARED).flat_map(|file| {
            let pair = move |name: &&str| Some((file, (*name).to_owned(), mismatch(file, name)?));
            pictures.iter().filter_map(pair)
        });
        let nearest = pairs.min_by_key(|(.., mismatch)| *mismatch);
        let (row, picture, mismatch) = match nearest {
            Some((file, picture, mismatch)) => (file.to_owned(), picture, Some(mismatch)),
            None => (first, (*pictures.first()?).to_owned(), None),
        };
        Some(LabelsError::MatchNothing {
            path: path.to_owned(),
            row,
            picture,
            mismatch,
        })
    }
}

/// The difference between a row's file and a picture's name, if it is a known one.
fn mismatch(file: &str, name: &str) -> Option<Mismatch> {
    let file = file.replace('\\', "/");
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
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

/// Whether a row is the standard heading, which needs no comparison with the pictures.
fn is_heading(file: &str, label: &str) -> bool {
    file.eq_ignore_ascii_case("file") && label.eq_ignore_ascii_case("label")
}

/// Names the format of a table that is not CSV in UTF-8.
fn other_format(bytes: &[u8], path: &Path) -> Option<&'static str> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Some("UTF-16");
    }
    match recognise(bytes, path)?.name {
        "a ZIP archive" => Some("a ZIP archive, as a workbook is"),
        name => Some(name),
    }
}

/// The separator used in the first row.
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

/// The difference between the file of a row and a picture's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Mismatch {
    /// Upper and lower case differ.
    Case,
    /// The row's file has no extension.
    Extension,
    /// The row's file has an additional folder.
    FolderTooMany,
    /// The row's file lacks a folder.
    FolderMissing,
}

/// Why a table gives no classes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LabelsError {
    /// It can't be read, is not a plain file, or is longer than any table.
    #[error("could not read `{}`", path.display())]
    Read {
        /// The table.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// It can't be read as CSV.
    #[error("`{}` is not a CSV table in UTF-8", path.display())]
    Table {
        /// The table.
        path: PathBuf,
        /// The reader's error.
        #[source]
        source: csv::Error,
    },
    /// Its content is something else.
    #[error("`{}` is {got}: expected a CSV table in UTF-8", path.display())]
    Format {
        /// The table.
        path: PathBuf,
        /// What it is.
        got: &'static str,
    },
    /// No row matches a picture.
    #[error(
        "no row of `{}` is that of a picture: expected a file such as `{picture}`, got such as \
         `{row}`",
        path.display()
    )]
    MatchNothing {
        /// The table.
        path: PathBuf,
        /// The file of a row.
        row: String,
        /// The name of a picture.
        picture: String,
        /// The difference between the two, if known.
        mismatch: Option<Mismatch>,
    },
    /// A row that is not file and label.
    #[error("line {line} of `{}` is not a row of labels: expected `file,label`, got `{got}`", path.display())]
    Row {
        /// The table.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
        /// The row as it is.
        got: String,
    },
    /// A file with two rows.
    #[error("line {line} of `{}` labels `{file}` again: expected one row for each file", path.display())]
    Twice {
        /// The table.
        path: PathBuf,
        /// Line of the second, from 1.
        line: u64,
        /// The file.
        file: String,
    },
}

impl Hint for LabelsError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Read { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "check the path: it is relative to the folder in which the program is started"
            }
            Self::Read { .. } => "check the file and its permissions",
            Self::Format { .. } | Self::Table { .. } => {
                "save it as CSV in UTF-8, which a spreadsheet offers as `CSV UTF-8`: a row \
                 `cats/1.png,cat` for each picture"
            }
            Self::MatchNothing { mismatch, .. } => match mismatch {
                Some(Mismatch::Case) => "write capital and small letters as the files have them",
                Some(Mismatch::Extension) => "write each file with its extension",
                Some(Mismatch::FolderTooMany | Mismatch::FolderMissing) | None => {
                    "paths count from the pictures' folder: change them, or the folder"
                }
            },
            Self::Row { .. } => {
                "give a row `cats/1.png,cat` for each picture, paths from the pictures' folder"
            }
            Self::Twice { .. } => "remove one of the two rows",
        };
        Some(hint.into())
    }
}
