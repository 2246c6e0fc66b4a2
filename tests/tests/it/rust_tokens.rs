//! Just enough of Rust's syntax for the tests on the sources: tokens with their lines.

/// A word or a punctuation mark; `::` is one, literals and comments are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    /// Counted from 1.
    pub(crate) line: usize,
}

/// The tokens of a file up to the module of its unit tests, which is at the end.
pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let product = source.split("#[cfg(test)]").next().unwrap_or_default();
    let mut scanner = Scanner {
        rest: product,
        line: 1,
    };
    let mut found = Vec::new();
    while let Some(first) = scanner.rest.chars().next() {
        found.extend(scanner.next(first));
    }
    found
}

struct Scanner<'a> {
    rest: &'a str,
    line: usize,
}

impl Scanner<'_> {
    /// Skips `bytes` of the text and counts the lines in them.
    fn skip(&mut self, bytes: usize) {
        let (skipped, rest) = self.rest.split_at(bytes.min(self.rest.len()));
        self.line += skipped.matches('\n').count();
        self.rest = rest;
    }

    /// Goes past what begins with `first`, and gives it if it is a token.
    fn next(&mut self, first: char) -> Option<Token> {
        let line = self.line;
        let length = self.length(first);
        let text = self.rest[..length].to_owned();
        self.skip(length);
        let is_word = first.is_alphabetic() || first == '_';
        let is_literal = text.ends_with(['"', '#', '\'']) && text.len() > 1;
        let is_mark = first.is_ascii_punctuation() && (text.len() == 1 || text == "::");
        (is_word && !is_literal || is_mark).then_some(Token { text, line })
    }

    /// Bytes of the token, literal, comment or blank that begins with `first`.
    fn length(&self, first: char) -> usize {
        let rest = self.rest;
        let until = |end: &str, from: usize| {
            let at = rest[from..].find(end);
            at.map_or(rest.len(), |at| from + at + end.len())
        };
        if rest.starts_with("//") {
            return rest.find('\n').unwrap_or(rest.len());
        }
        if rest.starts_with("/*") {
            return until("*/", 2);
        }
        if rest.starts_with("::") {
            return 2;
        }
        if first == '"' {
            return string(rest, 0);
        }
        if rest.starts_with("b\"") {
            return string(rest, 1);
        }
        for prefix in ["r", "br"] {
            let marks = rest.strip_prefix(prefix).map_or("", |rest| {
                &rest[..rest.len() - rest.trim_start_matches('#').len()]
            });
            let start = prefix.len() + marks.len();
            if rest.starts_with(prefix) && rest[start..].starts_with('"') {
                return until(&format!("\"{marks}"), start + 1);
            }
        }
        if first == '\'' {
            return character(rest);
        }
        if first.is_alphanumeric() || first == '_' {
            let is_part = |c: char| c.is_alphanumeric() || c == '_';
            return rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        }
        first.len_utf8()
    }
}

/// Bytes of a string whose opening quote is at `at`.
fn string(text: &str, at: usize) -> usize {
    let mut is_escaped = false;
    for (i, c) in text[at + 1..].char_indices() {
        if c == '"' && !is_escaped {
            return at + 1 + i + 1;
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    text.len()
}

/// Bytes of a character, or 1 for the mark of a lifetime.
fn character(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some((after, _))) => {
            let after = after + 1;
            text[after..].find('\'').map_or(1, |at| after + at + 1)
        }
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1,
    }
}

#[test]
fn literals_and_comments_are_no_tokens() {
    let source = r##"fn f<'a>() { // "one
        let c = '"'; let d = '\''; /* fn
        */ g::h(r#"fn " "#, b"fn", "a \" fn"); }
        #[cfg(test)] mod tests {}"##;
    let found = tokens(source);
    let words: Vec<&str> = found
        .iter()
        .map(|token| token.text.as_str())
        .filter(|text| text.chars().all(char::is_alphanumeric))
        .collect();
    assert_eq!(words, ["fn", "f", "a", "let", "c", "let", "d", "g", "h"]);
    assert_eq!(found.last().map(|token| token.line), Some(3));
}
