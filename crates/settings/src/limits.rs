//! Limits on the text for the YAML parser.

use crate::error::{Error, Origin};

/// Maximum number of bracketed lists and mappings in a pipeline, comments included.
const MAX_BRACKETS: usize = 1000;
/// Maximum number of aliases. Each can repeat a whole file of bounded length, so this bounds the
/// memory.
const MAX_ALIASES: usize = 100;

/// Refuses text that would take the parser minutes or fill the memory.
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
