//! A stage's result on stdout.

use crate::{CommonArgs, Failure};
use dcgan_hints::Hint;
use std::io::{self, Write as _};

/// Stdout could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the result to stdout")]
struct StdoutError(#[source] io::Error);

impl Hint for StdoutError {}

/// Prints a stage's result on stdout: `json` as indented JSON under `--json`, otherwise `human`.
/// A reader that has gone away is no error.
///
/// # Errors
/// [`Failure::Output`] when stdout cannot be written for another reason (a full disk).
pub fn print_result(
    args: &CommonArgs,
    human: &str,
    json: &serde_json::Value,
) -> Result<(), Failure> {
    print_text(args.json, human, json)
}

/// [`print_result`] for what has not the options of a stage.
///
/// # Errors
/// As [`print_result`].
pub fn print_text(as_json: bool, human: &str, json: &serde_json::Value) -> Result<(), Failure> {
    let text = if as_json {
        format!("{json:#}")
    } else {
        human.trim_end().to_owned()
    };
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::output(StdoutError(error)))
        }
        _ => Ok(()),
    }
}
