//! What was typed.

use crate::Error;
use crate::modes::{
    ArithmeticArgs, FilmArgs, GridArgs, Mode, MotionArgs, NearestArgs, ProjectionArgs,
};
use dcgan_artifacts::best_checkpoint;
use dcgan_settings::{Sample, parse_seeds};
use dcgan_stage::{CommonArgs, Failure};
use std::path::PathBuf;

/// Most images side by side in a mode that draws grids alone.
const MAX_IMAGES: usize = 1024;

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
///   The z whose image comes nearest to a picture of your own, and that image:
///     dcgan-sample --model G --out mine --mode project --picture mine.jpg
///   A training as it went: one z through all checkpoints that were kept, or the grids it drew:
///     dcgan-sample --out film --mode film --checkpoints runs/mnist/train/checkpoints
///     dcgan-sample --out film --mode film --grids runs/mnist/train/samples
///
/// G stands for the path of a checkpoint or of `generator.safetensors`.
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

    /// Checkpoint or generator file; every mode but `film` needs it, and nothing else
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,

    /// Images per seed [default: `sample.n`, 64; in other modes 8, or 16 in a film]
    #[arg(long, value_name = "N",
        value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=10_000_000))]
    pub n: Option<usize>,

    /// Seeds, as `0,3-6` [default: `sample.seeds`, 0]
    #[arg(long, value_name = "LIST")]
    pub seeds: Option<String>,

    /// The one class to draw, by name or number [default: `sample.class`; all, taking turns]
    #[arg(long, value_name = "CLASS")]
    pub class: Option<String>,

    /// How the mode `images` lays them out.
    #[command(flatten)]
    pub grid: GridArgs,

    /// How the latent vectors of the other modes move.
    #[command(flatten)]
    pub motion: MotionArgs,

    /// What the mode `arithmetic` adds up.
    #[command(flatten)]
    pub arithmetic: ArithmeticArgs,

    /// What the mode `nearest` compares with.
    #[command(flatten)]
    pub nearest: NearestArgs,

    /// What the mode `project` looks for.
    #[command(flatten)]
    pub projection: ProjectionArgs,

    /// What the mode `film` is made of.
    #[command(flatten)]
    pub film: FilmArgs,

    /// The options that every stage has.
    #[command(flatten)]
    pub common: CommonArgs,
}

impl Args {
    /// Refuses options that the mode would not heed.
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

    /// The model, which every mode but `film` needs: the one that was given, or the best that it
    /// tells of.
    pub(crate) fn model(&self, sample: &Sample) -> Result<PathBuf, Failure> {
        let given = self.needed(self.model.as_ref(), "--model FILE")?;
        if sample.best {
            return Ok(best_checkpoint(given)?);
        }
        Ok(given.clone())
    }

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
        if let Some(columns) = self.grid.columns {
            sample.columns = columns;
        }
        sample.single_images |= self.grid.single_images;
        let seeds = parse_seeds(&sample.seeds).map_err(Failure::usage)?;
        Ok((sample, seeds))
    }

    /// The value of an option without which the mode has nothing to do.
    pub(crate) fn needed<'a, T>(
        &self,
        value: Option<&'a T>,
        option: &'static str,
    ) -> Result<&'a T, Failure> {
        let mode = self.mode;
        value.ok_or_else(|| Failure::usage(Error::Needed { mode, option }))
    }
}
