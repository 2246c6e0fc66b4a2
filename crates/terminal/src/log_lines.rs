//! The log: plain lines on stderr, without times, so that two equal runs say the same.

use crate::stderr;
use log::{LevelFilter, Log, Metadata, Record};

struct Lines;

impl Log for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let text = match record.level() {
                log::Level::Error => format!("error: {}", record.args()),
                log::Level::Warn => format!("warning: {}", record.args()),
                _ => record.args().to_string(),
            };
            stderr::write_line(&stderr::coloured(&text, stderr::has_colours()));
        }
    }

    fn flush(&self) {}
}

/// Sets the process's log up: information and above, or warnings and above when `quiet`.
pub(crate) fn install(quiet: bool) {
    static LINES: Lines = Lines;
    // It fails where a log is installed already, as in tests: that one then serves.
    let _ = log::set_logger(&LINES);
    log::set_max_level(if quiet {
        LevelFilter::Warn
    } else {
        LevelFilter::Info
    });
}
