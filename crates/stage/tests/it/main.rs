//! Tests of the examples, run as processes.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a helper that fails is a failing test")]

mod frame;
mod outcomes;
mod plans;
mod signals;
mod told;

use dcgan_testkit::{Outcome, example};
use std::process::{Command, Stdio};

fn stage(args: &[&str]) -> Command {
    with_arguments(Command::new(example("stage")), args)
}

fn with_arguments(mut command: Command, args: &[&str]) -> Command {
    command
        .args(args)
        .args(["--out", "out"])
        .stdin(Stdio::null());
    command
}

/// What came of the example with these arguments.
fn run(args: &[&str]) -> Outcome {
    dcgan_testkit::run(&mut stage(args))
}
