//! Reads a growing table as columns of numbers, for charts.

use crate::atomic;
use crate::error::{Artifact, Error};
use crate::table;
use std::path::Path;

/// The columns of a run's table.
#[derive(Debug, Clone, PartialEq)]
pub struct Columns {
    names: Vec<String>,
    values: Vec<Vec<f64>>,
}

impl Columns {
    /// Reads a whole table. Incomplete rows, as left by a killed process, are skipped: rows with
    /// too few cells, and a last row without a newline, which may be cut inside a number. A cell
    /// that is not a number is NaN.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Read`], [`Error::Unfit`] if it is not a CSV table.
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
