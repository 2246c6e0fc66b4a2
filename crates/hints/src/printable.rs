//! Escapes text from outside: no control character reaches a terminal, a table or a page.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt::Write as _;

/// Whether `c` is shown as it is. Other characters move the cursor, end the line, change the text
/// direction, or are not allowed in XML: control characters, line and paragraph separators,
/// embeddings, overrides and isolates of bidirectional text, U+FFFE and U+FFFF.
fn is_shown(c: char) -> bool {
    !c.is_control()
        && !matches!(
            c,
            '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}'
        )
}

/// Whether [`printable`] leaves `text` as it is.
pub fn is_printable(text: &str) -> bool {
    text.chars().all(is_shown)
}

/// Returns `text` on one line: each character that must not be shown as it is becomes an escape as
/// in Rust and YAML (`\n`, `\t`, `\r`, `\u{1b}`). A backslash is not escaped.
///
/// ```
/// use dcgan_hints::printable;
///
/// assert_eq!(printable("Ärzte 中"), "Ärzte 中");
/// assert_eq!(printable("a\nb\u{1b}[2J\u{202e}"), r"a\nb\u{1b}[2J\u{202e}");
/// ```
pub fn printable(text: &str) -> Cow<'_, str> {
    escaped(text, is_shown)
}

/// [`printable`] for text of several lines: keeps line feeds.
pub fn printable_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c == '\n' || is_shown(c))
}

/// Returns a path, or a component of one, as text: each byte that is not UTF-8 becomes an escape
/// such as `\xff`, so that two names never look alike. Control characters stay; [`printable`]
/// escapes them when the name is shown.
pub fn text_of(name: impl AsRef<OsStr>) -> String {
    let mut text = String::new();
    for chunk in name.as_ref().as_encoded_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a String can't fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// Returns a path, or a component of one, on one line: [`text_of`], then [`printable`].
pub fn shown(name: impl AsRef<OsStr>) -> String {
    printable(&text_of(name)).into_owned()
}

fn escaped(text: &str, is_kept: impl Fn(char) -> bool) -> Cow<'_, str> {
    if text.chars().all(&is_kept) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_kept(c) {
            safe.push(c);
        } else {
            safe.extend(c.escape_default());
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::{is_printable, printable, printable_lines, shown, text_of};

    #[test]
    fn only_what_does_harm_is_escaped() {
        for harmless in [
            "",
            "a b",
            r"C:\x",
            "Ärzte",
            "مرحبا",
            "👩\u{200d}🔬",
            "中文",
            "\u{200f}ש",
        ] {
            assert!(is_printable(harmless), "{harmless}");
            assert_eq!(printable(harmless), harmless);
        }
        for (harmful, shown) in [
            ("\0", r"\u{0}"),
            ("\x07\x1b]0;x", r"\u{7}\u{1b}]0;x"),
            ("\x7f", r"\u{7f}"),
            ("\u{9b}31m", r"\u{9b}31m"),
            ("a\r\n\tb", r"a\r\n\tb"),
            ("\u{85}\u{2028}\u{2029}", r"\u{85}\u{2028}\u{2029}"),
            (
                "\u{202a}\u{202e}\u{2066}\u{2069}",
                r"\u{202a}\u{202e}\u{2066}\u{2069}",
            ),
            ("\u{fffe}\u{ffff}", r"\u{fffe}\u{ffff}"),
        ] {
            assert!(!is_printable(harmful), "{shown}");
            assert_eq!(printable(harmful), shown);
            assert!(is_printable(shown));
        }
    }

    #[test]
    fn a_text_of_lines_keeps_its_lines() {
        assert_eq!(printable_lines("a\nb\r\n\x1bc"), "a\nb\\r\n\\u{1b}c");
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_not_text_stay_apart() {
        use std::os::unix::ffi::OsStrExt as _;
        let text = |bytes: &[u8]| text_of(std::ffi::OsStr::from_bytes(bytes));
        assert_eq!(text(b"caf\xe9.png"), r"caf\xe9.png");
        assert_eq!(text(b"\xff\n"), "\\xff\n");
        assert_ne!(text(b"\xff"), text(b"\xfe"));
        assert_eq!(text("Ärzte".as_bytes()), "Ärzte");
        assert_eq!(shown("\x1b/a"), r"\u{1b}/a");
    }
}
