//! Failures of stages and their exit codes.

use crate::signal::Signal;
use dcgan_hints::{Hint, printable};
use std::fmt::Write as _;

/// Why a stage ends early. The constructors choose the class, which determines the exit code.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// Wrong usage or settings, missing or invalid pipeline, refusal: exit code 2.
    Usage(Cause),
    /// Missing, damaged or unfit data: exit code 3.
    Input(Cause),
    /// Training diverged: exit code 4.
    Diverged(Cause),
    /// Could not write, or the run folder is locked or not ours: exit code 5.
    Output(Cause),
    /// Stopped by a signal, after saving: exit code 130 or 143.
    Interrupted(Signal),
}

/// An error with its causes and its hint.
#[derive(Debug)]
pub struct Cause(Box<dyn Hint>);

impl Cause {
    /// The error itself.
    pub fn error(&self) -> &dyn Hint {
        self.0.as_ref()
    }
}

impl Failure {
    /// Wrong usage or settings: exit code 2.
    pub fn usage(error: impl Hint) -> Self {
        Self::Usage(Cause(Box::new(error)))
    }

    /// Missing, damaged or unfit data: exit code 3.
    pub fn input(error: impl Hint) -> Self {
        Self::Input(Cause(Box::new(error)))
    }

    /// Training diverged: exit code 4.
    pub fn diverged(error: impl Hint) -> Self {
        Self::Diverged(Cause(Box::new(error)))
    }

    /// Could not write: exit code 5.
    pub fn output(error: impl Hint) -> Self {
        Self::Output(Cause(Box::new(error)))
    }

    /// The exit code, from 2 to 5, 130 or 143.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Input(_) => 3,
            Self::Diverged(_) => 4,
            Self::Output(_) => 5,
            Self::Interrupted(signal) => signal.exit_code(),
        }
    }

    /// The message as printed, without colour: the error, its causes and the hint, each on one line
    /// whatever text from outside it contains.
    pub fn render(&self) -> String {
        let mut text = String::new();
        match self {
            Self::Usage(cause)
            | Self::Input(cause)
            | Self::Diverged(cause)
            | Self::Output(cause) => {
                let mut line = |opener: &str, said: &str| {
                    let _ = writeln!(text, "{opener}: {}", printable(said));
                };
                line("error", &cause.error().to_string());
                let mut source = cause.error().source();
                while let Some(error) = source {
                    line("caused by", &error.to_string());
                    source = error.source();
                }
                if let Some(hint) = cause.error().hint() {
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
