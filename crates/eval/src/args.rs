//! The command line.

use dcgan_terminal::CommonArgs;
use std::path::PathBuf;

/// Evaluate a generator: image grids, what the discriminator thinks of real and generated images,
/// and a tree of figures.
///
/// With `--checkpoint` the images are drawn from its generator. With `--samples` they come from
/// that file; the discriminator's figures then need `--checkpoint` as well, whose discriminator
/// judges them, and are left out without it.
#[derive(Debug, Clone, clap::Parser)]
#[command(name = "dcgan-eval", version)]
pub struct Args {
    /// Dataset whose training and test images are the measure (dataset.safetensors)
    #[arg(long, value_name = "FILE")]
    pub dataset: PathBuf,

    /// Checkpoint of dcgan-train: its generator draws the images, its discriminator judges them
    #[arg(long, value_name = "FILE", required_unless_present = "samples")]
    pub checkpoint: Option<PathBuf>,

    /// Images from anywhere (samples.safetensors) in the place of the checkpoint's own
    #[arg(long, value_name = "FILE")]
    pub samples: Option<PathBuf>,

    /// The options of every stage.
    #[command(flatten)]
    pub common: CommonArgs,
}
