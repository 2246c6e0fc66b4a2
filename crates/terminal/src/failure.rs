//! Why a stage ends early, and the exit code that says so.

use crate::Signal;
use dcgan_hints::{Hint, printable};
use std::fmt::Write as _;

/// Why a stage ends early. The class is decided where the error is understood, by the
/// constructors, and fixes the exit code.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// Wrong usage or settings, missing or invalid pipeline, refusal: exit code 2.
    Usage(Report),
    /// Missing, damaged or unfit data: exit code 3.
    Input(Report),
    /// Training diverged: exit code 4.
    Diverged(Report),
    /// Could not write, run folder locked or not ours: exit code 5.
    Output(Report),
    /// Stopped by a signal after saving what there was: exit code 130 or 143.
    Interrupted(Signal),
}

/// An error together with its chain of causes and its hint.
#[derive(Debug)]
pub struct Report(Box<dyn Hint>);

impl Report {
    /// The error itself.
    pub fn error(&self) -> &dyn Hint {
        self.0.as_ref()
    }
}

impl Failure {
    /// Wrong usage or settings: exit code 2.
    pub fn usage(error: impl Hint) -> Self {
        Self::Usage(Report(Box::new(error)))
    }

    /// Missing, damaged or unfit data: exit code 3.
    pub fn input(error: impl Hint) -> Self {
        Self::Input(Report(Box::new(error)))
    }

    /// Training diverged: exit code 4.
    pub fn diverged(error: impl Hint) -> Self {
        Self::Diverged(Report(Box::new(error)))
    }

    /// Could not write: exit code 5.
    pub fn output(error: impl Hint) -> Self {
        Self::Output(Report(Box::new(error)))
    }

    /// The exit code of the contract.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Input(_) => 3,
            Self::Diverged(_) => 4,
            Self::Output(_) => 5,
            Self::Interrupted(signal) => signal.exit_code(),
        }
    }

    /// The message as it is printed, without colour: the error, its causes, the hint, a line each,
    /// whatever text from outside they repeat.
    pub fn render(&self) -> String {
        let mut text = String::new();
        match self {
            Self::Usage(report)
            | Self::Input(report)
            | Self::Diverged(report)
            | Self::Output(report) => {
                let mut line = |opener: &str, said: &str| {
                    let _ = writeln!(text, "{opener}: {}", printable(said));
                };
                line("error", &report.error().to_string());
                let mut source = report.error().source();
                while let Some(cause) = source {
                    line("caused by", &cause.to_string());
                    source = cause.source();
                }
                if let Some(hint) = report.error().hint() {
                    line("hint", &hint);
                }
            }
            Self::Interrupted(signal) => {
                let _ = writeln!(text, "interrupted by {signal}: the same command continues");
            }
        }
        text
    }
}
