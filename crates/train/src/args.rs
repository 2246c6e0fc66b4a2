//! The command line.

use dcgan_stage::CommonArgs;
use std::path::PathBuf;

/// Train a DCGAN on a dataset: checkpoints, metrics.csv, sample grids.
///
/// A run that was interrupted continues when the same command is given again, a finished one when
/// `train.epochs` has grown. Any other difference in settings or dataset is refused, unless --force
/// moves the old folder aside to DIR.old-1, DIR.old-2 and so on.
#[derive(Debug, Clone, clap::Parser)]
#[command(name = "dcgan-train", version, about, long_about)]
pub struct Args {
    /// Dataset, as dcgan-prepare writes it
    #[arg(long, value_name = "FILE")]
    pub dataset: PathBuf,

    /// Options that every stage has.
    #[command(flatten)]
    pub common: CommonArgs,
}
