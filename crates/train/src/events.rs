//! `events.csv`: what befell a run beside its steps. The file is there once something has.

use crate::Error;
use dcgan_artifacts::run_tables::{EVENT_COLUMNS, EVENTS};
use dcgan_artifacts::{GrowingTable, TablePosition, remove_file};
use std::path::{Path, PathBuf};

/// What befell a run, in the order in which it did.
#[derive(Debug)]
pub(crate) struct Events {
    path: PathBuf,
    table: Option<GrowingTable>,
}

/// A divergence and what was done about it.
#[derive(Debug)]
pub(crate) struct Event {
    /// The step that could not be done.
    pub(crate) step: u64,
    /// The step gone back to; `None` where the run stopped.
    pub(crate) back_to: Option<u64>,
    /// Roll-backs so far, this one included.
    pub(crate) attempt: u32,
    /// Which number is not finite.
    pub(crate) detail: String,
}

impl Events {
    /// Goes on where a checkpoint saw the table. What came after it is cut, for it comes again.
    ///
    /// # Errors
    /// [`Error::Table`] where the table is not the one that the checkpoint saw.
    pub(crate) fn resume(folder: &Path, position: Option<&TablePosition>) -> Result<Self, Error> {
        let path = folder.join(EVENTS);
        let table = if let Some(position) = position {
            Some(GrowingTable::resume(&path, position).map_err(Error::of_table)?)
        } else {
            remove_file(&path)?;
            None
        };
        Ok(Self { path, table })
    }

    /// Adds a row and brings it to the disk.
    ///
    /// # Errors
    /// [`dcgan_artifacts::Error::Write`].
    pub(crate) fn record(&mut self, event: Event) -> Result<(), Error> {
        let mut table = match self.table.take() {
            Some(table) => table,
            None => GrowingTable::create(&self.path, &EVENT_COLUMNS)?,
        };
        let what = event.back_to.map_or("stop", |_| "rollback");
        table.append(&[
            event.step.to_string(),
            what.into(),
            event
                .back_to
                .map(|step| step.to_string())
                .unwrap_or_default(),
            event.attempt.to_string(),
            event.detail,
        ])?;
        table.flush()?;
        self.table = Some(table);
        Ok(())
    }

    /// How far the table has grown, where there is one.
    ///
    /// # Errors
    /// [`dcgan_artifacts::Error::Write`].
    pub(crate) fn flush(&mut self) -> Result<Option<TablePosition>, Error> {
        let position = self.table.as_mut().map(GrowingTable::flush);
        Ok(position.transpose()?)
    }
}
