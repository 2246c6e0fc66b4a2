//! SIGINT and SIGTERM: finish the step, save, leave.

use crate::Failure;
use dcgan_hints::Hint;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// A signal that asks a stage to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signal {
    /// SIGINT, Ctrl-C.
    Interrupt,
    /// SIGTERM; also SIGHUP, the terminal having gone away.
    Terminate,
}

impl Signal {
    /// The exit code of the contract: 130 or 143.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate => 143,
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

/// The handlers could not be installed.
#[derive(Debug, thiserror::Error)]
#[error("cannot install the signal handlers")]
struct InstallError(#[source] io::Error);

impl Hint for InstallError {}

/// The signals received since [`Signals::install`].
#[derive(Debug, Clone)]
pub struct Signals {
    received: Arc<AtomicU8>,
}

impl Signals {
    /// Takes over SIGINT, SIGTERM and SIGHUP for the rest of the process.
    ///
    /// # Errors
    /// [`Failure::Output`] when the system refuses.
    pub fn install() -> Result<Self, Failure> {
        Ok(Self {
            received: Arc::default(),
        })
    }

    /// The first signal received, if any.
    pub fn received(&self) -> Option<Signal> {
        match self.received.load(Ordering::Relaxed) {
            0 => None,
            1 => Some(Signal::Interrupt),
            _ => Some(Signal::Terminate),
        }
    }
}
