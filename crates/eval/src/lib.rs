//! Stage 4: a dataset and a model to figures of quality.
//!
//! [`run`] is the whole stage: open and check the inputs, draw or read the images, ask the
//! discriminator, write grids, tables and the manifest.

mod alarms;
mod args;
mod checkpoints;
mod classifier;
mod cli;
mod compare;
mod copying;
mod counts;
mod discriminator;
mod error;
mod evaluate;
mod files;
mod film;
mod grids;
mod identity;
mod images;
mod inputs;
mod measure;
mod order;
mod over_time;
mod page;
mod quality;
mod reading;
mod report;
mod run;
mod samples;
mod scores;
mod sets;
mod summary;
mod svg;
mod tables;
mod timing;
mod training;
mod verify;

pub use args::{Args, ClassifierArgs};
pub use cli::Cli;
pub use compare::CompareArgs;
pub use error::Error;
pub use run::run;
pub use verify::VerifyArgs;
