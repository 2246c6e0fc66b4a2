//! A value out of range, and checks that many settings share.

use crate::error::{Error, Origin};
use dcgan_hints::is_printable;
use std::fmt::Display;
use std::ops::RangeInclusive;

/// A value out of range, before its origin is known.
pub(crate) struct Fault {
    pub(crate) key: String,
    expected: String,
    found: String,
}

impl Fault {
    pub(crate) fn new(key: &str, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            expected: expected.into(),
            found: found.into(),
        }
    }

    pub(crate) fn at(self, origin: Origin) -> Error {
        Error::Range {
            origin,
            key: self.key,
            expected: self.expected,
            found: self.found,
        }
    }
}

/// Checks that a number is in a range; `unit` follows both numbers in the message.
pub(crate) fn within<T: Copy + PartialOrd + Display>(
    key: &str,
    value: T,
    range: RangeInclusive<T>,
    unit: &str,
) -> Result<(), Fault> {
    if range.contains(&value) {
        return Ok(());
    }
    let expected = format!("{} to {}{unit}", range.start(), range.end());
    Err(Fault::new(key, expected, format!("{value}{unit}")))
}

/// Checks that a name can be shown on one line.
pub(crate) fn named(key: &str, name: &str) -> Result<(), Fault> {
    if name.trim().is_empty() || !is_printable(name) {
        return Err(Fault::new(
            key,
            "text on one line, not blank",
            format!("{name:?}"),
        ));
    }
    Ok(())
}

/// Checks a number of colours.
pub(crate) fn channels(key: &str, channels: usize) -> Result<(), Fault> {
    if matches!(channels, 1 | 3) {
        return Ok(());
    }
    Err(Fault::new(key, "1 or 3", channels.to_string()))
}
