//! A stage's result on stdout.

use crate::{CommonArgs, Failure};
use dcgan_hints::{Hint, is_printable, printable_lines};
use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write as _};

/// Stdout could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the result to stdout")]
struct StdoutError(#[source] io::Error);

impl Hint for StdoutError {}

/// Prints a stage's result on stdout: `json` as indented JSON with `--json`, otherwise `human`, in
/// which the caller has made text from outside [`printable`](dcgan_hints::printable) if it may
/// contain a line feed. A closed stdout is not an error.
///
/// # Errors
/// [`Failure::Output`] if stdout cannot be written for another reason (a full disk).
pub fn print_result(
    args: &CommonArgs,
    human: &str,
    json: &serde_json::Value,
) -> Result<(), Failure> {
    print_text(args.json, human, json)
}

/// Like [`print_result`], for callers without the options of a stage.
///
/// # Errors
/// As [`print_result`].
pub fn print_text(as_json: bool, human: &str, json: &serde_json::Value) -> Result<(), Failure> {
    let text = if as_json {
        Cow::Owned(json_text(json))
    } else {
        printable_lines(human.trim_end())
    };
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::output(StdoutError(error)))
        }
        _ => Ok(()),
    }
}

/// The value as indented JSON that is safe on a terminal: characters that serde leaves unescaped
/// but [`printable`](dcgan_hints::printable) would escape become JSON escapes.
fn json_text(json: &serde_json::Value) -> String {
    let mut text = String::new();
    for line in format!("{json:#}").split_inclusive('\n') {
        if is_printable(line.trim_end_matches('\n')) {
            text.push_str(line);
            continue;
        }
        for c in line.chars() {
            if c == '\n' || is_printable(c.encode_utf8(&mut [0; 4])) {
                text.push(c);
            } else {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing to a String can't fail.
                    let _ = write!(text, "\\u{unit:04x}");
                }
            }
        }
    }
    text
}
