//! The options of every stage.

use crate::Failure;
use dcgan_settings::Pipeline;
use std::path::{Path, PathBuf};

/// The options of every stage; a stage's own struct flattens them.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Common options")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct CommonArgs {
    /// Pipeline file (YAML) with the settings of all stages [default: built-in settings]
    #[arg(long, value_name = "FILE")]
    pub pipeline: Option<PathBuf>,

    /// Override one setting, as `train.batch_size=32`; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,

    /// Folder that this stage writes
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,

    /// Number of threads; does not change the result [default: all cores]
    #[arg(long, value_name = "N",
        value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1024))]
    pub threads: Option<usize>,

    /// Start over where the stage refuses to run or has nothing to do
    #[arg(long)]
    pub force: bool,

    /// Print no progress bar and no messages below warnings
    #[arg(long)]
    pub quiet: bool,

    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,

    /// Check settings and inputs, print what would be read and written, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

impl CommonArgs {
    /// The resolved settings: the pipeline file or the defaults, overridden by the command line and
    /// the environment.
    ///
    /// # Errors
    /// [`Failure::Usage`] for errors in file, overrides or environment.
    pub fn pipeline(&self) -> Result<Pipeline, Failure> {
        let mut pipeline = match &self.pipeline {
            Some(path) => dcgan_settings::load(path, &self.set),
            None => dcgan_settings::load_text("built-in settings", "", &self.set),
        }
        .map_err(Failure::usage)?;
        pipeline
            .apply_environment(|name| std::env::var_os(name))
            .map_err(Failure::usage)?;
        Ok(pipeline)
    }
}

/// The options of the command line that the frame uses.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct Options<'a> {
    /// The folder to write.
    pub out: &'a Path,
    /// Make the result again even if it is up to date.
    pub force: bool,
    /// Print what would be done and write nothing.
    pub dry_run: bool,
    /// Print no progress.
    pub quiet: bool,
    /// Print the result as JSON.
    pub json: bool,
}

impl<'a> From<&'a CommonArgs> for Options<'a> {
    fn from(args: &'a CommonArgs) -> Self {
        Self {
            out: &args.out,
            force: args.force,
            dry_run: args.dry_run,
            quiet: args.quiet,
            json: args.json,
        }
    }
}
