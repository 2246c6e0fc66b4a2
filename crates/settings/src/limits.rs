//! Limits on the text that the YAML parser is given.

use crate::error::{Error, Origin};

/// Most lists and mappings in brackets of a pipeline, comments included.
const MAX_BRACKETS: usize = 1000;
/// Most aliases. Each can repeat a whole file, whose length is bounded, so this bounds the memory.
const MAX_ALIASES: usize = 100;

/// Refuses what would keep the parser busy for minutes or fill the memory.
pub(crate) fn check_counts(text: &str, origin: impl FnOnce() -> Origin) -> Result<(), Error> {
    let bytes = text.as_bytes();
    let n_brackets = bytes.iter().filter(|byte| b"[{".contains(byte)).count();
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    let n_aliases = bytes
        .windows(2)
        .filter(|pair| pair[0] == b'*' && is_name(pair[1]))
        .count();
    let (what, limit, found) = if n_brackets > MAX_BRACKETS {
        ("opening brackets", MAX_BRACKETS, n_brackets)
    } else if n_aliases > MAX_ALIASES {
        ("aliases (`*name`)", MAX_ALIASES, n_aliases)
    } else {
        return Ok(());
    };
    Err(Error::TooMany {
        origin: origin(),
        what,
        limit,
        found,
    })
}
