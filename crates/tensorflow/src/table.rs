//! Tables: sorted keys with values, in checksummed blocks.
//!
//! The format is that of `LevelDB` (`doc/table_format.md` there), which TensorFlow took over
//! (`tensorflow/core/lib/io/format.cc`). A block is followed by a byte that tells its compression
//! and by a masked CRC-32C of both. An index block says where the blocks are, and a footer at the
//! end of the file where the index is.

use crate::Error;
use dcgan_artifacts::masked_crc32c;
use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

/// Longest file that is read; a checkpoint of the original has some hundred megabytes.
const MOST_BYTES: u64 = 1 << 34;
/// Bytes of the footer: two handles, padded to 40 bytes, and the magic number.
const FOOTER: usize = 48;
/// The last eight bytes of a table.
const MAGIC: [u8; 8] = 0xdb47_7524_8b80_fb57_u64.to_le_bytes();
/// Bytes after a block: its compression, and the checksum.
const TRAILER: usize = 5;
/// A copy in snappy's format makes at most 64 bytes out of 3.
const SNAPPY_GROWTH: usize = 22;
/// Maximum bytes of a key, which has the name of a variable.
const MOST_KEY: usize = 1 << 12;

/// Takes the key and the value of an entry.
type Each<'a> = dyn FnMut(&[u8], &[u8]) -> Result<(), Error> + 'a;

/// A file in memory.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) path: PathBuf,
    pub(crate) bytes: Vec<u8>,
}

impl File {
    /// Reads a plain file.
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        match dcgan_artifacts::read_bounded(path, MOST_BYTES) {
            Ok(bytes) => Ok(Self {
                path: path.to_owned(),
                bytes,
            }),
            Err(source) if source.kind() == io::ErrorKind::NotFound => Err(Error::MissingPart {
                path: path.to_owned(),
            }),
            Err(source) => Err(Error::Read {
                path: path.to_owned(),
                source,
            }),
        }
    }

    pub(crate) fn damaged(&self, expected: impl Into<String>, got: impl Into<String>) -> Error {
        Error::Damaged {
            path: self.path.clone(),
            expected: expected.into(),
            got: got.into(),
        }
    }

    /// The bytes from `offset` on, `None` if the file ends before them.
    pub(crate) fn part(&self, offset: u64, length: u64) -> Option<&[u8]> {
        let start = usize::try_from(offset).ok()?;
        let end = start.checked_add(usize::try_from(length).ok()?)?;
        self.bytes.get(start..end)
    }
}

/// Where a block is.
#[derive(Debug, Clone, Copy)]
struct Handle {
    offset: u64,
    length: u64,
}

impl Handle {
    fn take(bytes: &mut &[u8]) -> Option<Self> {
        Some(Self {
            offset: take_varint(bytes)?,
            length: take_varint(bytes)?,
        })
    }
}

/// Calls `each` with every key and value of a table, in ascending order of the keys.
///
/// Blocks must follow one another without overlap, so that the work is proportional to the file's
/// length whatever its index says.
pub(crate) fn each_entry(file: &File, each: &mut Each<'_>) -> Result<(), Error> {
    let (metaindex, index) = footer(file)?;
    // Nothing in it is needed; this verifies its checksum.
    block(file, metaindex)?;
    let index = block(file, index)?;
    let mut last_key: Option<Vec<u8>> = None;
    let mut free_from = 0;
    each_of_block(file, &index, &mut |_, mut value| {
        let handle = Handle::take(&mut value)
            .ok_or_else(|| file.damaged("the place of a block in the index", "none"))?;
        if handle.offset < free_from {
            return Err(file.damaged(
                format!("a block at {free_from} or after it"),
                format!("one at {}", handle.offset),
            ));
        }
        let content = block(file, handle)?;
        let length = handle.length.saturating_add(TRAILER as u64);
        free_from = handle.offset.saturating_add(length);
        each_of_block(file, &content, &mut |key, value| {
            if last_key.as_deref().is_some_and(|last| last >= key) {
                return Err(file.damaged("keys in ascending order", "another order"));
            }
            last_key = Some(key.to_vec());
            each(key, value)
        })
    })
}

/// The handles of metaindex and index.
fn footer(file: &File) -> Result<(Handle, Handle), Error> {
    let not_a_table = |got: String| Error::NotATable {
        path: file.path.clone(),
        expected: "a table of LevelDB's format",
        got,
    };
    let start = file.bytes.len().checked_sub(FOOTER);
    let start = start.ok_or_else(|| not_a_table(format!("{} bytes", file.bytes.len())))?;
    let mut footer = &file.bytes[start..];
    if !footer.ends_with(&MAGIC) {
        return Err(not_a_table("another end of the file".into()));
    }
    let mut handle = || {
        Handle::take(&mut footer)
            .ok_or_else(|| file.damaged("the place of the index in the footer", "none"))
    };
    Ok((handle()?, handle()?))
}

/// The content of a block, its checksum verified.
fn block(file: &File, handle: Handle) -> Result<Cow<'_, [u8]>, Error> {
    let Handle { offset, length } = handle;
    let place = || format!("a block of {length} bytes at {offset}");
    let whole = length
        .checked_add(TRAILER as u64)
        .and_then(|length| file.part(offset, length))
        .ok_or_else(|| file.damaged(place(), format!("a file of {} bytes", file.bytes.len())))?;
    let (checked, checksum) = whole.split_at(whole.len() - 4);
    if checksum != masked_crc32c(checked).to_le_bytes() {
        return Err(file.damaged(format!("{} with its checksum", place()), "other bytes"));
    }
    let (content, compression) = checked.split_at(checked.len() - 1);
    match compression {
        [0] => Ok(Cow::Borrowed(content)),
        [1] => Ok(Cow::Owned(decompressed(file, content)?)),
        other => Err(file.damaged("a block that is plain or in snappy", format!("{other:?}"))),
    }
}

fn decompressed(file: &File, content: &[u8]) -> Result<Vec<u8>, Error> {
    let damaged = |source: snap::Error| file.damaged("a block in snappy", source.to_string());
    let length = snap::raw::decompress_len(content).map_err(damaged)?;
    if length > content.len().saturating_mul(SNAPPY_GROWTH) {
        return Err(file.damaged(
            format!("a block in snappy that grows {SNAPPY_GROWTH} times at most"),
            format!("{length} out of {} bytes", content.len()),
        ));
    }
    let mut decoder = snap::raw::Decoder::new();
    decoder.decompress_vec(content).map_err(damaged)
}

/// Calls `each` with every key and value of a block. A key repeats the start of the one before it.
fn each_of_block(file: &File, block: &[u8], each: &mut Each<'_>) -> Result<(), Error> {
    // At the end are places of entries with complete keys, for searching, and their number.
    let mut entries = block
        .split_last_chunk()
        .and_then(|(rest, n)| {
            let restarts = usize::try_from(u32::from_le_bytes(*n))
                .ok()?
                .checked_mul(4)?;
            rest.get(..rest.len().checked_sub(restarts)?)
        })
        .ok_or_else(|| file.damaged("a block with its restart points", "a shorter one"))?;
    let mut key = Vec::new();
    while !entries.is_empty() {
        let value = take_entry(&mut entries, &mut key)
            .ok_or_else(|| file.damaged("a complete entry in a block", "a part of one"))?;
        each(&key, value)?;
    }
    Ok(())
}

/// The value of the next entry, whose key replaces `key`.
fn take_entry<'a>(entries: &mut &'a [u8], key: &mut Vec<u8>) -> Option<&'a [u8]> {
    let mut length = || usize::try_from(take_varint(entries)?).ok();
    let (shared, own, of_value) = (length()?, length()?, length()?);
    // A few bytes may repeat most of the key before: without a bound, small files make much work.
    if shared > key.len() || shared.checked_add(own)? > MOST_KEY {
        return None;
    }
    key.truncate(shared);
    key.extend_from_slice(entries.split_off(..own)?);
    entries.split_off(..of_value)
}

/// Seven bits a byte, the lowest first; the top bit says that more follow.
fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.split_off_first()?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}
