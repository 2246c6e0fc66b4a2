//! A ZIP archive, such as an `.npz`: its members and their bytes.
//!
//! ZIP as written by NumPy, and by archivers by default: members stored or deflated, sizes of 32 or
//! 64 bits, no encryption.
//! Headers are not trusted: offsets are compared with the file's size before reading, the
//! directory's length is limited, and a member is decompressed only as far as its reader asks.

use super::fault::Fault;
use crate::atomic;
use flate2::Crc;
use flate2::read::DeflateDecoder;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// First bytes of an archive with members.
pub(super) const MAGIC: &[u8] = b"PK\x03\x04";
/// Lengths of the record at the end and of its longest comment.
const END: usize = 22;
/// Length of a member's own header, without its name.
const HEADER: usize = 30;
const COMMENT: u64 = u16::MAX as u64;

/// A file in an archive.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: String,
    deflated: bool,
    /// Compressed and uncompressed size.
    pub(super) packed: u64,
    pub(super) unpacked: u64,
    crc: u32,
    /// Offset of its own header.
    header: u64,
}

/// Little-endian numbers of a record. Past its end they are zero: lengths are checked before.
struct Record<'a>(&'a [u8]);

impl Record<'_> {
    fn bytes<const N: usize>(&self, at: usize) -> [u8; N] {
        let found = self.0.get(at..).and_then(|rest| rest.first_chunk());
        found.copied().unwrap_or([0; N])
    }

    fn u16(&self, at: usize) -> u16 {
        u16::from_le_bytes(self.bytes(at))
    }

    fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.bytes(at))
    }

    fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.bytes(at))
    }
}

/// The members of an archive of `size` bytes, in the order of its directory, which has at most
/// `most_directory` bytes.
pub(super) fn members(
    mut file: &File,
    size: u64,
    most_directory: u64,
) -> Result<Vec<Member>, Fault> {
    let (n, bytes, start, end) = directory(file, size)?;
    if start.checked_add(bytes).is_none_or(|last| last > end) {
        return Err(Fault::damaged(
            "a directory before the archive's end",
            "one beyond it",
        ));
    }
    if bytes > most_directory {
        let expected = format!("a directory of at most {most_directory} bytes");
        return Err(Fault::unfit(expected, format!("{bytes}")));
    }
    let mut text = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    file.take(bytes).read_to_end(&mut text)?;
    let mut members = Vec::new();
    let mut rest = text.as_slice();
    for _ in 0..n {
        let (member, length) = entry(rest)?;
        members.push(member);
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(members)
}

/// Number of members in the directory, its size, its offset, and its end.
fn directory(mut file: &File, size: u64) -> Result<(u64, u64, u64, u64), Fault> {
    let none = || {
        Fault::damaged(
            "the record that ends an archive",
            "none: it is cut or no archive",
        )
    };
    let tail_start = size.saturating_sub(END as u64 + COMMENT);
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(tail_start))?;
    file.take(END as u64 + COMMENT).read_to_end(&mut tail)?;
    let is_end = |at: &usize| {
        let comment = usize::from(Record(&tail[*at..]).u16(20));
        tail[*at..].starts_with(b"PK\x05\x06") && at + END + comment == tail.len()
    };
    let last = tail.len().checked_sub(END).ok_or_else(none)?;
    let at = (0..=last).rev().find(is_end).ok_or_else(none)?;
    let record = Record(&tail[at..]);
    let end = tail_start + at as u64;
    let (n, bytes, start) = (record.u16(10), record.u32(12), record.u32(16));
    if n < u16::MAX && bytes < u32::MAX && start < u32::MAX {
        return Ok((n.into(), bytes.into(), start.into(), end));
    }
    // 64-bit numbers are in a separate record, found through a locator before this one.
    let locator = at.checked_sub(20).map(|at| Record(&tail[at..]));
    let locator = locator.filter(|locator| locator.0.starts_with(b"PK\x06\x07"));
    let place = locator.ok_or_else(none)?.u64(8);
    let mut wide = Vec::new();
    file.seek(SeekFrom::Start(place))?;
    file.take(56).read_to_end(&mut wide)?;
    if wide.len() < 56 || !wide.starts_with(b"PK\x06\x06") {
        return Err(none());
    }
    let wide = Record(&wide);
    Ok((wide.u64(32), wide.u64(40), wide.u64(48), place.min(end)))
}

/// The first member in a part of the directory, and the length of its entry.
fn entry(text: &[u8]) -> Result<(Member, usize), Fault> {
    let record = Record(text);
    let damaged = || Fault::damaged("an entry for each member in the directory", "other bytes");
    let [name, extra, comment] = [28, 30, 32].map(|at| usize::from(record.u16(at)));
    let length = 46 + name + extra + comment;
    if !text.starts_with(b"PK\x01\x02") || text.len() < length {
        return Err(damaged());
    }
    let name_bytes = &text[46..46 + name];
    let name = String::from_utf8_lossy(name_bytes).into_owned();
    let mut fields = [24, 20, 42].map(|at| u64::from(record.u32(at)));
    // Values over 32 bits are in extra field 1, in this order.
    let mut wide = extra_field(&text[46 + name_bytes.len()..][..extra], 1).unwrap_or_default();
    for field in fields
        .iter_mut()
        .filter(|field| **field == u64::from(u32::MAX))
    {
        let (value, rest) = wide.split_first_chunk().ok_or_else(damaged)?;
        *field = u64::from_le_bytes(*value);
        wide = rest;
    }
    let [unpacked, packed, header] = fields;
    if record.u16(8) & 1 != 0 {
        return Err(Fault::unfit(
            "members that are not encrypted",
            format!("`{name}`, which is"),
        ));
    }
    let deflated = match record.u16(10) {
        0 => false,
        8 => true,
        method => {
            let got = format!("method {method} of `{name}`");
            return Err(Fault::unfit("members that are stored or deflated", got));
        }
    };
    let member = Member {
        name,
        deflated,
        packed,
        unpacked,
        crc: record.u32(16),
        header,
    };
    Ok((member, length))
}

/// The content of an extra field.
fn extra_field(mut extra: &[u8], wanted: u16) -> Option<&[u8]> {
    while let Some((head, rest)) = extra.split_first_chunk::<4>() {
        let (id, length) = (Record(head).u16(0), usize::from(Record(head).u16(2)));
        let (content, rest) = rest.split_at_checked(length)?;
        if id == wanted {
            return Some(content);
        }
        extra = rest;
    }
    None
}

impl Member {
    /// Opens its content, whose length and checksum are compared with the directory's at the end.
    pub(super) fn open<'a>(
        &self,
        mut file: &'a File,
        size: u64,
    ) -> Result<Content<io::Take<&'a File>>, Fault> {
        let mut header = Vec::new();
        file.seek(SeekFrom::Start(self.header))?;
        file.take(HEADER as u64).read_to_end(&mut header)?;
        let start = self.start(&header, size)?;
        file.seek(SeekFrom::Start(start))?;
        Ok(self.content(file.take(self.packed)))
    }

    /// The compressed bytes, by reads at a position that threads can do at the same time.
    pub(super) fn packed_bytes(&self, file: &File, size: u64) -> Result<Vec<u8>, Fault> {
        let mut header = [0; HEADER];
        atomic::read_exact_at(file, &mut header, self.header)?;
        let start = self.start(&header, size)?;
        // The file has as many.
        let mut packed = vec![0; usize::try_from(self.packed).unwrap_or_default()];
        atomic::read_exact_at(file, &mut packed, start)?;
        Ok(packed)
    }

    /// Offset of the compressed bytes, by the member's own header.
    fn start(&self, header: &[u8], size: u64) -> Result<u64, Fault> {
        let record = Record(header);
        let start = self
            .header
            .checked_add(HEADER as u64 + u64::from(record.u16(26)) + u64::from(record.u16(28)));
        let is_inside = start
            .and_then(|start| start.checked_add(self.packed))
            .is_some_and(|end| end <= size);
        let is_header = header.len() == HEADER && header.starts_with(MAGIC);
        start.filter(|_| is_inside && is_header).ok_or_else(|| {
            let got = format!("other bytes for `{}`", self.name);
            Fault::damaged("a header where the directory says", got)
        })
    }

    /// The content of the compressed bytes.
    pub(super) fn content<R: Read>(&self, packed: R) -> Content<R> {
        Content {
            bytes: if self.deflated {
                Bytes::Deflated(Box::new(DeflateDecoder::new(packed)))
            } else {
                Bytes::Stored(packed)
            },
            crc: Crc::new(),
            left: self.unpacked,
            expected: self.crc,
        }
    }
}

enum Bytes<R> {
    Stored(R),
    Deflated(Box<DeflateDecoder<R>>),
}

/// The bytes of a member, checked as they are read.
pub(super) struct Content<R> {
    bytes: Bytes<R>,
    crc: Crc,
    /// Remaining bytes.
    left: u64,
    expected: u32,
}

impl<R: Read> Content<R> {
    fn next(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match &mut self.bytes {
            Bytes::Stored(bytes) => bytes.read(out),
            Bytes::Deflated(bytes) => bytes.read(out),
        }
    }
}

impl<R: Read> Read for Content<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let damaged = |what| Err(io::Error::new(io::ErrorKind::InvalidData, what));
        let room = usize::try_from(self.left).map_or(out.len(), |left| left.min(out.len()));
        if out.is_empty() || room == 0 {
            return Ok(0);
        }
        let n = self.next(&mut out[..room])?;
        self.crc.update(&out[..n]);
        self.left -= n as u64;
        match n {
            0 => return damaged("a member ends before its length"),
            _ if self.left > 0 => return Ok(n),
            _ => {}
        }
        if self.crc.sum() != self.expected {
            return damaged("a member has another checksum than its own");
        }
        match self.next(&mut [0])? {
            0 => Ok(n),
            _ => damaged("a member is longer than its length"),
        }
    }
}
