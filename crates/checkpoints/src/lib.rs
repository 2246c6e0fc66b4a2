//! Networks out of files and into them; images from (model, seed, index, class).
//!
//! `artifacts` knows files and no networks, `dcgan` knows networks and no files. Here the two
//! meet: what a file says of its network becomes a [`Config`](dcgan::Config)
//! and back, and a loaded generator draws images that depend on nothing but the model, a seed, an
//! index and a class.

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

/// Rows of every pass through a network here, whatever is asked for. A matrix product may round
/// differently for another number of rows; with one fixed number, how many images are asked for
/// never shows in any of them.
pub const BLOCK: usize = 64;
