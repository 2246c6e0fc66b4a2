//! Lines on stderr that neither panic if it is closed nor break a progress bar.

use indicatif::ProgressBar;
use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The visible bar, if any; hidden while a line is written.
static SHOWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// The visible bar; still usable after a panic elsewhere.
pub(crate) fn shown() -> MutexGuard<'static, Option<ProgressBar>> {
    SHOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes `text` and a line feed. Errors, such as a closed stderr, are ignored.
pub(crate) fn write_line(text: &str) {
    let write = || {
        let _ = io::stderr()
            .lock()
            .write_all(format!("{text}\n").as_bytes());
    };
    let bar = shown().clone();
    match bar {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

/// Whether stderr shows colours.
pub(crate) fn has_colours() -> bool {
    let variable = |name| std::env::var_os(name);
    io::stderr().is_terminal() && wants_colours(variable("NO_COLOR"), variable("TERM"))
}

/// Whether to use colours on a terminal: `NO_COLOR` unset or empty, `TERM` not `dumb`.
fn wants_colours(no_color: Option<OsString>, term: Option<OsString>) -> bool {
    no_color.is_none_or(|value| value.is_empty()) && term.is_none_or(|term| term != "dumb")
}

/// Words at the start of a line, and their colours.
const OPENERS: [(&str, &str); 4] = [
    ("error:", "1;31"),
    ("warning:", "1;33"),
    ("caused by:", "1"),
    ("hint:", "1;36"),
];

/// Colours the openers of the lines of `text`.
pub(crate) fn coloured(text: &str, colours: bool) -> String {
    if !colours {
        return text.to_owned();
    }
    let colour = |line: &str| {
        let opener = OPENERS.iter().find(|(opener, _)| line.starts_with(opener));
        match opener {
            Some((opener, code)) => {
                format!("\x1b[{code}m{opener}\x1b[0m{}", &line[opener.len()..])
            }
            None => line.to_owned(),
        }
    };
    text.lines().map(colour).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::{coloured, wants_colours};

    #[test]
    fn colours_add_nothing_but_colour() {
        let text = "error: a\ncaused by: b: c\nhint: error: d";
        assert_eq!(coloured(text, false), text);
        assert_eq!(
            coloured(text, true),
            "\x1b[1;31merror:\x1b[0m a\n\x1b[1mcaused by:\x1b[0m b: c\n\x1b[1;36mhint:\x1b[0m error: d"
        );
    }

    #[test]
    fn no_color_and_dumb_terminals_are_obeyed() {
        let wants = |no_color: Option<&str>, term: Option<&str>| {
            wants_colours(no_color.map(Into::into), term.map(Into::into))
        };
        assert!(wants(None, Some("xterm")) && wants(Some(""), None));
        assert!(!wants(Some("1"), Some("xterm")) && !wants(None, Some("dumb")));
    }
}
