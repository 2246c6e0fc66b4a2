//! Stage 2: a dataset to checkpoints and `metrics.csv`.
//!
//! [`dcgan::step::iteration`] is the training itself; [`run`] is what is around it: batches,
//! tables, grids, checkpoints, and the run folder in which all of them survive an interruption.

mod args;
mod batches;
mod checkpoints;
mod error;
mod events;
mod extractor;
mod files;
mod folder;
mod grids;
mod histograms;
mod kernels;
mod resolved;
mod run;
mod scores;
mod stage;
mod standing;
mod steps;
mod tables;
mod tensorboard;
mod watch;

pub use args::Args;
pub use error::Error;
pub use stage::{run, run_until};
