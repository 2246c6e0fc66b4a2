//! Stage 2: a dataset to checkpoints and `metrics.csv`.

mod args;
mod plan;
pub mod step;

pub use args::Args;
use dcgan_terminal::Failure;
pub use plan::Plan;

/// Trains as `args` say.
///
/// # Errors
/// What is wrong, in the contract's classes.
pub fn run(args: &Args) -> Result<(), Failure> {
    args.common.pipeline().map(drop)
}
