//! The command line.

use crate::Error;
use crate::modes::{
    ArithmeticArgs, FilmArgs, GridArgs, Mode, MotionArgs, NearestArgs, ProjectionArgs,
};
use dcgan_artifacts::best_checkpoint;
use dcgan_settings::{Sample, parse_seeds};
use dcgan_stage::{CommonArgs, Failure};
use std::path::PathBuf;

/// Maximum number of images side by side in a mode that draws only grids.
const MAX_IMAGES: usize = 1024;

/// Draw images from a trained generator.
///
/// Writes `samples.safetensors`, `grid.png` and, if asked for, each image as a separate PNG in the
/// folder `images`. An image depends only on the model, its seed, its index and its class: the
/// first 10 of 50,000 are the 10 that `--n 10` draws.
///
/// With `--mode` it draws something else, in another folder:
///
///   The effect of coordinates 0 and 7 of z:
///     dcgan-sample --model G --out sweep --mode sweep --coordinates 0,7 --frames 24
///   From seed 1 to 2 to 5 and back to 1:
///     dcgan-sample --model G --out way --mode interpolate --seeds 1,2,5
///   The same 8 images as a 3, an 8, a 1, and everything in between:
///     dcgan-sample --model G --out classes --mode classes --through 3,8,1
///   The mean z of three images, minus that of two others, plus image 0 of seed 7:
///     dcgan-sample --model G --out sum --mode arithmetic --expr 'mean(3,8,9) - mean(1,4) + seed 7'
///   Each sample with its 4 nearest training images, compared pixel by pixel:
///     dcgan-sample --model G --out near --mode nearest --dataset dataset.safetensors
///   The z whose image is nearest to a picture of yours, and that image:
///     dcgan-sample --model G --out mine --mode project --picture mine.jpg
///   The course of a training: the same z in every kept checkpoint, or the grids of the training:
///     dcgan-sample --out film --mode film --checkpoints runs/mnist/train/checkpoints
///     dcgan-sample --out film --mode film --grids runs/mnist/train/samples
///
/// G is the path of a checkpoint or of `generator.safetensors`.
#[derive(Debug, Clone, clap::Parser)]
#[command(
    name = "dcgan-sample",
    version,
    help_expected = true,
    verbatim_doc_comment,
    override_usage = "dcgan-sample --model <FILE> --out <DIR> [OPTIONS]\n       \
        dcgan-sample --mode film --checkpoints <DIR> --out <DIR> [OPTIONS]"
)]
pub struct Args {
    /// What to draw
    #[arg(long, value_name = "MODE", value_enum, default_value_t = Mode::Images)]
    pub mode: Mode,

    /// Checkpoint or generator file; needed by every mode except `film`
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,

    /// Images per seed [default: `sample.n`, 64; in other modes 8, or 16 in a film]
    #[arg(long, value_name = "N",
        value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=10_000_000))]
    pub n: Option<usize>,

    /// Seeds, as `0,3-6` [default: `sample.seeds`, 0]
    #[arg(long, value_name = "LIST")]
    pub seeds: Option<String>,

    /// The class to draw, by name or number [default: `sample.class`; all, alternating]
    #[arg(long, value_name = "CLASS")]
    pub class: Option<String>,

    /// Options of the mode `images`.
    #[command(flatten)]
    pub grid: GridArgs,

    /// Options of the modes in which latent vectors or classes move.
    #[command(flatten)]
    pub motion: MotionArgs,

    /// Options of the mode `arithmetic`.
    #[command(flatten)]
    pub arithmetic: ArithmeticArgs,

    /// Options of the mode `nearest`.
    #[command(flatten)]
    pub nearest: NearestArgs,

    /// Options of the mode `project`.
    #[command(flatten)]
    pub projection: ProjectionArgs,

    /// Options of the mode `film`.
    #[command(flatten)]
    pub film: FilmArgs,

    /// Options of every stage.
    #[command(flatten)]
    pub common: CommonArgs,
}

impl Args {
    /// Refuses options that the mode does not use.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        use Mode::{Arithmetic, Classes, Film, Images, Interpolate, Nearest, Project, Sweep};
        let (motion, projection, film) = (&self.motion, &self.projection, &self.film);
        let options: [(&'static str, bool, &'static [Mode]); 20] = [
            ("--columns", self.grid.columns.is_some(), &[Images]),
            ("--single-images", self.grid.single_images, &[Images]),
            (
                "--n",
                self.n.is_some(),
                &[Images, Sweep, Interpolate, Classes, Nearest, Film],
            ),
            (
                "--model",
                self.model.is_some(),
                &[
                    Images,
                    Sweep,
                    Interpolate,
                    Classes,
                    Arithmetic,
                    Nearest,
                    Project,
                ],
            ),
            (
                "--frames",
                motion.frames.is_some(),
                &[Sweep, Interpolate, Classes],
            ),
            (
                "--delay",
                motion.delay.is_some(),
                &[Sweep, Interpolate, Classes, Film],
            ),
            ("--coordinates", motion.coordinates.is_some(), &[Sweep]),
            ("--low", motion.low.is_some(), &[Sweep]),
            ("--high", motion.high.is_some(), &[Sweep]),
            ("--start", motion.start.is_some(), &[Sweep]),
            ("--way", motion.way.is_some(), &[Interpolate]),
            ("--through", motion.through.is_some(), &[Classes]),
            ("--expr", self.arithmetic.expr.is_some(), &[Arithmetic]),
            ("--dataset", self.nearest.dataset.is_some(), &[Nearest]),
            (
                "--neighbours",
                self.nearest.neighbours.is_some(),
                &[Nearest],
            ),
            ("--picture", !projection.picture.is_empty(), &[Project]),
            ("--steps", projection.steps.is_some(), &[Project]),
            ("--restarts", projection.restarts.is_some(), &[Project]),
            ("--checkpoints", film.checkpoints.is_some(), &[Film]),
            ("--grids", film.grids.is_some(), &[Film]),
        ];
        let mode = self.mode;
        for (option, is_given, modes) in options {
            if is_given && !modes.contains(&mode) {
                return Err(Failure::usage(Error::Unheeded {
                    option,
                    mode,
                    modes,
                }));
            }
        }
        if let Some(got) = self.n
            && mode != Images
            && got > MAX_IMAGES
        {
            let limit = MAX_IMAGES;
            return Err(Failure::usage(Error::TooMany { mode, limit, got }));
        }
        Ok(())
    }

    /// The model, which every mode except `film` needs: the given one or, with `sample.best`, the
    /// best checkpoint that it records.
    pub(crate) fn model(&self, sample: &Sample) -> Result<PathBuf, Failure> {
        let given = self.needed(self.model.as_ref(), "--model FILE")?;
        if sample.best {
            return Ok(best_checkpoint(given)?);
        }
        Ok(given.clone())
    }

    /// The section `sample` of the pipeline with the options applied, and its seeds.
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
        if let Some(columns) = self.grid.columns {
            sample.columns = columns;
        }
        sample.single_images |= self.grid.single_images;
        let seeds = parse_seeds(&sample.seeds).map_err(Failure::usage)?;
        Ok((sample, seeds))
    }

    /// The value of an option that the mode requires.
    pub(crate) fn needed<'a, T>(
        &self,
        value: Option<&'a T>,
        option: &'static str,
    ) -> Result<&'a T, Failure> {
        let mode = self.mode;
        value.ok_or_else(|| Failure::usage(Error::Needed { mode, option }))
    }
}
