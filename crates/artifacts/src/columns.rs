//! A growing table read back as columns of numbers, for those who draw it.

use crate::atomic;
use crate::error::{Artifact, Error};
use crate::table;
use std::path::Path;

/// The columns of a table that some run has grown.
#[derive(Debug, Clone, PartialEq)]
pub struct Columns {
    names: Vec<String>,
    values: Vec<Vec<f64>>,
}

impl Columns {
    /// Reads a whole table. A row that is not whole, as a killed process leaves it at the end, is
    /// left out: one with too few cells, and the last one where no newline ends it, which may be cut
    /// inside a number. A cell that is no number is NaN.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Read`], [`Error::Unfit`] for what is no CSV table.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let bytes = atomic::read_whole(path, Artifact::Table, table::MOST_BYTES)?;
        let whole = bytes.iter().rposition(|&byte| byte == b'\n');
        let whole = whole.map_or(bytes.as_slice(), |end| &bytes[..=end]);
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(whole);
        let unfit =
            |e: csv::Error| Error::unfit(path, Artifact::Table, "a CSV table", e.to_string());
        let header = reader.headers().map_err(unfit)?;
        let names: Vec<String> = header.iter().map(str::to_owned).collect();
        let mut values = vec![Vec::new(); names.len()];
        for row in reader.records() {
            let row = row.map_err(unfit)?;
            if row.len() == names.len() {
                for (column, cell) in values.iter_mut().zip(&row) {
                    column.push(cell.parse().unwrap_or(f64::NAN));
                }
            }
        }
        Ok(Self { names, values })
    }

    /// The names of the columns, in their order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The numbers of a column, from the first row on.
    pub fn get(&self, name: &str) -> Option<&[f64]> {
        let place = self.names.iter().position(|n| n == name)?;
        Some(&self.values[place])
    }
}
