//! Stage 1: sources to `dataset.safetensors`.
//!
//! Files of many images are read and checked before anything is written, so a faulty source leaves
//! no files. Then the dataset is written while a second thread audits it, and last the manifest.
//! Folders of pictures may be larger than memory and are read twice: once for hashes, classes and
//! parts, then picture by picture into the dataset's file (`folder`).

mod audit;
mod contents;
mod error;
mod folder;
mod forecast;
mod gather;
pub mod idx;
mod idx_labels;
mod idx_source;
mod memory;
mod names;
mod npz_source;
mod preview;
mod report;
mod source;
mod source_files;
mod stage;
mod synthetic;
mod validation;

pub use error::Error;
pub use gather::GatherError;
pub use npz_source::NpzError;
pub use stage::run;

use dcgan_stage::CommonArgs;

/// Make a dataset: read IDX files (plain or gzip), folders of pictures or arrays of NumPy, or draw
/// synthetic pictures, check them, and write `dataset.safetensors` with an audit and a preview.
///
/// The section `prepare` of the pipeline has the settings.
#[derive(Debug, clap::Parser)]
#[command(name = "dcgan-prepare", version)]
pub struct Args {
    /// Options of every stage.
    #[command(flatten)]
    pub common: CommonArgs,
}
