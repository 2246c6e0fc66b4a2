//! The command line: an evaluation, or one of the subcommands.

use crate::{Args, ClassifierArgs, VerifyArgs};
use clap::{ArgMatches, Args as _, Command, CommandFactory, FromArgMatches, Parser};

/// What `dcgan-eval` is asked to do.
#[derive(Debug, Clone)]
pub enum Cli {
    /// Evaluate a generator.
    Evaluate(Args),
    /// Train the classifier that the metrics use.
    Classifier(ClassifierArgs),
    /// Verify a whole run.
    Verify(VerifyArgs),
}

/// Without a subcommand the options are those of an evaluation, so clap's derive, which knows no
/// such default, stops at the structs.
impl CommandFactory for Cli {
    fn command() -> Command {
        let classifier = ClassifierArgs::augment_args(Command::new("classifier"));
        let verify = VerifyArgs::augment_args(Command::new("verify"));
        Args::command()
            .subcommand(classifier)
            .subcommand(verify)
            .args_conflicts_with_subcommands(true)
            .subcommand_negates_reqs(true)
            .disable_help_subcommand(true)
    }

    fn command_for_update() -> Command {
        Self::command()
    }
}

impl FromArgMatches for Cli {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        match matches.subcommand() {
            Some(("verify", matches)) => VerifyArgs::from_arg_matches(matches).map(Self::Verify),
            Some((_, matches)) => ClassifierArgs::from_arg_matches(matches).map(Self::Classifier),
            None => Args::from_arg_matches(matches).map(Self::Evaluate),
        }
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Parser for Cli {}
