//! Running a program, and reading what came of it.

use std::path::Path;
use std::process::{Command, Output};

/// The variable that overrides what a program computes with.
const KERNELS: &str = "DCGAN_KERNELS";

/// How a program ended, and what it wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The exit code.
    pub code: i32,
    /// All of stdout.
    pub stdout: String,
    /// All of stderr.
    pub stderr: String,
}

/// Runs a program to its end.
///
/// `DCGAN_KERNELS` is passed on only where `command` sets it: what a test computes with must not
/// depend on the shell that it was started from.
///
/// # Panics
///
/// If the program does not start, is killed by a signal, or writes what is not UTF-8.
#[track_caller]
pub fn run(command: &mut Command) -> Outcome {
    if command.get_envs().all(|(name, _)| name != KERNELS) {
        command.env_remove(KERNELS);
    }
    match command.output() {
        Ok(output) => Outcome::of(output),
        Err(error) => panic!("{command:?} does not start: {error}"),
    }
}

impl Outcome {
    /// What came of a program that [`run`] can't run, since it is signalled or watched meanwhile.
    ///
    /// # Panics
    ///
    /// If it was killed by a signal, or wrote what is not UTF-8.
    #[track_caller]
    pub fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("programs write UTF-8");
        let code = output.status.code();
        Self {
            code: code.unwrap_or_else(|| panic!("ended by a signal: {}", output.status)),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// The same, of a program that must succeed.
    ///
    /// # Panics
    ///
    /// If it did not.
    #[must_use]
    #[track_caller]
    pub fn succeeded(self) -> Self {
        assert_eq!(self.code, 0, "{}", self.stderr);
        self
    }

    /// Exit code and stderr, for a snapshot.
    pub fn report(&self) -> String {
        format!("exit code {}\n{}", self.code, self.stderr)
    }

    /// [`Self::report`] of a program that must fail without a word on stdout.
    ///
    /// # Panics
    ///
    /// If it succeeded or wrote to stdout.
    #[track_caller]
    pub fn failure(&self) -> String {
        assert_ne!(self.code, 0, "{}", self.stderr);
        assert_eq!(self.stdout, "");
        self.report()
    }

    /// The same with `name` instead of the path `folder`, which differs from run to run.
    #[must_use]
    pub fn naming(self, folder: &Path, name: &str) -> Self {
        let folder = folder.display().to_string();
        Self {
            code: self.code,
            stdout: self.stdout.replace(&folder, name),
            stderr: self.stderr.replace(&folder, name),
        }
    }
}
