//! What can be wrong with a table of pixels.

use dcgan_hints::Hint;
use std::io;
use std::path::PathBuf;

/// Maximum bytes of the pixels of a file.
pub(crate) const MAX_PIXELS: usize = 1 << 31;
/// Maximum number of different labels: labels are bytes.
pub(crate) const MAX_LABELS: usize = 256;

/// Why a table gives no images.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// It can't be read, or its compressed data are damaged.
    #[error("could not read `{}`", path.display())]
    Read {
        /// The table.
        path: PathBuf,
        /// The system's error, or the decompressor's.
        #[source]
        source: io::Error,
    },
    /// It can't be read as CSV.
    #[error("`{}` is not a CSV table", path.display())]
    Csv {
        /// The table.
        path: PathBuf,
        /// The reader's error.
        #[source]
        source: csv::Error,
    },
    /// There is no row, or only a heading.
    #[error("`{}` has no row of pixels: expected at least one", path.display())]
    Empty {
        /// The table.
        path: PathBuf,
    },
    /// The columns are not those of pixels.
    #[error("`{}` has {got} columns: expected {expected}", path.display())]
    Columns {
        /// The table.
        path: PathBuf,
        /// What they should be.
        expected: String,
        /// Number of columns.
        got: usize,
    },
    /// A row of another length than the first.
    #[error(
        "line {line} of `{}` has {got} cells: expected {expected}, as the first row",
        path.display()
    )]
    Row {
        /// The table.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
        /// Cells of the first row.
        expected: usize,
        /// Cells of this one.
        got: usize,
    },
    /// A cell that is not a pixel.
    #[error(
        "line {line} of `{}`, column {column}: expected a whole number from 0 to 255, got `{got}`",
        path.display()
    )]
    Pixel {
        /// The table.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
        /// Column, from 1.
        column: usize,
        /// The cell.
        got: String,
    },
    /// A label that can't name a class.
    #[error("line {line} of `{}` has no label: expected one in column {column}", path.display())]
    NoLabel {
        /// The table.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
        /// Column, from 1.
        column: usize,
    },
    /// More labels than classes can be.
    #[error(
        "`{}` has more than {MAX_LABELS} different labels in column {column}: expected the \
         classes",
        path.display()
    )]
    TooManyLabels {
        /// The table.
        path: PathBuf,
        /// Column, from 1.
        column: usize,
    },
    /// The memory for the pixels was refused.
    #[error("no memory for the pixels of `{}`", path.display())]
    Memory {
        /// The table.
        path: PathBuf,
    },
    /// More pixels than are read.
    #[error("`{}` has too many pixels: expected at most {MAX_PIXELS} values", path.display())]
    TooLarge {
        /// The table.
        path: PathBuf,
    },
}

impl Hint for TableError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Read { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "check the path: it counts from the folder in which the program is started"
            }
            Self::Read { .. } => "check the file: the download may have been cut",
            Self::Csv { .. } => "give a CSV table, plain or gzip, with a row per image",
            Self::Empty { .. } => "give a table with a row per image",
            Self::Columns { .. } => {
                "set `prepare.csv.height` and `prepare.csv.width`, `prepare.csv.channels` for \
                 colours, and `prepare.csv.label` for the column of labels"
            }
            Self::Row { .. } => "the download may have been cut: get the file again",
            Self::Pixel { .. } => {
                "pixels are bytes; `prepare.csv.label` says which column has the labels"
            }
            Self::NoLabel { .. } => "`prepare.csv.label` says which column has the labels",
            Self::TooManyLabels { .. } => {
                "`prepare.csv.label` says which column has the labels; `none` reads none"
            }
            Self::Memory { .. } => "use a machine with more memory, or fewer rows",
            Self::TooLarge { .. } => "give fewer rows",
        };
        Some(hint.into())
    }
}
