//! `histograms.csv`: the distributions of D(x) and D(G(z)), one row per row of `metrics.csv`.
//!
//! The original has both as histograms for TensorBoard (`d_sum` and `d__sum` in its `model.py`).

use crate::Error;
use crate::files::CHECKPOINTS;
use dcgan::step::Trace;
use dcgan_artifacts::run_tables::{BINS, EPOCH, HISTOGRAMS, STEP, histogram_columns};
use dcgan_artifacts::{GrowingTable, TablePosition, list_checkpoints, read_checkpoint_info};
use dcgan_metrics::{Histogram, histogram, probability};
use std::path::Path;

/// Step and epoch, then the bins of D(x) (`d_real_0.00` to `d_real_0.98`), then of D(G(z)).
pub(crate) fn header() -> Vec<String> {
    let row = [STEP, EPOCH].map(String::from).into_iter();
    row.chain(histogram_columns()).collect()
}

/// The values of the columns after step and epoch.
pub(crate) fn counts(trace: &Trace) -> Result<Vec<u64>, Error> {
    let mut counts = Vec::new();
    for logits in [&trace.real_logits, &trace.fake_logits] {
        counts.extend(of_probabilities(&probabilities(logits))?.counts);
    }
    Ok(counts)
}

/// Converts logits to probabilities.
pub(crate) fn probabilities(logits: &[f32]) -> Vec<f32> {
    logits.iter().map(|&logit| probability(logit)).collect()
}

/// Counts the `values` in each bin.
pub(crate) fn of_probabilities(values: &[f32]) -> Result<Histogram, Error> {
    Ok(histogram(values, 0.0, 1.0, BINS)?)
}

/// Resumes the table at `path` after `position`. `None`, with a warning, if it is missing, damaged
/// or has other bins: only a chart needs it.
///
/// # Errors
/// If the disk can't be written.
pub(crate) fn resume(path: &Path, position: &TablePosition) -> Result<Option<GrowingTable>, Error> {
    if GrowingTable::has_header(path, &header()).is_ok_and(|same| !same) {
        let path = path.display();
        log::warn!("`{path}` has other columns; the run continues without it");
        return Ok(None);
    }
    match GrowingTable::resume(path, position) {
        Err(error) if !error.is_output() => {
            log::warn!("{error}; the run continues without it");
            Ok(None)
        }
        resumed => Ok(resumed.map(Some)?),
    }
}

/// Whether the unfinished run in `folder` still has its table. A run without a checkpoint starts a
/// new one. Damaged checkpoints are passed over, as by the run.
pub(crate) fn can_resume(folder: &Path) -> bool {
    let found = list_checkpoints(&folder.join(CHECKPOINTS)).unwrap_or_default();
    let mut newest_first = found.into_iter().rev();
    let Some(mut info) = newest_first.find_map(|(_, path)| read_checkpoint_info(&path).ok()) else {
        return true;
    };
    let position = info.tables.remove(HISTOGRAMS);
    let same = GrowingTable::has_header(&folder.join(HISTOGRAMS), &header());
    position.is_some() && same.unwrap_or(false)
}
