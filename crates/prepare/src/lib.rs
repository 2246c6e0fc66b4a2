//! Stage 1: sources to `dataset.safetensors`.
//!
//! Files of many images are read and checked before anything is written, so a faulty source leaves
//! no files. Then the dataset is written while a second thread audits it, and last the manifest.
//! Folders of pictures may be larger than memory and are read twice: once for hashes, classes and
//! parts, then picture by picture into the dataset's file (`folder`).

mod audit;
pub mod cifar;
mod cifar_source;
mod contents;
mod csv_source;
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
pub mod pixel_table;
mod preview;
mod report;
mod source;
mod source_files;
mod stage;
mod synthetic;
mod table_error;
mod validation;

pub use cifar_source::CifarSourceError;
pub use csv_source::CsvError;
pub use error::Error;
pub use folder::{
    ArchiveError, BesideError, Collection, ParquetColumns, ParquetError, open_archive, open_parquet,
};
pub use gather::GatherError;
pub use npz_source::NpzError;
pub use stage::run;

use dcgan_stage::CommonArgs;

/// Make a dataset: read pictures from folders, archives or Parquet tables, or whole data sets from
/// IDX files, arrays of NumPy, tables of pixels or CIFAR's batches, or draw synthetic pictures;
/// check them, and write `dataset.safetensors` with an audit and a preview.
///
/// The section `prepare` of the pipeline has the settings.
#[derive(Debug, clap::Parser)]
#[command(name = "dcgan-prepare", version)]
pub struct Args {
    /// Options of every stage.
    #[command(flatten)]
    pub common: CommonArgs,
}
