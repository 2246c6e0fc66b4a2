//! The body of every stage's `main`.

use crate::{Failure, log_lines, signals, stderr};
use clap::{Arg, ArgMatches, value_parser};
use clap_complete::{Shell, generate};
use dcgan_hints::shown;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

/// The option that prints completions.
const COMPLETIONS: &str = "completions";

/// Parses the command line into `A`, sets up the log, runs the stage and returns its exit code.
/// `main` needs nothing else.
///
/// The `--help` of a program called `dcgan-train` ends with the settings of the section `train` and
/// their defaults. Every program prints its completions for a shell with `--completions bash`,
/// which `make install` calls.
pub fn run_main<A: clap::Parser>(run: impl FnOnce(&A) -> Result<(), Failure>) -> ExitCode {
    signals::let_writes_fail();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let (args, quiet) = match parse::<A, _>(&arguments) {
        Ok(Parsed::Stage(args, quiet)) => (args, quiet),
        Ok(Parsed::Completions(shell)) => return print_completions(taught(A::command()), shell),
        Err(error) => {
            // clap's message repeats the arguments, so it must be built from printable ones.
            let error = parse::<A, _>(arguments.iter().map(shown))
                .err()
                .unwrap_or(error);
            // A closed stream must not change the exit code.
            let _ = error.print();
            return if error.use_stderr() {
                ExitCode::from(2)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    log_lines::install(quiet);
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let text = failure.render();
            stderr::write_line(&stderr::coloured(text.trim_end(), stderr::has_colours()));
            ExitCode::from(failure.exit_code())
        }
    }
}

/// A parsed command line.
enum Parsed<A> {
    /// Run the stage with its arguments; the flag is `--quiet`.
    Stage(A, bool),
    /// Print the completions of a shell.
    Completions(Shell),
}

fn parse<A: clap::Parser, T: Into<OsString> + Clone>(
    arguments: impl IntoIterator<Item = T>,
) -> Result<Parsed<A>, clap::Error> {
    let matches = taught(A::command()).try_get_matches_from(arguments)?;
    if let Some(shell) = matches.get_one::<Shell>(COMPLETIONS) {
        return Ok(Parsed::Completions(*shell));
    }
    let quiet = is_quiet(&matches);
    Ok(Parsed::Stage(A::from_arg_matches(&matches)?, quiet))
}

/// Prints the completions of `command`; a closed stdout is not an error.
fn print_completions(mut command: clap::Command, shell: Shell) -> ExitCode {
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    generate(shell, &mut command, name, &mut script);
    match std::io::stdout().write_all(&script) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => ExitCode::from(5),
        _ => ExitCode::SUCCESS,
    }
}

/// Adds to `command` what all stages' help has: version, settings, and help for every option.
fn taught(command: clap::Command) -> clap::Command {
    let section = command
        .get_name()
        .strip_prefix("dcgan-")
        .unwrap_or_default()
        .to_owned();
    let settings = dcgan_settings::default_settings(&section);
    let mut list = String::from(
        "Settings of this stage and their defaults; `pipelines/mnist.yaml` explains each, \
         and `--set KEY=VALUE` overrides one:",
    );
    for (key, default) in &settings {
        let _ = write!(list, "\n  {key} = {default}");
    }
    let completions = Arg::new(COMPLETIONS)
        .long(COMPLETIONS)
        .value_name("SHELL")
        .value_parser(value_parser!(Shell))
        .exclusive(true)
        .hide(true)
        .help("Print the completions of this program for a shell");
    let command = command
        .arg(completions)
        .version(env!("CARGO_PKG_VERSION"))
        .help_expected(true)
        .max_term_width(100);
    if settings.is_empty() {
        return command;
    }
    command
        .after_help(
            "`--help` lists the settings of this stage; `pipelines/mnist.yaml` explains them.",
        )
        .after_long_help(list)
}

/// Whether the program or its subcommand has `--quiet`.
fn is_quiet(matches: &ArgMatches) -> bool {
    let here = matches
        .try_get_one::<bool>("quiet")
        .ok()
        .flatten()
        .copied()
        .unwrap_or(false);
    here || matches
        .subcommand()
        .is_some_and(|(_, inner)| is_quiet(inner))
}
