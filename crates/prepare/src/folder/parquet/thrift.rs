//! The compact protocol of Thrift, in which Parquet writes its metadata: as much as is needed to
//! read some fields and skip the others.

/// The rest of a message.
pub(super) struct Words<'a>(pub(super) &'a [u8]);

/// Types of fields.
const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
const STRUCT: u8 = 12;
/// Maximum nesting; the metadata have less than ten levels.
const MOST_DEPTH: usize = 32;

impl<'a> Words<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn bytes(&mut self, n: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(bytes)
    }

    pub(super) fn unsigned(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// A number of type i16, i32 or i64.
    pub(super) fn number(&mut self) -> Option<i64> {
        let value = self.unsigned()?;
        // Every other value is negative; the shift leaves 63 bits.
        let half = i64::try_from(value >> 1).ok()?;
        Some(if value & 1 == 0 { half } else { -half - 1 })
    }

    /// A number that counts or measures something.
    pub(super) fn count(&mut self) -> Option<u64> {
        u64::try_from(self.number()?).ok()
    }

    pub(super) fn binary(&mut self) -> Option<&'a [u8]> {
        let n = self.unsigned()?;
        self.bytes(usize::try_from(n).ok()?)
    }

    pub(super) fn text(&mut self) -> Option<String> {
        Some(String::from_utf8_lossy(self.binary()?).into_owned())
    }

    /// Type and number of the elements of a list, which are in the message.
    fn list_header(&mut self) -> Option<(u8, u64)> {
        let header = self.byte()?;
        let n = match header >> 4 {
            15 => self.unsigned()?,
            n => n.into(),
        };
        // An element has a byte at least.
        (n <= self.0.len() as u64).then_some((header & 0xf, n))
    }

    /// Calls `read` for each element of a list.
    pub(super) fn list(&mut self, mut read: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        let (_, n) = self.list_header()?;
        (0..n).try_for_each(|_| read(self))
    }

    /// Calls `read` with the number of each field of a struct; it returns whether it has read the
    /// field, which is skipped if not. Flags are passed as `Some`.
    pub(super) fn fields(
        &mut self,
        mut read: impl FnMut(&mut Self, i64, Option<bool>) -> Option<bool>,
    ) -> Option<()> {
        let mut last = 0_i64;
        loop {
            let header = self.byte()?;
            if header == 0 {
                return Some(());
            }
            last = match header >> 4 {
                0 => self.number()?,
                delta => last.checked_add(delta.into())?,
            };
            let kind = header & 0xf;
            let flag = match kind {
                TRUE => Some(true),
                FALSE => Some(false),
                _ => None,
            };
            if !read(self, last, flag)? {
                self.skip(kind, 0)?;
            }
        }
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        if depth > MOST_DEPTH {
            return None;
        }
        match kind {
            TRUE | FALSE => Some(()),
            BYTE => self.byte().map(|_| ()),
            4..=6 => self.unsigned().map(|_| ()),
            DOUBLE => self.bytes(8).map(|_| ()),
            BINARY => self.binary().map(|_| ()),
            LIST | SET => {
                let (kind, n) = self.list_header()?;
                (0..n).try_for_each(|_| self.skip_element(kind, depth))
            }
            MAP => {
                let n = self.unsigned()?;
                if n == 0 {
                    return Some(());
                }
                let kinds = self.byte()?;
                (0..n).try_for_each(|_| {
                    self.skip_element(kinds >> 4, depth)?;
                    self.skip_element(kinds & 0xf, depth)
                })
            }
            STRUCT => loop {
                let header = self.byte()?;
                if header == 0 {
                    return Some(());
                }
                if header >> 4 == 0 {
                    self.number()?;
                }
                self.skip(header & 0xf, depth + 1)?;
            },
            _ => None,
        }
    }

    /// In a list a flag has a byte of its own.
    fn skip_element(&mut self, kind: u8, depth: usize) -> Option<()> {
        match kind {
            TRUE | FALSE => self.byte().map(|_| ()),
            kind => self.skip(kind, depth + 1),
        }
    }
}
