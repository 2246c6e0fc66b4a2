//! Reads networks from files and writes them; draws images from (model, seed, index, class).
//!
//! `artifacts` knows files but no networks, and `dcgan` knows networks but no files. This crate
//! connects them: it converts between the description in a file and a [`Config`](dcgan::Config),
//! and a loaded generator draws images that depend only on the model, a seed, an index and a class.

mod classes;
mod description;
mod discriminator;
mod error;
mod generator;

pub use classes::ClassChoice;
pub use description::{network_config, network_info, z_distribution};
pub use discriminator::LoadedDiscriminator;
pub use error::{Error, quoted};
pub use generator::{LoadedGenerator, images_from_latents};

/// Number of rows in every pass through a network here. A matrix product may round differently for
/// another number of rows; with a fixed one, images don't depend on how many are requested.
pub const BLOCK: usize = 64;
