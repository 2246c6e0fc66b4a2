//! Trained networks to and from the formats of other programs.
//!
//! `--to` is a [`Target`]: a file of `src/to/` writes one, and the model card names how its files
//! are used. All run in the frame of `dcgan-stage`, so a second call with the same model does
//! nothing.

mod args;
mod card;
mod error;
mod export;
mod figures;
mod layers;
mod layout;
mod model;
mod target;
mod to;

pub use args::{Args, Target};
pub use error::Error;

use dcgan_stage::{Failure, run as run_stage};

/// The program.
///
/// # Errors
/// With the exit code of the contract: settings 2, model 3, output 5, signals 130 and 143.
pub fn run(args: &Args) -> Result<(), Failure> {
    dcgan_kernels::set_threads(args.common.threads);
    run_stage(&export::Export::new(args)?, &args.common)
}
