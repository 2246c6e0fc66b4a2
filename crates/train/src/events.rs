//! `events.csv`: divergences of a run. The file exists only once there is one.

use crate::Error;
use dcgan_artifacts::run_tables::{EVENT_COLUMNS, EVENTS};
use dcgan_artifacts::{GrowingTable, TablePosition, remove_file};
use std::path::{Path, PathBuf};

/// The divergences of a run, in order.
#[derive(Debug)]
pub(crate) struct Events {
    path: PathBuf,
    table: Option<GrowingTable>,
}

/// A divergence and the reaction to it.
#[derive(Debug)]
pub(crate) struct Event {
    /// The step that diverged.
    pub(crate) step: u64,
    /// The step the run went back to; `None` if it stopped.
    pub(crate) back_to: Option<u64>,
    /// Roll-backs so far, including this one.
    pub(crate) attempt: u32,
    /// Which number is not finite.
    pub(crate) detail: String,
}

impl Events {
    /// Resumes at the position that a checkpoint recorded and cuts off later rows: the resumed run
    /// writes them again.
    ///
    /// # Errors
    /// [`Error::Table`] if the table is not the one of the checkpoint.
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

    /// Adds a row and flushes it to the disk.
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

    /// Flushes the table and returns its position, if there is a table.
    ///
    /// # Errors
    /// [`dcgan_artifacts::Error::Write`].
    pub(crate) fn flush(&mut self) -> Result<Option<TablePosition>, Error> {
        let position = self.table.as_mut().map(GrowingTable::flush);
        Ok(position.transpose()?)
    }
}
