//! Files that grow row by row: `metrics.csv`, `histograms.csv`, `timing.csv`, `scores.csv` and the
//! event file.

use crate::Error;
use crate::histograms;
use crate::resolved::Resolved;
use crate::scores;
use crate::tensorboard::Board;
use dcgan::step::{Schedule, Trace};
use dcgan_artifacts::run_tables::{
    EPOCH, HISTOGRAMS, METRICS, SCORES, STEP, TIMING, TIMING_COLUMNS, metrics_columns,
};
use dcgan_artifacts::{Artifact, GrowingTable, TablePosition, format_f32};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// The tables of a run, and its event file.
#[derive(Debug)]
pub(crate) struct Tables {
    metrics: GrowingTable,
    /// Names of the columns of `metrics` after step and epoch.
    figures: Vec<String>,
    /// `None` for a run that lost it or was begun before this table existed.
    histograms: Option<GrowingTable>,
    timing: GrowingTable,
    /// `None` for a run without scores.
    scores: Option<GrowingTable>,
    /// The last step with a row in `scores`.
    scored: Option<u64>,
    /// `None` without `train.tensorboard`.
    board: Option<Board>,
}

/// How long an iteration took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timing {
    /// The whole iteration, including its data.
    pub(crate) iteration: Duration,
    /// Making the batch.
    pub(crate) data: Duration,
    /// Images in the batch.
    pub(crate) batch_size: usize,
}

impl Timing {
    /// Training images per second.
    pub(crate) fn images_per_second(&self) -> f64 {
        self.batch_size as f64 / self.iteration.as_secs_f64().max(1e-9)
    }
}

impl Tables {
    /// Creates all files.
    ///
    /// # Errors
    /// [`dcgan_artifacts::Error::Write`].
    pub(crate) fn create(folder: &Path, resolved: &Resolved) -> Result<Self, Error> {
        let figures = figures(&resolved.schedule);
        let header: Vec<&str> = [STEP, EPOCH]
            .into_iter()
            .chain(figures.iter().map(String::as_str))
            .collect();
        let create = |name: &str, header: &[String]| {
            let header: Vec<&str> = header.iter().map(String::as_str).collect();
            GrowingTable::create(&folder.join(name), &header)
        };
        let scores = scores::header(&resolved.settings);
        let scores = scores.map(|header| create(SCORES, &header)).transpose()?;
        Ok(Self {
            metrics: GrowingTable::create(&folder.join(METRICS), &header)?,
            figures,
            histograms: Some(create(HISTOGRAMS, &histograms::header())?),
            timing: GrowingTable::create(&folder.join(TIMING), &TIMING_COLUMNS)?,
            scores,
            scored: None,
            board: board(folder, resolved, 0)?,
        })
    }

    /// Resumes after `step`. The checkpoint at `path` recorded `positions` of the deterministic
    /// tables; later rows are cut off. `timing.csv` and the event file have no recorded positions
    /// and keep their content up to `step`.
    ///
    /// # Errors
    /// [`Error::Table`] if a table is not the one of the checkpoint.
    pub(crate) fn resume(
        folder: &Path,
        resolved: &Resolved,
        step: u64,
        positions: &BTreeMap<String, TablePosition>,
        path: &Path,
    ) -> Result<Self, Error> {
        let resume = |name: &str| {
            let position = positions
                .get(name)
                .ok_or_else(|| dcgan_artifacts::Error::Unfit {
                    path: path.to_owned(),
                    artifact: Artifact::Checkpoint,
                    expected: format!("the length of `{name}`"),
                    got: "none".into(),
                })?;
            GrowingTable::resume(&folder.join(name), position).map_err(Error::of_table)
        };
        let histograms = positions
            .get(HISTOGRAMS)
            .map(|position| histograms::resume(&folder.join(HISTOGRAMS), position));
        let has_scores = resolved.settings.score_every > 0;
        let scores = has_scores.then(|| resume(SCORES)).transpose()?;
        let scored = scores.as_ref().map(GrowingTable::last_step).transpose()?;
        Ok(Self {
            metrics: resume(METRICS)?,
            figures: figures(&resolved.schedule),
            histograms: histograms.transpose()?.flatten(),
            timing: GrowingTable::resume_until(&folder.join(TIMING), &TIMING_COLUMNS, step)?,
            scores,
            scored: scored.flatten(),
            board: board(folder, resolved, step)?,
        })
    }

    /// Adds the rows of `step`.
    ///
    /// # Errors
    /// [`dcgan_artifacts::Error::Write`].
    pub(crate) fn append(
        &mut self,
        step: u64,
        epoch: u64,
        trace: &Trace,
        timing: &Timing,
    ) -> Result<(), Error> {
        let values = values(trace);
        let mut row = vec![step.to_string(), epoch.to_string()];
        row.extend(
            values
                .iter()
                .map(|value| value.map(format_f32).unwrap_or_default()),
        );
        self.metrics.append(&row)?;
        if let Some(table) = &mut self.histograms {
            let counts = histograms::counts(trace)?;
            let cells = [step, epoch].into_iter().chain(counts);
            table.append(&cells.map(|cell| cell.to_string()).collect::<Vec<_>>())?;
        }
        if let Some(board) = &mut self.board {
            let columns: Vec<(&str, f32)> = self
                .figures
                .iter()
                .zip(values)
                .filter_map(|(name, value)| Some((name.as_str(), value?)))
                .collect();
            board.append_trace(step, &columns, trace)?;
        }
        let milliseconds = |duration: Duration| format!("{:.3}", duration.as_secs_f64() * 1e3);
        self.timing.append(&[
            step.to_string(),
            milliseconds(timing.iteration),
            milliseconds(timing.data),
            format!("{:.1}", timing.images_per_second()),
        ])?;
        Ok(())
    }

    /// Whether the run keeps histograms.
    pub(crate) fn has_histograms(&self) -> bool {
        self.histograms.is_some()
    }

    /// Whether the last row of scores is of `step`.
    pub(crate) fn has_scores(&self, step: u64) -> bool {
        self.scored == Some(step)
    }

    /// Adds the scores of `step`.
    ///
    /// # Errors
    /// [`dcgan_artifacts::Error::Write`].
    pub(crate) fn append_scores(
        &mut self,
        step: u64,
        epoch: u64,
        scores: &[(String, f64)],
    ) -> Result<(), Error> {
        if let Some(table) = &mut self.scores {
            let mut row = vec![step.to_string(), epoch.to_string()];
            row.extend(scores.iter().map(|(_, score)| score.to_string()));
            table.append(&row)?;
            self.scored = Some(step);
        }
        if let Some(board) = &mut self.board {
            board.append_scores(step, scores)?;
        }
        Ok(())
    }

    /// Flushes everything to the disk and returns the positions of the deterministic tables.
    ///
    /// # Errors
    /// [`dcgan_artifacts::Error::Write`].
    pub(crate) fn flush(&mut self) -> Result<BTreeMap<String, TablePosition>, Error> {
        self.timing.flush()?;
        if let Some(board) = &mut self.board {
            board.flush()?;
        }
        let mut positions = BTreeMap::from([(METRICS.to_owned(), self.metrics.flush()?)]);
        if let Some(histograms) = &mut self.histograms {
            positions.insert(HISTOGRAMS.to_owned(), histograms.flush()?);
        }
        if let Some(scores) = &mut self.scores {
            positions.insert(SCORES.to_owned(), scores.flush()?);
        }
        Ok(positions)
    }
}

/// The event file, resumed after `step`, if the settings ask for one.
fn board(folder: &Path, resolved: &Resolved, step: u64) -> Result<Option<Board>, Error> {
    let wanted = resolved.settings.tensorboard;
    wanted.then(|| Board::resume(folder, step)).transpose()
}

/// The columns of `metrics.csv` after step and epoch.
fn figures(schedule: &Schedule) -> Vec<String> {
    metrics_columns(schedule.generator_updates(), schedule.readouts)
}

/// The values of `trace` in the order of [`figures`].
fn values(trace: &Trace) -> Vec<Option<f32>> {
    let mut values = [trace.d_loss, trace.d_loss_real, trace.d_loss_fake]
        .map(Some)
        .to_vec();
    let losses = trace.g_losses.iter().copied().map(Some);
    let absent = std::iter::repeat(None);
    values.extend(losses.chain(absent).take(trace.g_losses.len().max(2)));
    values.extend([trace.d_real_mean, trace.d_fake_mean, trace.d_accuracy].map(Some));
    values.push(Some(trace.d_grad_norm));
    values.push(trace.g_grad_norms.last().copied());
    if let Some(readouts) = &trace.readouts {
        values.extend([readouts.fake, readouts.real, readouts.generator].map(Some));
    }
    values
}
