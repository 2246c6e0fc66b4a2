//! The header of an `.npy`, NumPy's format for one array
//! (`numpy.lib.format`, versions 1 to 3): a Python dictionary of three keys.

use super::element::{Element, Kind};
use super::fault::Fault;
use std::io::Read;

/// First bytes of every file.
pub(super) const MAGIC: &[u8] = b"\x93NUMPY";
/// Maximum length of a header; a plain array's has 128 bytes.
const MOST_HEADER: usize = 1 << 16;
/// Maximum number of axes, the same as NumPy's.
const MOST_AXES: usize = 64;

/// A parsed header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    /// Offset of the data.
    pub(super) bytes: u64,
    pub(super) shape: Vec<usize>,
    pub(super) element: Element,
}

/// Reads the header at the start of `reader`, and none of the data.
pub(super) fn header(reader: &mut impl Read) -> Result<Header, Fault> {
    let damaged = || Fault::damaged("an .npy header", "other bytes");
    let mut start = [0; 8];
    reader.read_exact(&mut start).map_err(|_| damaged())?;
    let (length, before) = match start {
        [magic @ .., 1, _] if magic == MAGIC => {
            let mut length = [0; 2];
            reader.read_exact(&mut length).map_err(|_| damaged())?;
            (usize::from(u16::from_le_bytes(length)), 10)
        }
        [magic @ .., 2 | 3, _] if magic == MAGIC => {
            let mut length = [0; 4];
            reader.read_exact(&mut length).map_err(|_| damaged())?;
            (
                usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX),
                12,
            )
        }
        [magic @ .., version, _] if magic == MAGIC => {
            let got = format!("version {version}");
            return Err(Fault::unfit("an .npy array of version 1, 2 or 3", got));
        }
        _ => return Err(damaged()),
    };
    if length > MOST_HEADER {
        let expected = format!("an .npy header of at most {MOST_HEADER} bytes");
        return Err(Fault::unfit(expected, format!("{length}")));
    }
    let mut text = vec![0; length];
    reader.read_exact(&mut text).map_err(|_| damaged())?;
    let text = std::str::from_utf8(&text).map_err(|_| damaged())?;
    let mut words = Words(text);
    let (descr, fortran, shape) = words.dictionary().ok_or_else(damaged)?;
    let descr = match descr {
        Descr::Plain(text) => text,
        Descr::Structured => {
            return Err(Fault::unfit("an array of numbers", "one of records"));
        }
    };
    if fortran && shape.len() > 1 {
        let got = "Fortran order: `numpy.ascontiguousarray` makes it C order";
        return Err(Fault::unfit("an array in C order", got));
    }
    Ok(Header {
        bytes: (before + length) as u64,
        shape,
        element: element(descr)?,
    })
}

/// The type of the elements by NumPy's code: byte order, kind, bytes.
fn element(descr: &str) -> Result<Element, Fault> {
    let unfit = || Fault::unfit("an array of numbers", format!("elements of type `{descr}`"));
    let (order, code) = descr.split_at_checked(1).ok_or_else(unfit)?;
    let kind = match code.get(..1) {
        Some("u") => Kind::Unsigned,
        Some("i") => Kind::Signed,
        Some("f") => Kind::Float,
        _ => return Err(unfit()),
    };
    let bytes = match (kind, &code[1..]) {
        (Kind::Unsigned | Kind::Signed, "1") => 1,
        (_, "2") => 2,
        (_, "4") => 4,
        (_, "8") => 8,
        _ => return Err(unfit()),
    };
    let big_endian = match order {
        "<" | "|" | "=" => false,
        ">" => true,
        _ => return Err(unfit()),
    };
    Ok(Element {
        kind,
        bytes,
        big_endian,
    })
}

enum Descr<'a> {
    Plain(&'a str),
    Structured,
}

/// The rest of a header's text.
struct Words<'a>(&'a str);

impl<'a> Words<'a> {
    /// Parses a mark after optional spaces.
    fn mark(&mut self, mark: char) -> Option<()> {
        self.0 = self.0.trim_start().strip_prefix(mark)?;
        Some(())
    }

    /// A quoted string without escapes.
    fn quoted(&mut self) -> Option<&'a str> {
        let text = self.0.trim_start();
        let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
        let (text, rest) = text[1..].split_once(quote)?;
        self.0 = rest;
        Some(text)
    }

    /// A name such as `False`, or digits.
    fn word(&mut self) -> &'a str {
        let text = self.0.trim_start();
        let end = text
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        self.0 = rest;
        word
    }

    /// `(200, 28, 28, 1)`, `(200,)`, `()`.
    fn shape(&mut self) -> Option<Vec<usize>> {
        self.mark('(')?;
        let mut shape = Vec::new();
        while self.mark(')').is_none() {
            // Python 2 wrote long integers with an L.
            let word = self.word();
            shape.push(word.strip_suffix('L').unwrap_or(word).parse().ok()?);
            if shape.len() > MOST_AXES
                || self.mark(',').is_none() && !self.0.trim_start().starts_with(')')
            {
                return None;
            }
        }
        Some(shape)
    }

    /// The three values.
    fn dictionary(&mut self) -> Option<(Descr<'a>, bool, Vec<usize>)> {
        let (mut descr, mut fortran, mut shape) = (None, None, None);
        self.mark('{')?;
        while self.mark('}').is_none() {
            let key = self.quoted()?;
            self.mark(':')?;
            match key {
                "descr" if self.0.trim_start().starts_with('[') => {
                    return Some((Descr::Structured, false, Vec::new()));
                }
                "descr" => descr = Some(Descr::Plain(self.quoted()?)),
                "fortran_order" => {
                    fortran = Some(match self.word() {
                        "True" => true,
                        "False" => false,
                        _ => return None,
                    });
                }
                "shape" => shape = Some(self.shape()?),
                _ => return None,
            }
            if self.mark(',').is_none() && !self.0.trim_start().starts_with('}') {
                return None;
            }
        }
        if !self.0.trim().is_empty() {
            return None;
        }
        Some((descr?, fortran?, shape?))
    }
}
