//! The place of a key that is there twice.

/// Line and column, from 1, of the second key `name` in the mapping that begins at `start`.
///
/// `None` where it is written in a way that this search doesn't know.
pub(crate) fn second(text: &str, start: (usize, usize), name: &str) -> Option<(usize, usize)> {
    let (line, column) = (start.0.checked_sub(1)?, start.1.checked_sub(1)?);
    let first = text.lines().nth(line)?;
    match first.chars().nth(column)? {
        '{' => in_braces(text, (line, column), name),
        _ => in_lines(text, (line, column), name),
    }
}

/// A mapping with a key in each line.
fn in_lines(text: &str, (line, column): (usize, usize), name: &str) -> Option<(usize, usize)> {
    let mut found = 0;
    for (number, text) in text.lines().enumerate().skip(line) {
        let indent = text.chars().take_while(|&c| c == ' ').count();
        let is_blank = text.trim().is_empty() || text.trim_start().starts_with('#');
        // The first key may follow a dash or another bracket.
        if number > line && indent != column || is_blank {
            if indent < column && !is_blank {
                return None;
            }
            continue;
        }
        let key: String = text.chars().skip(column).collect();
        if is_key(&key, name) {
            found += 1;
            if found == 2 {
                return Some((number + 1, column + 1));
            }
        }
    }
    None
}

/// A mapping in braces.
fn in_braces(text: &str, (line, column): (usize, usize), name: &str) -> Option<(usize, usize)> {
    let (mut depth, mut found, mut quote, mut expects_key) = (0, 0, None, false);
    for (number, text) in text.lines().enumerate().skip(line) {
        let skipped = if number == line { column } else { 0 };
        let letters: Vec<char> = text.chars().collect();
        for (at, &c) in letters.iter().enumerate().skip(skipped) {
            if depth == 1 && expects_key && !c.is_whitespace() {
                expects_key = false;
                let key: String = letters[at..].iter().collect();
                if is_key(&key, name) {
                    found += 1;
                }
                if found == 2 {
                    return Some((number + 1, at + 1));
                }
            }
            match (quote, c) {
                (Some(open), _) => quote = (c != open).then_some(open),
                (None, '"' | '\'') => quote = Some(c),
                (None, '{' | '[') => depth += 1,
                (None, '}' | ']') => depth -= 1,
                _ => {}
            }
            expects_key |= quote.is_none() && depth == 1 && matches!(c, '{' | ',');
            if depth == 0 {
                return None;
            }
        }
    }
    None
}

/// Whether `text` begins with the key `name`, in quotes or without.
fn is_key(text: &str, name: &str) -> bool {
    let text = text.strip_prefix(['"', '\'']).unwrap_or(text);
    let rest = text.strip_prefix(name);
    rest.is_some_and(|rest| rest.trim_start_matches(['"', '\'', ' ']).starts_with(':'))
}

#[cfg(test)]
mod tests {
    use super::second;

    #[test]
    fn the_second_of_two_keys_is_found() {
        for (text, start, expected) in [
            ("a: 1\nb: 2\na: 3\n", (1, 1), Some((3, 1))),
            (
                "t:\n  a: 1\n  # a: 2\n\n  b:\n    a: 4\n  a : 3\n",
                (2, 3),
                Some((7, 3)),
            ),
            ("- a: 1\n  'a': 2\n", (1, 3), Some((2, 3))),
            (
                "t: {a: 1, b: {a: 2}, c: 'a, a: 1', a: 3}",
                (1, 4),
                Some((1, 36)),
            ),
            ("{ab: 1, a: 2,\n \"a\": 3}", (1, 1), Some((2, 2))),
            ("t:\n  a: 1\nu:\n  a: 1\n", (2, 3), None),
            ("{a: 1}\n{a: 1}", (1, 1), None),
            ("a: 1", (7, 1), None),
            ("a: 1", (0, 0), None),
        ] {
            assert_eq!(second(text, start, "a"), expected, "{text}");
        }
    }
}
