//! The state of a run: everything that changes from step to step.

use crate::Error;
use crate::checkpoints::{Checkpoints, Resumed, Snapshot, fresh};
use crate::resolved::Resolved;
use crate::tables::Tables;
use dcgan::WeightAverage;
use dcgan::step::State;
use dcgan_artifacts::run_tables::EVENTS;
use dcgan_artifacts::{BestScore, TablePosition};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The state of a run after a step.
pub(crate) struct RunState {
    /// Tables, open for appending after the rows of that step.
    pub(crate) tables: Tables,
    /// Networks and optimisers.
    pub(crate) state: State,
    /// The averaged generator, if the run has one.
    pub(crate) average: Option<WeightAverage>,
    /// Steps done.
    pub(crate) step: u64,
    /// Whether a signal may have skipped the work that was due after the last step.
    pub(crate) in_arrears: bool,
    /// Roll-backs so far.
    pub(crate) attempt: u32,
    /// The best score so far, if checkpoints are compared.
    pub(crate) best: Option<BestScore>,
    /// The newest good checkpoint.
    pub(crate) newest: Option<PathBuf>,
    /// The end of the table of events at that checkpoint, if there was a table.
    pub(crate) events: Option<TablePosition>,
}

impl RunState {
    /// The content of a checkpoint.
    pub(crate) fn snapshot(
        &self,
        tables: BTreeMap<String, TablePosition>,
        on_signal: bool,
    ) -> Snapshot<'_> {
        Snapshot {
            state: &self.state,
            average: self.average.as_ref(),
            step: self.step,
            attempt: self.attempt,
            best: self.best.as_ref(),
            tables,
            on_signal,
        }
    }

    /// The state of the newest good checkpoint, or of step 0 if there is none.
    pub(crate) fn find(
        resolved: &Resolved,
        folder: &Path,
        checkpoints: &Checkpoints,
    ) -> Result<Self, Error> {
        let Resolved {
            settings, config, ..
        } = resolved;
        let Some(resumed) = checkpoints.resume(config, settings)? else {
            let (state, average) = fresh(config, settings)?;
            return Ok(Self {
                tables: Tables::create(folder, resolved)?,
                state,
                average,
                step: 0,
                in_arrears: false,
                attempt: 0,
                best: None,
                newest: None,
                events: None,
            });
        };
        let Resumed {
            state,
            average,
            step,
            attempt,
            best,
            mut tables,
            on_signal,
            path,
        } = resumed;
        Ok(Self {
            tables: Tables::resume(folder, resolved, step, &tables, &path)?,
            state,
            average,
            step,
            in_arrears: on_signal,
            attempt,
            best,
            newest: Some(path),
            events: tables.remove(EVENTS),
        })
    }
}
