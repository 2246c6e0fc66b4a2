//! Every file format between the stages: reading, validation and atomic writing.
//!
//! Stages share nothing but these files, so a program in any language that uses the formats can
//! replace a stage. No other crate opens them directly.
//!
//! # safetensors files
//! Dataset, checkpoint, generator, discriminator and samples are safetensors files. Their header's
//! `__metadata__` has the one key `dcgan`: a JSON object with sorted keys, as text. In every one:
//!
//! | key | what |
//! |---|---|
//! | `format` | version of the format, from 1; a newer one than the program knows is refused |
//! | `kind` | `dataset`, `checkpoint`, `generator`, `discriminator`, `classifier`, `neighbours` or `samples` |
//! | `content_sha256` | SHA-256 over the arrays, see below |
//! | `seal` | SHA-256 of this JSON text with the seal itself empty, `"seal":""`; may be left out by other programs |
//!
//! `content_sha256` is the SHA-256 of, for each array in ascending byte order of its name: name,
//! newline, type (`U8`, `F32`), newline, the sizes joined by commas, newline, then the data as
//! stored in the file. In Python, for arrays of bytes in numpy:
//!
//! ```python
//! import hashlib, json
//! from safetensors.numpy import save_file
//!
//! arrays = {"train/images": images, "train/labels": labels}        # uint8 [N,H,W,C] and [N]
//! content = hashlib.sha256()
//! for name in sorted(arrays):
//!     content.update(f"{name}\nU8\n{','.join(map(str, arrays[name].shape))}\n".encode())
//!     content.update(arrays[name].tobytes())
//! info = dict(format=1, kind="dataset", content_sha256=content.hexdigest(), name="mine",
//!             class_names=["a", "b"], height=28, width=28, channels=1, sources=[])
//! save_file(arrays, "dataset.safetensors", {"dcgan": json.dumps(info, sort_keys=True)})
//! ```
//!
//! # Errors of every reader
//! [`Error::Missing`], [`Error::Read`], [`Error::Damaged`], [`Error::Header`], [`Error::Json`],
//! [`Error::NewerFormat`], [`Error::Unfit`]. Lengths are compared with the file's size before
//! anything is allocated, so no header makes a reader allocate more than the file's size. A change
//! of any byte in a file of ours is an error.
//!
//! # Exit codes
//! [`Error::kind`] tells a stage which failure an error is: [`ErrorKind::Input`] is exit code 3,
//! [`ErrorKind::Output`] exit code 5.

mod atomic;
mod cell;
mod chain;
mod change;
mod checkpoint;
mod checkpoints;
mod classifier;
mod columns;
mod container;
mod container_writer;
mod dataset;
mod dataset_writer;
mod digest;
mod error;
mod event_file;
mod foreign;
mod grids;
mod hint;
mod lock;
mod manifest;
mod missing;
mod neighbours;
mod network;
mod number;
mod run;
pub mod run_tables;
mod samples;
mod seal;
mod state_dict;
mod table;

pub use atomic::{
    AtomicFile, create_folder, create_folder_in, open as open_plain, read_bounded, read_exact_at,
    remove_file, require_plain, sync_file, write_atomic,
};
pub use cell::csv_rows;
pub use chain::{Link, Outside, Verified, verify_run};
pub use change::{Change, observe_changes};
pub use checkpoint::{
    BestScore, Checkpoint, CheckpointInfo, read_averaged_generator, read_checkpoint_info,
    read_discriminator, read_generator, verify_checkpoint,
};
pub use checkpoints::{
    Recovered, best_checkpoint, checkpoint_path, list_checkpoints, read_newest_checkpoint,
    retain_checkpoints,
};
pub use classifier::{ClassifierFile, ClassifierInfo};
pub use columns::Columns;
pub use dataset::{DatasetInfo, DatasetReader, Part, PartData, write_dataset};
pub use dataset_writer::{DatasetWriter, Kept};
pub use digest::{FileDigest, digest_file, sha256_bytes};
pub use error::{Artifact, Error, ErrorKind};
pub use event_file::{
    EventFile, Summary, SummaryHistogram, framed as framed_event, masked_crc as masked_crc32c,
};
pub use foreign::{
    ChannelAxis, ForeignArrays, ForeignImages, ForeignReading, ValueRange, ZipArchive,
};
pub use grids::list_grids;
pub use lock::RunLock;
pub use manifest::{
    Difference, FileRecord, FolderDigest, Manifest, SourceRecord, differences, with_defaults,
};
pub use missing::{ClassCounts, ImageCounts, MOST_COMPARED, MissingFigure, least};
pub use neighbours::{NeighboursFile, NeighboursInfo};
pub use network::{Arrays, ModelFile, NetworkInfo, Role};
pub use number::format_f32;
pub use run::RunFile;
pub use samples::Samples;
pub use state_dict::StateDict;
pub use table::{GrowingTable, TablePosition};

/// The newest version of each format that this program reads, and the one that it writes.
pub mod format_version {
    pub use crate::classifier::FORMAT_VERSION as CLASSIFIER;
    pub use crate::dataset::FORMAT_VERSION as DATASET;
    pub use crate::manifest::FORMAT_VERSION as MANIFEST;
    pub use crate::neighbours::FORMAT_VERSION as NEIGHBOURS;
    pub use crate::network::FORMAT_VERSION as NETWORK;
    pub use crate::samples::FORMAT_VERSION as SAMPLES;
}
