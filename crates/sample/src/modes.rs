//! The modes and their options.

use std::fmt;
use std::path::PathBuf;

/// What to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Mode {
    /// Images of seeds: their grid and their file
    Images,
    /// The effect of each coordinate of z: a grid and a GIF of each, and a GIF of all
    Sweep,
    /// From seed to seed and back: a grid and a GIF
    Interpolate,
    /// From class to class and back with a fixed z: a grid and a GIF
    Classes,
    /// Latent vectors added and subtracted: the images of the terms and of the result
    Arithmetic,
    /// The nearest training images of each sample: a grid, and the distances as JSON
    Nearest,
    /// The image nearest to a given picture: a grid, and its z as JSON
    Project,
    /// The course of a training: a GIF, and a grid unless it is made of grids
    Film,
}

impl fmt::Display for Mode {
    /// As on the command line.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&format!("{self:?}").to_lowercase())
    }
}

/// Values of the coordinates that a sweep does not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Start {
    /// The values that the images of the first seed have
    Seed,
    /// The middle of their range: 0, or 0.5 for z in [0, 1)
    Centre,
}

/// Path between two latent vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Way {
    /// A straight line
    Linear,
    /// The arc between their directions, with the length changing linearly
    Spherical,
}

/// Options of the mode `images`.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Mode `images`")]
pub struct GridArgs {
    /// Columns of the grid [default: `sample.columns`; a row per class, or nearly square]
    #[arg(long, value_name = "N",
        value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(0..=4096))]
    pub columns: Option<usize>,

    /// Also write each image as a separate PNG [default: `sample.single_images`, false]
    #[arg(long)]
    pub single_images: bool,
}

/// Options of the modes `sweep`, `interpolate` and `classes`.
///
/// `--n` is the number of images that move side by side. Each has the class that it has in the mode
/// `images`, except in the mode `classes`.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Modes `sweep`, `interpolate`, `classes`")]
pub struct MotionArgs {
    /// Steps from one end to the other [default: 16]
    #[arg(long, value_name = "N",
        value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(2..=1000))]
    pub frames: Option<usize>,

    /// Duration of a step in a GIF, in hundredths of a second; also for `film` [default: 8]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(2..=1000))]
    pub delay: Option<u16>,

    /// Sweep: coordinates of z, from 0, as `0,3-6` [default: all]
    #[arg(long, value_name = "LIST")]
    pub coordinates: Option<String>,

    /// Sweep: lowest value of a coordinate [default: -1; 0 for z in [0, 1), -2.5 for a normal z]
    #[arg(long, value_name = "Z", allow_negative_numbers = true, value_parser = finite)]
    pub low: Option<f32>,

    /// Sweep: highest value of a coordinate [default: 1; 2.5 for a normal z]
    #[arg(long, value_name = "Z", allow_negative_numbers = true, value_parser = finite)]
    pub high: Option<f32>,

    /// Sweep: values of the other coordinates [default: seed]
    #[arg(long, value_name = "WHERE", value_enum)]
    pub start: Option<Start>,

    /// Interpolate: path between two seeds [default: spherical]
    #[arg(long, value_name = "WAY", value_enum)]
    pub way: Option<Way>,

    /// Classes: the classes to go through, by name or number, as `3,8,1` [default: all in order]
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

/// Options of the mode `arithmetic`.
///
/// A labelled network draws a row per class, or only the one of `--class`.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Mode `arithmetic`")]
pub struct ArithmeticArgs {
    /// Sum to draw: `image 3` is the z of that image of the first seed, `mean(3,8-9)` the mean of
    /// several, `seed 7` the z of image 0 of that seed; each may have a factor: `0.5 * seed 7`
    #[arg(long, value_name = "EXPRESSION", allow_hyphen_values = true)]
    pub expr: Option<String>,
}

/// Options of the mode `nearest`.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Mode `nearest`")]
pub struct NearestArgs {
    /// Dataset whose training part is searched
    #[arg(long, value_name = "FILE")]
    pub dataset: Option<PathBuf>,

    /// Training images per sample [default: 4]
    #[arg(long, value_name = "K",
        value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1000))]
    pub neighbours: Option<usize>,
}

/// Options of the mode `project`.
///
/// A labelled network tries all its classes, or only the one of `--class`.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Mode `project`")]
pub struct ProjectionArgs {
    /// Picture of any size and format; may be repeated
    #[arg(long, value_name = "FILE")]
    pub picture: Vec<PathBuf>,

    /// Steps of gradient descent from every start [default: 200]
    #[arg(long, value_name = "N",
        value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=100_000))]
    pub steps: Option<usize>,

    /// Number of starts: the z of the first images of the first seed [default: 8]
    #[arg(long, value_name = "N",
        value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=64))]
    pub restarts: Option<usize>,
}

/// Options of the mode `film`.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Mode `film`")]
pub struct FilmArgs {
    /// Folder of checkpoints; each draws the same images
    #[arg(long, value_name = "DIR")]
    pub checkpoints: Option<PathBuf>,

    /// Folder of the grids that the training drew; shown unchanged
    #[arg(long, value_name = "DIR",
        conflicts_with_all = ["checkpoints", "n", "seeds", "class"])]
    pub grids: Option<PathBuf>,
}

/// Parses a finite number.
fn finite(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => Err("expected a finite number".into()),
    }
}
