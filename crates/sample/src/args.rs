//! What was typed.

use crate::Error;
use dcgan_settings::{Sample, parse_seeds};
use dcgan_terminal::{CommonArgs, Failure};
use std::path::PathBuf;

/// Draw images from a trained generator.
///
/// Writes `samples.safetensors`, `grid.png` and, if asked for, every image as a PNG of its own into
/// the folder `images`. An image depends on the model, its seed, its index and its class alone: the
/// first 10 of 50,000 are the 10 that `--n 10` draws.
///
/// With `--mode` it draws other things instead, into a folder of their own:
///
///   What coordinates 0 and 7 of z do:
///     dcgan-sample --model G --out sweep --mode sweep --coordinates 0,7 --frames 24
///   From seed 1 to 2 to 5 and back to 1:
///     dcgan-sample --model G --out way --mode interpolate --seeds 1,2,5
///   The same 8 images as a 3, as an 8, as a 1, and as all between:
///     dcgan-sample --model G --out classes --mode classes --through 3,8,1
///   z of three images, less that of two others, plus image 0 of seed 7:
///     dcgan-sample --model G --out sum --mode arithmetic --expr 'mean(3,8,9) - mean(1,4) + seed 7'
///   Each sample with the 4 training images that are nearest to it, pixel by pixel:
///     dcgan-sample --model G --out near --mode nearest --dataset dataset.safetensors
///
/// G stands for the path of a checkpoint or of `generator.safetensors`.
#[derive(Debug, Clone, clap::Parser)]
#[command(
    name = "dcgan-sample",
    version,
    help_expected = true,
    verbatim_doc_comment
)]
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

    /// What to draw
    #[arg(long, value_name = "MODE", value_enum, default_value_t = Mode::Images)]
    pub mode: Mode,

    /// How the latent vectors of the other modes move.
    #[command(flatten)]
    pub motion: MotionArgs,

    /// What the mode `arithmetic` adds up.
    #[command(flatten)]
    pub arithmetic: ArithmeticArgs,

    /// What the mode `nearest` compares with.
    #[command(flatten)]
    pub nearest: NearestArgs,

    /// The options that every stage has.
    #[command(flatten)]
    pub common: CommonArgs,
}

/// What to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Mode {
    /// Images of seeds: their grid and their file
    Images,
    /// What each coordinate of z does: a grid and a GIF of each, and a GIF of all
    Sweep,
    /// The way from seed to seed and back: a grid and a GIF
    Interpolate,
    /// The way from class to class and back under one z: a grid and a GIF
    Classes,
    /// Latent vectors added and subtracted: the images of the terms and of the result
    Arithmetic,
    /// The nearest training images beside each sample: a grid, and the distances as JSON
    Nearest,
}

/// How two latent vectors are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Way {
    /// On a straight line
    Linear,
    /// On the arc between their directions, the length changing evenly
    Spherical,
}

/// How things move in the modes `sweep`, `interpolate` and `classes`.
///
/// In all of them `--n` counts the images that move side by side (8 if not given), each with the
/// class that it has among the plain images unless classes are what moves.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Modes `sweep`, `interpolate`, `classes`")]
pub struct MotionArgs {
    /// Steps from one end to the other
    #[arg(long, value_name = "N", default_value_t = 16,
        value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(2..=1000))]
    pub frames: usize,

    /// Hundredths of a second that a GIF shows a step
    #[arg(long, value_name = "N", default_value_t = 8,
        value_parser = clap::value_parser!(u16).range(2..=1000))]
    pub delay: u16,

    /// Coordinates of z to sweep, from 0, as `0,3-6` [default: all]
    #[arg(long, value_name = "LIST")]
    pub coordinates: Option<String>,

    /// Where a sweep begins [default: -1; 0 for z in [0, 1), -2.5 for a normal z]
    #[arg(long, value_name = "Z", allow_negative_numbers = true)]
    pub low: Option<f32>,

    /// Where a sweep ends [default: 1; 2.5 for a normal z]
    #[arg(long, value_name = "Z", allow_negative_numbers = true)]
    pub high: Option<f32>,

    /// How an interpolation joins two seeds
    #[arg(long, value_name = "WAY", value_enum, default_value_t = Way::Spherical)]
    pub way: Way,

    /// Classes to pass, by name or number, as `3,8,1` [default: all in order]
    #[arg(long, value_name = "LIST")]
    pub through: Option<String>,
}

/// What the mode `arithmetic` adds up.
///
/// A labelled network draws a row per class, or the one of `--class`.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Mode `arithmetic`")]
pub struct ArithmeticArgs {
    /// What to add up: `image 3` is z of that image of the first seed, `mean(3,8-9)` the mean of
    /// several, `seed 7` z of image 0 of that seed, each with a factor if wanted: `0.5 * seed 7`
    #[arg(long, value_name = "EXPRESSION", allow_hyphen_values = true)]
    pub expr: Option<String>,
}

/// What the mode `nearest` compares with.
///
/// Here too `--n` counts the samples of each seed, 8 if not given.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Mode `nearest`")]
pub struct NearestArgs {
    /// Dataset whose training part is searched
    #[arg(long, value_name = "FILE")]
    pub dataset: Option<PathBuf>,

    /// Training images beside each sample
    #[arg(long, value_name = "K", default_value_t = 4,
        value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1000))]
    pub neighbours: usize,
}

impl Mode {
    /// As it is typed.
    pub(crate) fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }
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

    /// The value of an option without which the mode has nothing to do.
    pub(crate) fn needed<'a, T>(
        &self,
        value: Option<&'a T>,
        option: &'static str,
    ) -> Result<&'a T, Failure> {
        let mode = self.mode.name();
        value.ok_or_else(|| Failure::usage(Error::Needed { mode, option }))
    }
}
