//! Stage 4: a dataset and a model to figures of quality.
//!
//! [`run`] is the whole stage: open and check the inputs, draw or read the images, ask the
//! discriminator, write grids, tables and the manifest.

mod args;
mod copying;
mod discriminator;
mod error;
mod grids;
mod images;
mod inputs;
mod reading;
mod run;
mod summary;
mod tables;

pub use args::Args;
pub use error::Error;
pub use run::run;
