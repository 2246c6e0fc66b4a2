//! The command line: an evaluation or a subcommand.

use crate::{Args, ClassifierArgs, CompareArgs, VerifyArgs};
use clap::{ArgMatches, Args as _, Command, CommandFactory, FromArgMatches, Parser};

/// The command line of `dcgan-eval`.
#[derive(Debug, Clone)]
pub enum Cli {
    /// Evaluate a generator.
    Evaluate(Box<Args>),
    /// Train the classifier that the metrics use.
    Classifier(ClassifierArgs),
    /// Compare evaluated runs.
    Compare(CompareArgs),
    /// Verify a whole run.
    Verify(VerifyArgs),
}

/// By hand, because clap's derive has no default subcommand: without one, the options are those of
/// an evaluation.
impl CommandFactory for Cli {
    fn command() -> Command {
        let classifier = ClassifierArgs::augment_args(Command::new("classifier"));
        let compare = CompareArgs::augment_args(Command::new("compare"));
        let verify = VerifyArgs::augment_args(Command::new("verify"));
        Args::command()
            .subcommand(classifier)
            .subcommand(compare)
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
            Some(("compare", matches)) => CompareArgs::from_arg_matches(matches).map(Self::Compare),
            Some(("verify", matches)) => VerifyArgs::from_arg_matches(matches).map(Self::Verify),
            Some((_, matches)) => ClassifierArgs::from_arg_matches(matches).map(Self::Classifier),
            None => Args::from_arg_matches(matches).map(|args| Self::Evaluate(Box::new(args))),
        }
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Parser for Cli {}
