//! What was typed.

use dcgan_settings::{Sample, parse_seeds};
use dcgan_terminal::{CommonArgs, Failure};
use std::path::PathBuf;

/// Draw images from a trained generator.
///
/// Writes `samples.safetensors`, `grid.png` and, if asked for, every image as a PNG of its own
/// into the folder `images`. An image depends on the model, its seed, its index and its class
/// alone: the first 10 of 50,000 are the 10 that `--n 10` draws.
#[derive(Debug, Clone, clap::Parser)]
#[command(name = "dcgan-sample", version, help_expected = true)]
pub struct Args {
    /// Checkpoint or generator file; nothing else is needed
    #[arg(long, value_name = "FILE")]
    pub model: PathBuf,

    /// Images per seed [default: `sample.n`, 64]
    #[arg(long, value_name = "N",
        value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=10_000_000))]
    pub n: Option<usize>,

    /// Seeds, as `0,3-6` [default: `sample.seeds`, 0]
    #[arg(long, value_name = "LIST")]
    pub seeds: Option<String>,

    /// The one class to draw, by name or number [default: `sample.class`; all, taking turns]
    #[arg(long, value_name = "CLASS")]
    pub class: Option<String>,

    /// Columns of the grid [default: `sample.columns`; a row per class, or near square]
    #[arg(long, value_name = "N",
        value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(0..=4096))]
    pub columns: Option<usize>,

    /// Also write every image as a PNG of its own [default: `sample.single_images`, false]
    #[arg(long)]
    pub single_images: bool,

    /// The options that every stage has.
    #[command(flatten)]
    pub common: CommonArgs,
}

impl Args {
    /// The section `sample` of the pipeline with what was typed in its place, and its seeds.
    pub(crate) fn settings(&self) -> Result<(Sample, Vec<u64>), Failure> {
        let mut sample = self.common.pipeline()?.sample;
        if let Some(n) = self.n {
            sample.n = n;
        }
        if let Some(seeds) = &self.seeds {
            sample.seeds.clone_from(seeds);
        }
        if let Some(class) = &self.class {
            sample.class = Some(class.clone());
        }
        if let Some(columns) = self.columns {
            sample.columns = columns;
        }
        sample.single_images |= self.single_images;
        let seeds = parse_seeds(&sample.seeds).map_err(Failure::usage)?;
        Ok((sample, seeds))
    }
}
