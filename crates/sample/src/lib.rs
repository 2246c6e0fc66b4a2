//! Stage 3: a generator to images.
//!
//! It needs only a checkpoint or generator file. Image `i` depends on (model, seed, `i`, class)
//! only, not on the number of images or threads.

mod args;
mod arithmetic;
mod classes;
mod draw;
mod error;
mod expression;
mod film;
mod grid;
mod model;
mod modes;
mod motion;
mod nearest;
mod produce;
mod project;

pub use args::Args;
pub use error::Error;
pub use expression::{Expression, Term, Vector, parse as parse_expression};
pub use modes::{
    ArithmeticArgs, FilmArgs, GridArgs, Mode, MotionArgs, NearestArgs, ProjectionArgs, Start, Way,
};

use arithmetic::Arithmetic;
use dcgan_stage::{Failure, run as run_stage};
use draw::Plain;
use film::Film;
use motion::Motions;
use nearest::Nearest;
use project::Project;

/// Runs the stage.
///
/// # Errors
/// A [`Failure`] with its exit code: settings 2, model 3, output 5, signals 130 and 143.
pub fn run(args: &Args) -> Result<(), Failure> {
    args.check()?;
    dcgan_stage::claim_threads(args.common.threads);
    match args.mode {
        Mode::Images => run_stage(&Plain::new(args)?, &args.common),
        Mode::Sweep | Mode::Interpolate | Mode::Classes => {
            run_stage(&Motions::new(args)?, &args.common)
        }
        Mode::Arithmetic => run_stage(&Arithmetic::new(args)?, &args.common),
        Mode::Nearest => run_stage(&Nearest::new(args)?, &args.common),
        Mode::Project => run_stage(&Project::new(args)?, &args.common),
        Mode::Film => run_stage(&Film::new(args)?, &args.common),
    }
}
