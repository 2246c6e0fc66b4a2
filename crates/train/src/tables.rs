//! `metrics.csv` and `timing.csv`.

use crate::Error;
use crate::step::{Schedule, Trace};
use dcgan_artifacts::{GrowingTable, TablePosition, format_f32};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// File name of the table of everything that an iteration measured.
pub(crate) const METRICS: &str = "metrics.csv";
/// File name of the table of everything that a clock measured: outside manifest and checkpoints.
pub(crate) const TIMING: &str = "timing.csv";

const TIMING_HEADER: [&str; 4] = ["step", "iteration_ms", "data_ms", "images_per_second"];

/// The two tables of a run.
#[derive(Debug)]
pub(crate) struct Tables {
    metrics: GrowingTable,
    timing: GrowingTable,
}

/// How long an iteration took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timing {
    /// The whole iteration, its data included.
    pub(crate) iteration: Duration,
    /// Making the batch.
    pub(crate) data: Duration,
    /// Images in the batch.
    pub(crate) batch_size: usize,
}

impl Timing {
    /// Training images that passed in a second.
    pub(crate) fn images_per_second(&self) -> f64 {
        self.batch_size as f64 / self.iteration.as_secs_f64().max(1e-9)
    }
}

impl Tables {
    /// Starts both tables.
    ///
    /// # Errors
    /// [`dcgan_artifacts::Error::Write`].
    pub(crate) fn create(folder: &Path, schedule: &Schedule) -> Result<Self, Error> {
        let header = header(schedule);
        let header: Vec<&str> = header.iter().map(String::as_str).collect();
        Ok(Self {
            metrics: GrowingTable::create(&folder.join(METRICS), &header)?,
            timing: GrowingTable::create(&folder.join(TIMING), &TIMING_HEADER)?,
        })
    }

    /// Goes on after `step`, where a checkpoint saw `metrics.csv` at `position`; what follows it is
    /// cut. No checkpoint vouches for `timing.csv`: its rows up to `step` stay as they are.
    ///
    /// # Errors
    /// [`dcgan_artifacts::Error::Damaged`] where the table is not the one that the checkpoint saw.
    pub(crate) fn resume(
        folder: &Path,
        step: u64,
        position: &TablePosition,
    ) -> Result<Self, Error> {
        Ok(Self {
            metrics: GrowingTable::resume(&folder.join(METRICS), position)?,
            timing: GrowingTable::resume_until(&folder.join(TIMING), &TIMING_HEADER, step)?,
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
        self.metrics.append(&row(step, epoch, trace))?;
        let milliseconds = |duration: Duration| format!("{:.3}", duration.as_secs_f64() * 1e3);
        self.timing.append(&[
            step.to_string(),
            milliseconds(timing.iteration),
            milliseconds(timing.data),
            format!("{:.1}", timing.images_per_second()),
        ])?;
        Ok(())
    }

    /// Brings both tables to the disk and tells how far the deterministic one has grown.
    ///
    /// # Errors
    /// [`dcgan_artifacts::Error::Write`].
    pub(crate) fn flush(&mut self) -> Result<BTreeMap<String, TablePosition>, Error> {
        self.timing.flush()?;
        Ok(BTreeMap::from([(
            METRICS.to_owned(),
            self.metrics.flush()?,
        )]))
    }
}

/// The columns of `metrics.csv`. There are always two generator losses, the second empty where
/// there is but one update, so that a reader need not know the schedule.
fn header(schedule: &Schedule) -> Vec<String> {
    let mut columns = vec!["step", "epoch", "d_loss", "d_loss_real", "d_loss_fake"]
        .into_iter()
        .map(String::from)
        .collect::<Vec<_>>();
    columns.extend((1..=n_losses(schedule.generator_updates())).map(|n| format!("g_loss_{n}")));
    let rest = [
        "d_real_mean",
        "d_fake_mean",
        "d_accuracy",
        "d_grad_norm",
        "g_grad_norm",
    ];
    columns.extend(rest.map(String::from));
    if schedule.readouts {
        let readouts = [
            "readout_d_loss_fake",
            "readout_d_loss_real",
            "readout_g_loss",
        ];
        columns.extend(readouts.map(String::from));
    }
    columns
}

fn n_losses(generator_updates: usize) -> usize {
    generator_updates.max(2)
}

fn row(step: u64, epoch: u64, trace: &Trace) -> Vec<String> {
    let mut row = vec![step.to_string(), epoch.to_string()];
    row.extend([trace.d_loss, trace.d_loss_real, trace.d_loss_fake].map(format_f32));
    let losses = trace.g_losses.iter().copied().map(format_f32);
    let empty = std::iter::repeat_with(String::new);
    row.extend(losses.chain(empty).take(n_losses(trace.g_losses.len())));
    row.extend([trace.d_real_mean, trace.d_fake_mean, trace.d_accuracy].map(format_f32));
    row.push(format_f32(trace.d_grad_norm));
    row.push(
        trace
            .g_grad_norms
            .last()
            .copied()
            .map(format_f32)
            .unwrap_or_default(),
    );
    if let Some(readouts) = &trace.readouts {
        row.extend([readouts.fake, readouts.real, readouts.generator].map(format_f32));
    }
    row
}
