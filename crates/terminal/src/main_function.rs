//! The body of every stage's `main`.

use crate::Failure;
use std::io::Write as _;
use std::process::ExitCode;

/// Parses the command line into `A`, sets up the log, runs the stage and turns its outcome into
/// the exit code of the contract. `main` needs nothing else.
pub fn run_main<A: clap::Parser>(run: impl FnOnce(&A) -> Result<(), Failure>) -> ExitCode {
    let args = match A::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // A closed stream must not change what the exit code says.
            let _ = error.print();
            return if error.use_stderr() {
                ExitCode::from(2)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = std::io::stderr().write_all(failure.render().as_bytes());
            ExitCode::from(failure.exit_code())
        }
    }
}
