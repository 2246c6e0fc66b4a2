//! SIGINT and SIGTERM: finish the step, save, exit.

use crate::Failure;
use crate::signal::Signal;
use dcgan_hints::Hint;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::{flag, iterator};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

/// A signal within this time after the first is the same one, delivered twice: `timeout` signals a
/// whole process group, and make passes on the signals it receives. No user is that fast.
const SAME_SIGNAL: Duration = Duration::from_millis(200);

/// The handlers could not be installed.
#[derive(Debug, thiserror::Error)]
#[error("cannot install the signal handlers")]
struct InstallError(#[source] io::Error);

impl Hint for InstallError {}

/// The signals received since [`Signals::install`].
#[derive(Clone)]
pub struct Signals {
    first: Arc<dyn Fn() -> Option<Signal> + Send + Sync>,
}

impl fmt::Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signals")
    }
}

impl Signals {
    /// Handles SIGINT, SIGTERM and SIGHUP for the rest of the process.
    ///
    /// The first is recorded, and the stage stops at the next safe point. A second SIGINT or
    /// SIGTERM ends the process immediately with its exit code; files saved before remain. SIGHUP
    /// counts as a first SIGTERM but never as a second one, because a closing terminal sends it
    /// more than once; if it was ignored at the start (`nohup`), it stays ignored.
    ///
    /// # Errors
    /// [`Failure::Output`] if the system refuses.
    pub fn install() -> Result<Self, Failure> {
        let mut numbers = vec![SIGINT, SIGTERM];
        if !hangup_is_ignored() {
            numbers.push(SIGHUP);
        }
        let fail = |error| Failure::output(InstallError(error));
        let mut pending = iterator::Signals::new(numbers).map_err(fail)?;
        // 0, or the first signal's exit code.
        let received = Arc::new(AtomicU8::new(0));
        let recorded = Arc::clone(&received);
        let watch = move || {
            let mut first: Option<Instant> = None;
            for number in pending.forever() {
                let signal = Signal::from_number(number);
                match first {
                    None => {
                        first = Some(Instant::now());
                        log::warn!(
                            "{signal} received: saving, then stopping; a second one stops at once"
                        );
                        // Last, so that the stage cannot end before the line is printed.
                        recorded.store(signal.exit_code(), Ordering::Relaxed);
                    }
                    Some(first) if number != SIGHUP && first.elapsed() > SAME_SIGNAL => {
                        signal_hook::low_level::exit(signal.exit_code().into());
                    }
                    Some(_) => {}
                }
            }
        };
        std::thread::Builder::new()
            .name("signals".into())
            .spawn(watch)
            .map_err(fail)?;
        Ok(Self::from_fn(move || {
            let code = received.load(Ordering::Relaxed);
            [Signal::Interrupt, Signal::Terminate]
                .into_iter()
                .find(|signal| signal.exit_code() == code)
        }))
    }

    /// Signals from another source. Once `first` has returned a signal it must keep doing so.
    pub fn from_fn(first: impl Fn() -> Option<Signal> + Send + Sync + 'static) -> Self {
        Self {
            first: Arc::new(first),
        }
    }

    /// The first signal received, if any.
    pub fn received(&self) -> Option<Signal> {
        (self.first)()
    }

    /// Returns an error if a signal came.
    ///
    /// # Errors
    /// [`Failure::Interrupted`].
    pub fn check(&self) -> Result<(), Failure> {
        self.received()
            .map_or(Ok(()), |signal| Err(Failure::Interrupted(signal)))
    }
}

/// Makes a write beyond the limit on file sizes (`ulimit -f`) fail with an error. Without a handler
/// SIGXFSZ would end the process silently.
pub(crate) fn let_writes_fail() {
    // If the system refuses, nothing changes.
    let _ = flag::register(SIGXFSZ, Arc::default());
}

/// Whether the process was started with SIGHUP ignored, from Linux's /proc; false on other systems.
fn hangup_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & (1 << (SIGHUP - 1)) != 0)
}
