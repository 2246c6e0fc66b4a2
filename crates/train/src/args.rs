//! The command line.

use dcgan_stage::CommonArgs;
use std::path::PathBuf;

/// Train a DCGAN on a dataset: checkpoints, metrics.csv, sample grids.
///
/// The same command continues an interrupted run, and a finished one if `train.epochs` is larger.
/// Any other difference in settings or dataset is an error, unless --force moves the old folder
/// aside to DIR.old-1, DIR.old-2 and so on.
#[derive(Debug, Clone, clap::Parser)]
#[command(name = "dcgan-train", version, about, long_about)]
pub struct Args {
    /// Dataset, as written by dcgan-prepare
    #[arg(long, value_name = "FILE")]
    pub dataset: PathBuf,

    /// Options of every stage.
    #[command(flatten)]
    pub common: CommonArgs,
}
