//! Checkpoints of the original program, `carpedm20/DCGAN-tensorflow`, read without TensorFlow.
//!
//! [`SavedVariables`] reads the variables of any checkpoint that `tf.train.Saver` wrote;
//! [`OriginalNetworks`] finds the two networks among them, whatever version of the original wrote
//! it, and [`compare_with_golden`] compares them with a golden file.
//!
//! # Formats
//! * V1, the default until 2016: one file named like the checkpoint, or one per device
//!   (`model-7-00000-of-00002`). Each is a table whose values are messages with the floats.
//! * V2: `model-7.index`, a table that says where each variable is, and files such as
//!   `model-7.data-00000-of-00001` with the floats.
//!
//! Tables are those of `LevelDB`. Every block of a table has a checksum, and so has every variable
//! of V2; all are verified.

mod averages;
mod bundle;
mod error;
mod golden;
mod layout;
mod messages;
mod names;
mod networks;
mod saved;
mod sizes;
mod slices;
mod table;
mod variables;

pub use error::Error;
pub use golden::{GoldenDifference, compare_with_golden};
pub use networks::OriginalNetworks;
pub use saved::SavedVariables;
