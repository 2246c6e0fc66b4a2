//! The signals that stop a stage.

use signal_hook::consts::SIGINT;
use std::fmt;

/// A signal that asks a stage to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signal {
    /// SIGINT, Ctrl-C.
    Interrupt,
    /// SIGTERM; also SIGHUP, sent when the terminal closes.
    Terminate,
}

impl Signal {
    /// The exit code: 130 or 143.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }

    /// SIGINT by its number; any other number counts as SIGTERM.
    pub(crate) fn from_number(number: i32) -> Self {
        if number == SIGINT {
            Self::Interrupt
        } else {
            Self::Terminate
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
        })
    }
}
