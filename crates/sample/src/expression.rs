//! Latent arithmetic: the syntax of `--expr`.
//!
//! ```text
//! expression = ["-"] term { ("+" | "-") term }
//! term       = [number "*"] vector
//! vector     = "mean(" list ")" | "image" number | "seed" number
//! ```
//!
//! `image 3` is the z of image 3 of the first seed, `mean(3,8-9)` the mean of several, `seed 7` the
//! z of image 0 of seed 7.

use crate::Error;
use dcgan_settings::{MAX_SEEDS, parse_seeds};
use std::fmt;

/// A sum of terms.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    /// In order; at least one.
    pub terms: Vec<Term>,
}

/// A vector times a factor.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// Finite; includes the sign.
    pub factor: f32,
    /// The vector.
    pub vector: Vector,
}

/// A latent vector by its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Vector {
    /// The mean of images of the first seed, by index.
    Mean(Vec<u32>),
    /// An image of the first seed.
    Image(u32),
    /// Image 0 of this seed.
    Seed(u64),
}

impl fmt::Display for Vector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mean(images) => {
                let numbers: Vec<String> = images.iter().map(u32::to_string).collect();
                write!(formatter, "mean({})", numbers.join(","))
            }
            Self::Image(image) => write!(formatter, "image {image}"),
            Self::Seed(seed) => write!(formatter, "seed {seed}"),
        }
    }
}

/// Parses an expression.
///
/// # Errors
/// [`Error::Expression`] with the position of the fault and what was expected there.
pub fn parse(text: &str) -> Result<Expression, Error> {
    let mut rest = Rest {
        text,
        at: 0,
        images: 0,
    };
    let mut sign = if rest.take("-") { -1.0 } else { 1.0 };
    let mut terms = Vec::new();
    loop {
        let mut factor: f32 = sign;
        if rest
            .next()
            .is_some_and(|next| next.is_ascii_digit() || next == '.')
        {
            factor *= rest.number::<f32>(|c| c.is_ascii_digit() || c == '.', "a number")?;
            if !factor.is_finite() || !rest.take("*") {
                return Err(rest.fault("`*` after a finite factor"));
            }
        }
        let vector = rest.vector()?;
        terms.push(Term { factor, vector });
        sign = match rest.next() {
            None => return Ok(Expression { terms }),
            Some('+') => 1.0,
            Some('-') => -1.0,
            Some(_) => return Err(rest.fault("`+`, `-` or the end")),
        };
        rest.at += 1;
    }
}

/// The text left to parse.
struct Rest<'a> {
    text: &'a str,
    /// Position in bytes.
    at: usize,
    /// Images in all means so far.
    images: usize,
}

impl<'a> Rest<'a> {
    fn left(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Skips spaces and returns the next character without consuming it.
    fn next(&mut self) -> Option<char> {
        self.at = self.text.len() - self.left().trim_start().len();
        self.left().chars().next()
    }

    fn take(&mut self, token: &str) -> bool {
        self.next();
        let found = self.left().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    /// Parses the longest run of characters for which `is_part` is true.
    fn number<T: std::str::FromStr>(
        &mut self,
        is_part: impl Fn(char) -> bool,
        expected: &'static str,
    ) -> Result<T, Error> {
        self.next();
        let left = self.left();
        let end = left.find(|c| !is_part(c)).unwrap_or(left.len());
        let number = left[..end].parse().map_err(|_| self.fault(expected))?;
        self.at += end;
        Ok(number)
    }

    fn vector(&mut self) -> Result<Vector, Error> {
        let digit = |c: char| c.is_ascii_digit();
        if self.take("image") {
            return Ok(Vector::Image(self.number(digit, "the number of an image")?));
        }
        if self.take("seed") {
            return Ok(Vector::Seed(self.number(digit, "a seed")?));
        }
        if !self.take("mean") {
            return Err(self.fault("`mean(`, `image`, `seed` or a factor"));
        }
        if !self.take("(") {
            return Err(self.fault("`(`"));
        }
        let list = self.left();
        let end = list.find(')').unwrap_or(list.len());
        let images: Option<Vec<u32>> = parse_seeds(&list[..end])
            .ok()
            .and_then(|images| images.into_iter().map(|i| u32::try_from(i).ok()).collect());
        let Some(images) = images else {
            return Err(self.fault("numbers of images such as `3,8-9`"));
        };
        self.images += images.len();
        if self.images > MAX_SEEDS {
            return Err(self.fault("at most 1000000 images in all means"));
        }
        self.at += end;
        if !self.take(")") {
            return Err(self.fault("`)`"));
        }
        Ok(Vector::Mean(images))
    }

    fn fault(&self, expected: &'static str) -> Error {
        let found = self.left().trim();
        Error::Expression {
            text: self.text.to_owned(),
            character: self.text[..self.at].chars().count() + 1,
            expected,
            found: match found {
                "" => "the end".to_owned(),
                found => format!("`{found}`"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_have_signs_and_factors() {
        let parsed = parse(" -mean(3,8-9)-0.5*image 4 +seed 18446744073709551615").unwrap();
        let term = |factor, vector| Term { factor, vector };
        assert_eq!(
            parsed.terms,
            [
                term(-1.0, Vector::Mean(vec![3, 8, 9])),
                term(-0.5, Vector::Image(4)),
                term(1.0, Vector::Seed(u64::MAX)),
            ]
        );
        let shown: Vec<String> = parsed.terms.iter().map(|t| t.vector.to_string()).collect();
        assert_eq!(
            shown,
            ["mean(3,8,9)", "image 4", "seed 18446744073709551615"]
        );
    }

    #[test]
    fn what_makes_no_sense_is_shown_where_it_stands() {
        for (text, at, expected, found) in [
            ("", 1, "`mean(`, `image`, `seed` or a factor", "the end"),
            (
                "seed 1 +",
                9,
                "`mean(`, `image`, `seed` or a factor",
                "the end",
            ),
            (
                "mean(3,x)",
                6,
                "numbers of images such as `3,8-9`",
                "`3,x)`",
            ),
            (
                "mean(4294967296)",
                6,
                "numbers of images such as `3,8-9`",
                "`4294967296)`",
            ),
            ("mean(3", 7, "`)`", "the end"),
            ("mean 3", 6, "`(`", "`3`"),
            ("image", 6, "the number of an image", "the end"),
            ("seed -1", 6, "a seed", "`-1`"),
            ("2 seed 1", 3, "`*` after a finite factor", "`seed 1`"),
            ("1.2.3*seed 1", 1, "a number", "`1.2.3*seed 1`"),
            (
                "ä seed 1",
                1,
                "`mean(`, `image`, `seed` or a factor",
                "`ä seed 1`",
            ),
            // Each list is short enough; a thousand of them would take gigabytes.
            (
                "mean(0-999999)+mean(7)",
                21,
                "at most 1000000 images in all means",
                "`7)`",
            ),
            ("seed 1 ü", 8, "`+`, `-` or the end", "`ü`"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            let message =
                format!("`--expr {text}`: expected {expected} at character {at}, found {found}");
            assert_eq!(error, message);
        }
        let endless = format!("{}*seed 1", "9".repeat(99));
        assert!(parse(&endless).unwrap_err().to_string().contains("finite"));
    }
}
