//! The log: plain lines on stderr, without times, so that equal runs print the same.

use crate::stderr;
use dcgan_hints::printable;
use log::{LevelFilter, Log, Metadata, Record};

struct Lines;

impl Log for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let said = record.args().to_string();
            let said = printable(&said);
            let text = match record.level() {
                log::Level::Error => format!("error: {said}"),
                log::Level::Warn => format!("warning: {said}"),
                _ => said.into_owned(),
            };
            stderr::write_line(&stderr::coloured(&text, stderr::has_colours()));
        }
    }

    fn flush(&self) {}
}

/// Sets up the log of the process: information and above, or warnings and above if `quiet`.
pub(crate) fn install(quiet: bool) {
    static LINES: Lines = Lines;
    // Fails if a log is installed already, as in tests; then that one is used.
    let _ = log::set_logger(&LINES);
    log::set_max_level(if quiet {
        LevelFilter::Warn
    } else {
        LevelFilter::Info
    });
}
