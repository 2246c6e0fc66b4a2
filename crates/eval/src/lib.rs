//! Stage 4: a dataset and a model to figures of quality.
//!
//! [`run`] is the whole stage: `inputs` opens and checks the files of the command line, `measure`
//! draws or reads the images and computes the `figures`, `report` makes pages, charts and tables.
//! `compare` compares the figures of several runs.

mod args;
mod classifier;
mod cli;
mod compare;
mod error;
mod evaluate;
mod figures;
mod files;
mod identity;
mod images;
mod inputs;
mod measure;
mod report;
mod run;
mod verify;

pub use args::{Args, ClassifierArgs};
pub use cli::Cli;
pub use compare::CompareArgs;
pub use error::Error;
pub use run::run;
pub use verify::VerifyArgs;
