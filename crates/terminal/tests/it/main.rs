//! The crate's tests: the example `stage`, run as a process.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a helper that fails is a failing test")]

mod outcomes;
mod signals;

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The example, which cargo builds with the tests and puts beside their folder.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.ancestors().nth(2).unwrap();
    profile.join("examples").join("stage")
}

fn stage(args: &[&str]) -> Command {
    with_arguments(Command::new(program()), args)
}

fn with_arguments(mut command: Command, args: &[&str]) -> Command {
    command
        .args(args)
        .args(["--out", "out"])
        .stdin(Stdio::null());
    command
}

/// The exit code, then stderr.
fn ended(mut command: Command) -> String {
    let output = command.output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    format!("exit {}\n{stderr}", output.status.code().unwrap())
}
