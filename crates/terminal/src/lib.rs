//! What the four programs share towards the person at the terminal: common options, exit codes,
//! errors with their causes and a hint, log, progress with an estimate, signals, results.
//!
//! Progress and log go to stderr, results to stdout. A reader that closes either early does no
//! harm: nothing here panics on a failing write. Text from outside is shown by
//! [`printable`](dcgan_hints::printable), here and nowhere else for errors, log and progress: no
//! error can forget it.

mod args;
mod failure;
mod log_lines;
mod main_function;
mod progress;
mod result;
mod signals;
mod stderr;

pub use args::CommonArgs;
pub use failure::{Failure, Report};
pub use main_function::run_main;
pub use progress::Progress;
pub use result::{print_result, print_text};
pub use signals::{Signal, Signals};
