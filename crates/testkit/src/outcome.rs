//! Running a program and reading its output.

use std::path::Path;
use std::process::{Command, Output};

/// The variable that overrides a program's kernels.
const KERNELS: &str = "DCGAN_KERNELS";

/// Exit code and output of a program.
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
/// `DCGAN_KERNELS` is passed on only if `command` sets it: a test must not depend on the shell that
/// starts it.
///
/// # Panics
///
/// If the program does not start, is killed by a signal, or writes invalid UTF-8.
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
    /// The outcome of a program that [`run`] can't run, because it gets signals or is watched.
    ///
    /// # Panics
    ///
    /// If it was killed by a signal, or wrote invalid UTF-8.
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

    /// Checks that the program succeeded.
    ///
    /// # Panics
    ///
    /// If it failed.
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

    /// [`Self::report`] of a program that must fail and print nothing on stdout.
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

    /// Replaces the path `folder`, which differs from run to run, by `name`.
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
