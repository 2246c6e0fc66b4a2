//! The frame of all programs: a stage implements [`Stage`], and [`run`] does the rest.
//!
//! ```text
//! inspect the folder ── complete ── lacks? lock, complete ──> "up to date"
//!        │
//!      load, plan ───── --dry-run ─────────────────────────> "would run"
//!        │
//!      lock, inspect again, write, manifest ──> "done"
//! ```
//!
//! The written files are compared with the plan before the manifest is written; a difference is an
//! error of the program.
//!
//! The crate also has the shared parts of the user interface: common options, exit codes, errors
//! with their causes and a hint, log, progress with an estimate, signals, results; and the thread
//! pool.
//!
//! Progress and log go to stderr, results to stdout. Nothing here panics on a failing write, so
//! either may be closed early. This crate passes errors, log and progress through
//! [`printable`](dcgan_hints::printable), so no other code has to escape text from outside.

mod args;
mod earlier;
mod error;
mod failure;
mod found;
mod frame;
mod log_lines;
mod main_function;
mod outcome;
mod output;
mod plan;
mod progress;
mod result;
mod signal;
mod signals;
mod stage;
mod stderr;
mod threads;

pub use args::{CommonArgs, Options};
pub use earlier::Earlier;
pub use error::Error;
pub use failure::{Cause, Failure};
pub use found::{Found, Note, Settings, Work};
pub use frame::{run, run_until};
pub use main_function::run_main;
pub use output::Output;
pub use plan::Plan;
pub use progress::Progress;
pub use result::{print_result, print_text};
pub use signal::Signal;
pub use signals::Signals;
pub use stage::{Inputs, Report, Stage};
pub use threads::claim_threads;
