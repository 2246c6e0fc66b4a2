//! Trained networks to and from the formats of other programs.
//!
//! `--to` is a [`Target`]: a file of `src/to/` writes one, and the model card names how its files
//! are used. All run in the frame of `dcgan-stage`, so a second call with the same model does
//! nothing.

mod args;
mod card;
mod checkpoint;
mod error;
mod export;
mod figures;
mod import;
mod import_torch;
mod layers;
mod layout;
mod model;
mod state_dicts;
mod state_names;
mod target;
mod to;

pub use args::{Args, ForeignFormat, Target};
pub use error::Error;

use args::Conversion;
use dcgan_stage::{Failure, run as run_stage};

/// The program.
///
/// # Errors
/// With the exit code of the contract: settings 2, model 3, output 5, signals 130 and 143.
pub fn run(args: &Args) -> Result<(), Failure> {
    dcgan_stage::claim_threads(args.common.threads);
    match args.conversion().map_err(Failure::usage)? {
        Conversion::FromTensorflow(prefix) => {
            run_stage(&import::Import::new(args, prefix)?, &args.common)
        }
        Conversion::FromTorch => run_stage(&import_torch::ImportTorch::new(args)?, &args.common),
        Conversion::To(target, model) => {
            run_stage(&export::Export::new(args, target, model)?, &args.common)
        }
    }
}
