//! Stage 2: a dataset to checkpoints and `metrics.csv`.
//!
//! [`dcgan::step::iteration`] is the training itself; [`run`] is what is around it: batches, tables,
//! grids, checkpoints, and the run folder in which all of them survive an interruption.

mod args;
mod batches;
mod checkpoints;
mod error;
mod events;
mod folder;
mod grids;
mod histograms;
mod kernels;
mod plan;
mod resolved;
mod run;
mod scores;
mod standing;
mod tables;
mod tensorboard;
mod watch;

pub use args::Args;
pub use error::Error;
pub use plan::Plan;
pub use run::{run, run_until};
