//! The modes, and the options that some of them alone have.

use std::fmt;
use std::path::PathBuf;

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
    /// The image that comes nearest to a given picture beside it: a grid, and its z as JSON
    Project,
    /// A training as it went: a GIF, and a grid unless it is made of grids
    Film,
}

impl fmt::Display for Mode {
    /// As it is typed.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&format!("{self:?}").to_lowercase())
    }
}

/// Where the coordinates are that a sweep leaves alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Start {
    /// Where the images of the first seed have them
    Seed,
    /// In the middle of their range: 0, or 0.5 for z in [0, 1)
    Centre,
}

/// How two latent vectors are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Way {
    /// On a straight line
    Linear,
    /// On the arc between their directions, the length changing evenly
    Spherical,
}

/// How the mode `images` lays them out.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Mode `images`")]
pub struct GridArgs {
    /// Columns of the grid [default: `sample.columns`; a row per class, or near square]
    #[arg(long, value_name = "N",
        value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(0..=4096))]
    pub columns: Option<usize>,

    /// Also write every image as a PNG of its own [default: `sample.single_images`, false]
    #[arg(long)]
    pub single_images: bool,
}

/// How things move in the modes `sweep`, `interpolate` and `classes`.
///
/// In all of them `--n` counts the images that move side by side, each with the class that it has
/// among the plain images unless classes are what moves.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Modes `sweep`, `interpolate`, `classes`")]
pub struct MotionArgs {
    /// Steps from one end to the other [default: 16]
    #[arg(long, value_name = "N",
        value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(2..=1000))]
    pub frames: Option<usize>,

    /// Hundredths of a second that a GIF shows a step; a film has it too [default: 8]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(2..=1000))]
    pub delay: Option<u16>,

    /// Sweep: coordinates of z, from 0, as `0,3-6` [default: all]
    #[arg(long, value_name = "LIST")]
    pub coordinates: Option<String>,

    /// Sweep: where a coordinate begins [default: -1; 0 for z in [0, 1), -2.5 for a normal z]
    #[arg(long, value_name = "Z", allow_negative_numbers = true, value_parser = finite)]
    pub low: Option<f32>,

    /// Sweep: where a coordinate ends [default: 1; 2.5 for a normal z]
    #[arg(long, value_name = "Z", allow_negative_numbers = true, value_parser = finite)]
    pub high: Option<f32>,

    /// Sweep: where the other coordinates are [default: seed]
    #[arg(long, value_name = "WHERE", value_enum)]
    pub start: Option<Start>,

    /// Interpolate: how two seeds are joined [default: spherical]
    #[arg(long, value_name = "WAY", value_enum)]
    pub way: Option<Way>,

    /// Classes: which to pass, by name or number, as `3,8,1` [default: all in order]
    #[arg(long, value_name = "LIST")]
    pub through: Option<String>,
}

impl MotionArgs {
    pub(crate) fn frames(&self) -> usize {
        self.frames.unwrap_or(16)
    }

    pub(crate) fn delay(&self) -> u16 {
        self.delay.unwrap_or(8)
    }
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
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Mode `nearest`")]
pub struct NearestArgs {
    /// Dataset whose training part is searched
    #[arg(long, value_name = "FILE")]
    pub dataset: Option<PathBuf>,

    /// Training images beside each sample [default: 4]
    #[arg(long, value_name = "K",
        value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1000))]
    pub neighbours: Option<usize>,
}

/// What the mode `project` looks for.
///
/// A labelled network tries all its classes, or the one of `--class`.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Mode `project`")]
pub struct ProjectionArgs {
    /// PNG of the size of the model's images; may be given again
    #[arg(long, value_name = "FILE")]
    pub picture: Vec<PathBuf>,

    /// Steps downhill from every start [default: 200]
    #[arg(long, value_name = "N",
        value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=100_000))]
    pub steps: Option<usize>,

    /// Starts: z of the first images of the first seed [default: 8]
    #[arg(long, value_name = "N",
        value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=64))]
    pub restarts: Option<usize>,
}

/// What the mode `film` is made of.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Mode `film`")]
pub struct FilmArgs {
    /// Folder of checkpoints, of which each draws the same images
    #[arg(long, value_name = "DIR")]
    pub checkpoints: Option<PathBuf>,

    /// Folder of the grids that the training drew, which are shown as they are
    #[arg(long, value_name = "DIR",
        conflicts_with_all = ["checkpoints", "n", "seeds", "class"])]
    pub grids: Option<PathBuf>,
}

/// A number that is one.
fn finite(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => Err("expected a finite number".into()),
    }
}
