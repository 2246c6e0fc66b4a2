//! Event file for TensorBoard: the values of `metrics.csv` and `scores.csv`, and the histograms of
//! `histograms.csv`.
//!
//! Events contain times, so manifest and checkpoints leave their file out, like `timing.csv`.

use crate::Error;
use crate::files::EVENT_FILE;
use crate::histograms::{of_probabilities, probabilities};
use dcgan::step::Trace;
use dcgan_artifacts::{EventFile, Summary, SummaryHistogram};
use std::path::Path;
use std::time::SystemTime;

/// The event file of a run.
#[derive(Debug)]
pub(crate) struct Board {
    file: EventFile,
}

impl Board {
    /// Resumes after `step` and cuts off later events. Starts a new file for step 0.
    ///
    /// # Errors
    /// [`dcgan_artifacts::Error::Write`].
    pub(crate) fn resume(folder: &Path, step: u64) -> Result<Self, Error> {
        let path = folder.join(EVENT_FILE);
        let file = if step == 0 {
            EventFile::create(&path, now())?
        } else {
            EventFile::resume_until(&path, step, now())?
        };
        Ok(Self { file })
    }

    /// Adds the measurements of an iteration: `columns` as in `metrics.csv`, and the histograms.
    ///
    /// # Errors
    /// [`dcgan_artifacts::Error::Write`].
    pub(crate) fn append_trace(
        &mut self,
        step: u64,
        columns: &[(&str, f32)],
        trace: &Trace,
    ) -> Result<(), Error> {
        let mut summaries = scalars("metrics", columns);
        for (name, logits) in [
            ("real", &trace.real_logits),
            ("generated", &trace.fake_logits),
        ] {
            let tag = format!("discriminator/{name}");
            summaries.push((tag, Summary::Histogram(summary(logits)?)));
        }
        Ok(self.file.append(step, now(), &summaries)?)
    }

    /// Adds scores under the columns of `scores.csv`.
    ///
    /// # Errors
    /// [`dcgan_artifacts::Error::Write`].
    pub(crate) fn append_scores(
        &mut self,
        step: u64,
        scores: &[(String, f64)],
    ) -> Result<(), Error> {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "TensorBoard's scalars are float32"
        )]
        let columns: Vec<(&str, f32)> = scores
            .iter()
            .map(|(column, score)| (column.as_str(), *score as f32))
            .collect();
        Ok(self
            .file
            .append(step, now(), &scalars("scores", &columns))?)
    }

    /// Flushes all events to the disk.
    ///
    /// # Errors
    /// [`dcgan_artifacts::Error::Write`].
    pub(crate) fn flush(&mut self) -> Result<(), Error> {
        Ok(self.file.flush()?)
    }
}

fn scalars(group: &str, columns: &[(&str, f32)]) -> Vec<(String, Summary)> {
    let scalar = |&(column, value): &(&str, f32)| {
        let tag = format!("{group}/{column}");
        (tag, Summary::Scalar(value))
    };
    columns.iter().map(scalar).collect()
}

/// Histogram of the probabilities of these logits, from 0 to 1.
fn summary(logits: &[f32]) -> Result<SummaryHistogram, Error> {
    let values = probabilities(logits);
    let counted = of_probabilities(&values)?;
    let wide = || values.iter().map(|&value| f64::from(value));
    Ok(SummaryHistogram {
        min: wide().fold(1.0, f64::min),
        max: wide().fold(0.0, f64::max),
        sum: wide().sum(),
        sum_squares: wide().map(|value| value * value).sum(),
        bins: (1..)
            .zip(&counted.counts)
            .map(|(upper, &count)| (counted.edge(upper), count as f64))
            .collect(),
    })
}

/// Seconds since 1970.
fn now() -> f64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "an event contains its time; its file is not in the manifest, like timing.csv"
    )]
    let now = SystemTime::now();
    // A clock before 1970 is wrong anyway.
    now.duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64())
}
