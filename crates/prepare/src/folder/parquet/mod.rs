//! Pictures in a column of a Parquet table, as data sets of the library `datasets` have them.
//!
//! Of the format (<https://parquet.apache.org/docs/file-format>) this reads what such tables need:
//! columns of bytes and of integers without repetition, plain or with a dictionary, in pages of
//! both versions, not compressed or by Snappy or gzip. Row groups are read as they are needed; the
//! last few stay in memory.

mod footer;
mod pages;
mod thrift;

use super::container::Collection;
use dcgan_artifacts::{Artifact, open_plain, read_exact_at};
use dcgan_hints::Hint;
use footer::{Codec, Column, Footer, Physical};
use pages::{Cell, Value, cells};
use serde_json::Value as Json;
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

const MAGIC: &[u8; 4] = b"PAR1";
/// Bytes of the footer's length and the magic number behind it.
const TAIL: usize = 8;
/// Maximum bytes of the metadata.
const MOST_FOOTER: u64 = 1 << 26;
/// Maximum bytes of a column in a group of rows.
const MOST_GROUP: u64 = 1 << 30;
/// Maximum rows of a table: each picture has a name in memory.
const MOST_ROWS: u64 = 1 << 24;
/// Maximum bytes of a label.
const MOST_LABEL: usize = 1 << 10;
/// Groups in memory, and the bytes that more than one may take.
const MOST_KEPT: usize = 8;
const MOST_KEPT_BYTES: u64 = 1 << 28;

/// Why a table gives no pictures.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParquetError {
    /// No table to read.
    #[error(
        "`prepare.parquet.train` is not set: expected a file, as `prepare.source` is `parquet`"
    )]
    NoFile,
    /// A file that can't be opened.
    #[error(transparent)]
    File(#[from] dcgan_artifacts::Error),
    /// A file that can't be read.
    #[error("could not read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// Another file, or a cut one.
    #[error("`{}` is no Parquet table: expected one that ends with its metadata", path.display())]
    NoTable {
        /// The file.
        path: PathBuf,
    },
    /// A column is not there.
    #[error("`{}` has no column `{column}`: expected {expected}, got {got}", path.display())]
    NoColumn {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// What is needed.
        expected: &'static str,
        /// The columns that there are.
        got: String,
    },
    /// A column that can't be read.
    #[error("`{}`, column `{column}`: expected {expected}, got {got}", path.display())]
    Column {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// What is needed.
        expected: &'static str,
        /// What there is.
        got: String,
    },
}

impl Hint for ParquetError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoFile => "give `--set prepare.parquet.train=FILE`, a table with pictures",
            Self::File(source) => return source.hint(),
            Self::Read { .. } | Self::NoTable { .. } => {
                "the download may have been cut: get the file again"
            }
            Self::NoColumn { .. } => {
                "name the columns in `prepare.parquet.image` and `prepare.parquet.label`; without \
                 labels set `prepare.pictures.labels` to `none`"
            }
            Self::Column { .. } => {
                "write the table again with `compression=\"snappy\"`, for example by \
                 `Dataset.to_parquet` of the library `datasets`"
            }
        };
        Some(hint.into())
    }
}

/// Columns of a table.
#[derive(Debug, Clone, Copy)]
pub struct ParquetColumns<'a> {
    /// The column of pictures: of bytes, or a group with a column `bytes`.
    pub image: &'a str,
    /// The column of labels: of integers or text; `None`: read none.
    pub label: Option<&'a str>,
}

/// An open table.
#[derive(Debug)]
struct Table {
    file: File,
    path: PathBuf,
    groups: Vec<footer::Group>,
    /// The row behind the last one of each group.
    ends: Vec<u64>,
    image: Column,
    /// A label for each row, if any are read.
    labels: Vec<Option<String>>,
    class_names: Vec<String>,
    kept: Mutex<VecDeque<(usize, Arc<Vec<Cell>>)>>,
}

/// Opens a table, and reads its metadata and labels.
///
/// # Errors
/// Any [`ParquetError`].
pub fn open(
    path: &Path,
    columns: &ParquetColumns<'_>,
) -> Result<Box<dyn Collection>, ParquetError> {
    let (file, size) = open_plain(path, Artifact::Other)?;
    let read_error = |source| ParquetError::Read {
        path: path.to_owned(),
        source,
    };
    let no_table = || ParquetError::NoTable {
        path: path.to_owned(),
    };
    let mut tail = [0; TAIL];
    let tail_start = size.checked_sub(TAIL as u64).ok_or_else(no_table)?;
    read_exact_at(&file, &mut tail, tail_start).map_err(read_error)?;
    let [a, b, c, d, magic @ ..] = tail;
    let length = u64::from(u32::from_le_bytes([a, b, c, d]));
    let start = tail_start.checked_sub(length);
    let start = start.filter(|_| magic == *MAGIC && length <= MOST_FOOTER);
    // The file has as many bytes.
    let mut bytes = vec![0; usize::try_from(length.min(size)).unwrap_or_default()];
    read_exact_at(&file, &mut bytes, start.ok_or_else(no_table)?).map_err(read_error)?;
    let footer = Footer::parse(&bytes).ok_or_else(no_table)?;
    let rows = footer.groups.iter().map(|group| group.rows);
    let rows = rows.fold(0, u64::saturating_add);
    // A row of a picture has a byte at least: other numbers would fill the memory.
    let is_inside = |chunk: &footer::Chunk| {
        let end = chunk.start.checked_add(chunk.bytes);
        end.is_some_and(|end| end <= size)
    };
    let mut chunks = footer.groups.iter().flat_map(|group| &group.chunks);
    if rows > size.min(MOST_ROWS) || !chunks.all(is_inside) {
        return Err(no_table());
    }
    let image = image_column(path, &footer, columns.image)?;
    let mut table = Table {
        file,
        path: path.to_owned(),
        image,
        labels: Vec::new(),
        class_names: Vec::new(),
        kept: Mutex::new(VecDeque::new()),
        groups: footer.groups.clone(),
        ends: ends(&footer.groups),
    };
    if let Some(label) = columns.label {
        let column = label_column(path, &footer, label)?;
        table.labels = table.read_labels(&column)?;
        table.class_names = class_names(footer.features.as_deref(), label);
    }
    Ok(Box::new(table))
}

/// The row behind the last one of each group. There are at most [`MOST_ROWS`].
fn ends(groups: &[footer::Group]) -> Vec<u64> {
    let mut end = 0;
    let after = |group: &footer::Group| {
        end += group.rows;
        end
    };
    groups.iter().map(after).collect()
}

fn image_column(path: &Path, footer: &Footer, name: &str) -> Result<Column, ParquetError> {
    let within = format!("{name}.bytes");
    let mut columns = footer.columns.iter();
    let column = columns.find(|column| column.name == within || column.name == name);
    let expected = "a column of pictures";
    usable(path, footer, (column, name), expected, &[Physical::Bytes])
}

fn label_column(path: &Path, footer: &Footer, name: &str) -> Result<Column, ParquetError> {
    let column = footer.columns.iter().find(|column| column.name == name);
    let kinds = [Physical::Bytes, Physical::Int32, Physical::Int64];
    usable(path, footer, (column, name), "a column of labels", &kinds)
}

fn usable(
    path: &Path,
    footer: &Footer,
    (column, name): (Option<&Column>, &str),
    expected: &'static str,
    kinds: &[Physical],
) -> Result<Column, ParquetError> {
    let Some(column) = column else {
        let names = footer.columns.iter().take(20);
        let names: Vec<String> = names.map(|column| format!("`{}`", column.name)).collect();
        return Err(ParquetError::NoColumn {
            path: path.to_owned(),
            column: name.to_owned(),
            expected,
            got: names.join(", "),
        });
    };
    if column.is_repeated || !kinds.contains(&column.physical) {
        return Err(ParquetError::Column {
            path: path.to_owned(),
            column: column.name.clone(),
            expected,
            got: if column.is_repeated {
                "lists"
            } else {
                "values of another type"
            }
            .into(),
        });
    }
    let mut chunks = footer
        .groups
        .iter()
        .map(|group| group.chunks[column.place].codec);
    let other = chunks.find_map(|codec| match codec {
        Codec::Other(name) => Some(name),
        _ => None,
    });
    match other {
        None => Ok(column.clone()),
        Some(name) => Err(ParquetError::Column {
            path: path.to_owned(),
            column: column.name.clone(),
            expected,
            got: format!("pages compressed by {name}"),
        }),
    }
}

/// The names of the classes of column `label` in what the library `datasets` records.
fn class_names(features: Option<&str>, label: &str) -> Vec<String> {
    let features: Option<Json> = features.and_then(|text| serde_json::from_str(text).ok());
    let names = features
        .as_ref()
        .map(|all| &all["info"]["features"][label]["names"]);
    let names = names.and_then(Json::as_array).into_iter().flatten();
    let names: Option<Vec<String>> = names.map(|name| name.as_str().map(str::to_owned)).collect();
    names.unwrap_or_default()
}

impl Table {
    /// The values of a column in a group of rows.
    fn cells(&self, column: &Column, group: usize) -> Result<Vec<Cell>, String> {
        let rows = self.groups[group].rows;
        let chunk = &self.groups[group].chunks[column.place];
        if chunk.unpacked > MOST_GROUP || chunk.bytes > MOST_GROUP {
            return Err(format!("a group of rows of more than {MOST_GROUP} bytes"));
        }
        // The file has as many.
        let mut bytes = vec![0; usize::try_from(chunk.bytes).unwrap_or_default()];
        let read = read_exact_at(&self.file, &mut bytes, chunk.start);
        read.map_err(|error| error.to_string())?;
        cells(column, chunk, &bytes, rows)
    }

    fn read_labels(&self, column: &Column) -> Result<Vec<Option<String>>, ParquetError> {
        let wrong = |got| ParquetError::Column {
            path: self.path.clone(),
            column: column.name.clone(),
            expected: "labels of at most 1024 bytes",
            got,
        };
        let mut labels = Vec::new();
        for group in 0..self.groups.len() {
            let cells = self.cells(column, group).map_err(wrong)?;
            for cell in cells {
                labels.push(match cell {
                    None => None,
                    Some(Value::Number(number)) => Some(number.to_string()),
                    // Every row has a copy, and a dictionary holds a text once for all of them.
                    Some(Value::Bytes(text)) if text.len() > MOST_LABEL => {
                        return Err(wrong(format!("one of {} bytes", text.len())));
                    }
                    Some(Value::Bytes(text)) => {
                        Some(String::from_utf8_lossy(&text).trim().to_owned())
                    }
                });
            }
        }
        Ok(labels)
    }

    /// The pictures of a group, from memory if they were read lately.
    fn pictures(&self, group: usize) -> io::Result<Arc<Vec<Cell>>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, cells)) = kept.iter().find(|(place, _)| *place == group) {
            return Ok(Arc::clone(cells));
        }
        // While one thread reads a group, the others wait, as they want the same one next.
        let damaged = |message| io::Error::new(io::ErrorKind::InvalidData, message);
        let cells = Arc::new(self.cells(&self.image, group).map_err(damaged)?);
        kept.push_front((group, Arc::clone(&cells)));
        let bytes = |place: usize| self.groups[place].chunks[self.image.place].unpacked;
        while kept.len() > MOST_KEPT
            || kept.len() > 1
                && kept.iter().map(|(place, _)| bytes(*place)).sum::<u64>() > MOST_KEPT_BYTES
        {
            kept.pop_back();
        }
        Ok(cells)
    }
}

impl Collection for Table {
    fn members(&self) -> Vec<(String, u64)> {
        let mut members = Vec::new();
        for group in &self.groups {
            let length = group.chunks[self.image.place].unpacked / group.rows.max(1);
            for _ in 0..group.rows {
                members.push((format!("row-{:09}", members.len()), length));
            }
        }
        members
    }

    fn read(&self, place: usize) -> io::Result<Option<Vec<u8>>> {
        let place = place as u64;
        let group = self.ends.partition_point(|end| *end <= place);
        let (Some(of_group), Some(end)) = (self.groups.get(group), self.ends.get(group)) else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let cells = self.pictures(group)?;
        let at = usize::try_from(place + of_group.rows - end).ok();
        match at.and_then(|at| cells.get(at)) {
            Some(Some(Value::Bytes(bytes)))
                if bytes.len() as u64 > dcgan_pictures::MAX_FILE_BYTES =>
            {
                Ok(None)
            }
            Some(Some(Value::Bytes(bytes))) => Ok(Some(bytes.to_vec())),
            _ => {
                let message = "no picture: the row has a null";
                Err(io::Error::new(io::ErrorKind::InvalidData, message))
            }
        }
    }

    fn label(&self, place: usize) -> Option<&str> {
        self.labels.get(place)?.as_deref()
    }

    fn class_names(&self) -> &[String] {
        &self.class_names
    }
}
