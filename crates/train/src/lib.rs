//! Stage 2: a dataset to checkpoints and `metrics.csv`.
//!
//! [`dcgan::step::iteration`] is the training step; [`run`] adds batches, tables, grids,
//! checkpoints, and a run folder from which an interrupted run resumes.

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
mod run_state;
mod scores;
mod stage;
mod steps;
mod tables;
mod tensorboard;
mod watch;

pub use args::Args;
pub use error::Error;
pub use stage::{run, run_until};
