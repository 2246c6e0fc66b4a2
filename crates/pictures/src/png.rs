//! Describes faults of a PNG by its chunks.

use flate2::Crc;

const SIGNATURE: usize = 8;
/// The end chunk: length 0, name, checksum.
pub(crate) const END_CHUNK: [u8; 12] = *b"\0\0\0\0IEND\xae\x42\x60\x82";

/// Whether a PNG was converted by Xcode to a form that no other program decodes.
pub(crate) fn is_for_iphones(bytes: &[u8]) -> bool {
    chunks(bytes)
        .next()
        .is_some_and(|first| first.name == *b"CgBI")
}

/// A complete chunk.
struct Chunk<'a> {
    name: [u8; 4],
    content: &'a [u8],
    checksum: u32,
    /// The offset after it.
    end: usize,
}

impl Chunk<'_> {
    fn is_sound(&self) -> bool {
        let mut crc = Crc::new();
        crc.update(&self.name);
        crc.update(self.content);
        crc.sum() == self.checksum
    }
}

/// The chunks of a file, up to the end chunk or to where the file is truncated.
fn chunks(bytes: &[u8]) -> impl Iterator<Item = Chunk<'_>> {
    let mut at = Some(SIGNATURE);
    std::iter::from_fn(move || {
        let rest = bytes.get(at?..)?;
        let (length, rest) = rest.split_first_chunk()?;
        let (name, rest) = rest.split_first_chunk()?;
        let content = rest.get(..u32::from_be_bytes(*length) as usize)?;
        let checksum = u32::from_be_bytes(*rest[content.len()..].first_chunk()?);
        let end = at? + 12 + content.len();
        at = (name != b"IEND").then_some(end);
        Some(Chunk {
            name: *name,
            content,
            checksum,
            end,
        })
    })
}

/// Whether a file has its end chunk.
pub(crate) enum End {
    /// The offset after the end chunk.
    Whole(usize),
    /// There is no end chunk; the offset after the last complete chunk.
    Missing(usize),
}

pub(crate) fn end(bytes: &[u8]) -> End {
    match chunks(bytes).last() {
        Some(last) if last.name == *b"IEND" => End::Whole(last.end),
        last => End::Missing(last.map_or(SIGNATURE.min(bytes.len()), |last| last.end)),
    }
}

/// Describes why a file can't be decoded.
pub(crate) fn fault(bytes: &[u8]) -> String {
    let has_pixels = chunks(bytes).any(|chunk| chunk.name == *b"IDAT");
    // A capital letter marks a chunk that a decoder can't do without.
    let needed = |chunk: &Chunk<'_>| chunk.name[0].is_ascii_uppercase();
    let broken = chunks(bytes).find(|chunk| needed(chunk) && !chunk.is_sound());
    if let Some(chunk) = broken {
        let what = match &chunk.name {
            b"IHDR" => "header (chunk IHDR)",
            b"PLTE" => "palette (chunk PLTE)",
            b"IDAT" => "pixel data (chunk IDAT)",
            b"IEND" => "end (chunk IEND)",
            _ => return "a chunk that its checksum does not fit".into(),
        };
        return format!("the checksum of its {what} is wrong");
    }
    match end(bytes) {
        End::Missing(_) => "cut short: its end chunk (IEND) is missing".into(),
        End::Whole(_) if !has_pixels => "it has no pixel data (chunk IDAT)".into(),
        End::Whole(_) => "its pixel data do not decode".into(),
    }
}
