//! Pipeline settings: YAML, defaults, overrides, resolved values.
//!
//! A pipeline is deserialised twice: first as written in the file, so that errors have line and
//! column, then after the command line's overrides, so that errors name the override. The result is
//! a complete [`Pipeline`] with checked values.

mod depth;
mod duplicates;
mod error;
mod fault;
mod forms;
mod keys;
mod limits;
mod load;
mod overrides;
mod ranges;
mod ranges_of_sources;
mod sections;
mod seeds;
mod sources;
mod variables;

pub use depth::Depth;
pub use error::{Error, Origin};
pub use keys::{default_settings, resolved};
pub use load::{load, load_text};
pub use sections::{
    Alarms, AlphaChoice, Best, CropChoice, Eval, FilterChoice, IdxFiles, KernelChoice, Labels,
    LatentChoice, MovingAverages, NetworkKind, OnDivergence, Pictures, Pipeline, PrecisionChoice,
    Prepare, Sample, SourceKind, Synthetic, Train,
};
pub use seeds::{MAX_SEEDS, parse_seeds};
pub use sources::{
    ArchiveFiles, ChannelsChoice, CifarFiles, CifarLabelsChoice, CsvFiles, LabelColumnChoice,
    NpzFiles, ParquetFiles, RangeChoice,
};
pub use variables::{KERNELS, kernels};
