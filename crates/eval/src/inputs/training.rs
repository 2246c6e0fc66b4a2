//! Other files of a training, for the report.

use crate::Args;
use crate::inputs::frames;
use dcgan_artifacts::run_tables::STEP;
use dcgan_artifacts::{BestScore, CheckpointInfo, Columns, RunFile};
use dcgan_figures::Picture;
use dcgan_stage::Failure;
use serde_json::{Map, Value};
use std::path::Path;

/// The files of a training, as far as they are given.
#[derive(Debug)]
pub(crate) struct Training {
    /// The settings from `run.json`.
    pub(crate) settings: Option<Map<String, Value>>,
    /// `metrics.csv`.
    pub(crate) metrics: Option<Columns>,
    /// `histograms.csv`.
    pub(crate) histograms: Option<Columns>,
    /// `scores.csv`.
    pub(crate) scores: Option<Columns>,
    /// The best checkpoint, if the evaluated one records it.
    pub(crate) best: Option<BestScore>,
    /// `timing.csv`.
    pub(crate) timing: Option<Columns>,
    /// The grids, in order.
    pub(crate) grids: Vec<Picture>,
}

impl Training {
    /// Reads the files of the command line; `info` is from the evaluated checkpoint.
    pub(crate) fn open(args: &Args, info: Option<&CheckpointInfo>) -> Result<Self, Failure> {
        let settings = args.run.as_deref().map(RunFile::read_settings);
        let settings = settings.transpose()?;
        warn_of_another_seed(args, settings.as_ref(), info);
        let scores = table(args.scores.as_deref())?;
        let best = info.zip(scores.as_ref());
        Ok(Self {
            settings,
            metrics: table(args.metrics.as_deref())?,
            histograms: table(args.histograms.as_deref())?,
            best: best.and_then(|(info, table)| best_of_run(info, table)),
            scores,
            timing: table(args.timing.as_deref())?,
            grids: match &args.grids {
                Some(folder) => frames::read(&frames::frames(folder)?)?,
                None => Vec::new(),
            },
        })
    }
}

/// Warns if `run.json` has another seed than the checkpoint: they are of different runs.
fn warn_of_another_seed(
    args: &Args,
    settings: Option<&Map<String, Value>>,
    info: Option<&CheckpointInfo>,
) {
    let told = settings.and_then(|settings| settings.get("seed")?.as_u64());
    let (Some(told), Some(info)) = (told, info) else {
        return;
    };
    if let (Some(run), Some(checkpoint)) = (&args.run, &args.checkpoint)
        && told != info.seed
    {
        log::warn!(
            "`{}` is of a training with seed {told}, but `{}` of one with seed {}",
            run.display(),
            checkpoint.display(),
            info.seed
        );
    }
}

fn table(path: Option<&Path>) -> Result<Option<Columns>, Failure> {
    let table = path.map(Columns::read).transpose();
    table.map_err(Failure::from)
}

/// The best checkpoint according to the evaluated one, if it is the best of the whole run: as it
/// doesn't know later ones, no later row of the table may have a better score.
fn best_of_run(info: &CheckpointInfo, table: &Columns) -> Option<BestScore> {
    let best = info.best.clone()?;
    let (steps, values) = (table.get(STEP)?, table.get(&best.metric)?);
    let mut rows = steps.iter().zip(values);
    let is_outdone =
        rows.any(|(&step, &value)| step > info.step as f64 && best.is_beaten_by(value));
    (!is_outdone).then_some(best)
}
