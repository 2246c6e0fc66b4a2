//! The values of a column in a group of rows: pages of levels and values.

use super::footer::{Chunk, Codec, Column, Physical};
use super::thrift::Words;
use flate2::read::MultiGzDecoder;
use std::io::Read as _;
use std::sync::Arc;

/// A value of a row; `None`: null.
pub(super) type Cell = Option<Value>;

/// A value of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Number(i64),
    /// Shared, as rows may repeat an entry of a dictionary.
    Bytes(Arc<[u8]>),
}

/// Encodings of values.
const PLAIN: u64 = 0;
const PLAIN_DICTIONARY: u64 = 2;
const RLE_DICTIONARY: u64 = 8;

/// A page's header.
#[derive(Default)]
struct Page {
    /// 0 data, 2 dictionary, 3 data of the second version.
    kind: u64,
    unpacked: u64,
    packed: u64,
    values: u64,
    encoding: u64,
    /// Bytes of the levels of a page of the second version.
    levels: [u64; 2],
    /// Whether the values of such a page are not compressed.
    is_plain: bool,
}

/// The `rows` values of the column in the bytes of its chunk, in order.
///
/// # Errors
/// What is wrong with the bytes, in words.
pub(super) fn cells(
    column: &Column,
    chunk: &Chunk,
    mut bytes: &[u8],
    rows: u64,
) -> Result<Vec<Cell>, String> {
    let damaged = || "a damaged page".to_owned();
    let mut left = chunk.unpacked;
    let mut dictionary = Vec::new();
    let mut cells = Vec::new();
    while (cells.len() as u64) < rows {
        let mut words = Words(bytes);
        let page = header(&mut words).ok_or_else(damaged)?;
        let length = usize::try_from(page.packed).map_err(|_| damaged())?;
        let (packed, rest) = words.0.split_at_checked(length).ok_or_else(damaged)?;
        bytes = rest;
        left = left
            .checked_sub(page.unpacked)
            .ok_or("more bytes than its metadata say")?;
        match page.kind {
            2 => {
                let values = unpack(chunk.codec, packed, page.unpacked)?;
                dictionary = plain(column.physical, &values, page.values).ok_or_else(damaged)?;
            }
            0 | 3 => {
                if page.values > rows - cells.len() as u64 {
                    return Err("more rows than its metadata say".into());
                }
                let more = data(column, chunk.codec, &page, packed, &dictionary)?;
                cells.extend(more);
            }
            _ => {}
        }
    }
    Ok(cells)
}

fn header(words: &mut Words<'_>) -> Option<Page> {
    let mut page = Page::default();
    words.fields(|words, field, _| {
        match field {
            1 => page.kind = words.count()?,
            2 => page.unpacked = words.count()?,
            3 => page.packed = words.count()?,
            5 | 7 => words.fields(|words, field, _| {
                match field {
                    1 => page.values = words.count()?,
                    2 => page.encoding = words.count()?,
                    _ => return Some(false),
                }
                Some(true)
            })?,
            8 => words.fields(|words, field, flag| {
                match (field, flag) {
                    (1, _) => page.values = words.count()?,
                    (4, _) => page.encoding = words.count()?,
                    (5, _) => page.levels[1] = words.count()?,
                    (6, _) => page.levels[0] = words.count()?,
                    (7, Some(is_compressed)) => page.is_plain = !is_compressed,
                    _ => return Some(false),
                }
                Some(true)
            })?,
            _ => return Some(false),
        }
        Some(true)
    })?;
    Some(page)
}

/// Decompresses bytes that must be so many.
fn unpack(codec: Codec, packed: &[u8], unpacked: u64) -> Result<Vec<u8>, String> {
    let damaged = || "compressed bytes that are damaged".to_owned();
    let bytes = match codec {
        Codec::Plain => packed.to_vec(),
        Codec::Snappy => {
            let length = snap::raw::decompress_len(packed).map_err(|_| damaged())?;
            // Three bytes become 64 at most.
            if length as u64 != unpacked || length / 32 > packed.len() {
                return Err(damaged());
            }
            let bytes = snap::raw::Decoder::new().decompress_vec(packed);
            bytes.map_err(|_| damaged())?
        }
        Codec::Gzip => {
            let mut bytes = Vec::new();
            let mut unpacker = MultiGzDecoder::new(packed).take(unpacked + 1);
            unpacker.read_to_end(&mut bytes).map_err(|_| damaged())?;
            bytes
        }
        Codec::Other(codec) => return Err(format!("pages compressed by {codec}")),
    };
    if bytes.len() as u64 == unpacked {
        Ok(bytes)
    } else {
        Err(damaged())
    }
}

/// The levels of a data page, which tell which rows are not null, and its values.
fn parts(
    column: &Column,
    codec: Codec,
    page: &Page,
    packed: &[u8],
) -> Result<(Vec<u8>, Vec<u8>), String> {
    let damaged = || "a damaged page".to_owned();
    if page.kind == 3 {
        let [repetition, definition] = page
            .levels
            .map(|n| usize::try_from(n).unwrap_or(usize::MAX));
        let (_, rest) = packed.split_at_checked(repetition).ok_or_else(damaged)?;
        let (levels, rest) = rest.split_at_checked(definition).ok_or_else(damaged)?;
        let before = (repetition + definition) as u64;
        let of_values = page.unpacked.checked_sub(before).ok_or_else(damaged)?;
        let codec = if page.is_plain { Codec::Plain } else { codec };
        return Ok((levels.to_vec(), unpack(codec, rest, of_values)?));
    }
    let mut levels = unpack(codec, packed, page.unpacked)?;
    if column.most_level == 0 {
        return Ok((Vec::new(), levels));
    }
    let (length, rest) = levels.split_first_chunk::<4>().ok_or_else(damaged)?;
    let length = u32::from_le_bytes(*length) as usize;
    if length > rest.len() {
        return Err(damaged());
    }
    let values = levels.split_off(4 + length);
    levels.drain(..4);
    Ok((levels, values))
}

/// The rows of a data page.
fn data(
    column: &Column,
    codec: Codec,
    page: &Page,
    packed: &[u8],
    dictionary: &[Value],
) -> Result<Vec<Cell>, String> {
    let damaged = || "a damaged page".to_owned();
    let n = usize::try_from(page.values).map_err(|_| damaged())?;
    let most = column.most_level;
    let width = u32::BITS - most.leading_zeros();
    let (levels, values) = parts(column, codec, page, packed)?;
    let is_there: Vec<bool> = if most == 0 {
        vec![true; n]
    } else {
        let levels = hybrid(&levels, width, n).ok_or_else(damaged)?;
        levels.into_iter().map(|level| level == most).collect()
    };
    let n_values = is_there.iter().filter(|is_there| **is_there).count();
    let found = match page.encoding {
        PLAIN => plain(column.physical, &values, n_values as u64).ok_or_else(damaged)?,
        PLAIN_DICTIONARY | RLE_DICTIONARY => {
            let (width, rest) = match values.split_first() {
                Some((width, rest)) => (u32::from(*width), rest),
                None => (0, &values[..]),
            };
            let places = hybrid(rest, width, n_values).ok_or_else(damaged)?;
            let value = |place: u32| dictionary.get(place as usize).cloned();
            let values: Option<Vec<Value>> = places.into_iter().map(value).collect();
            values.ok_or_else(damaged)?
        }
        encoding => return Err(format!("values of encoding {encoding}")),
    };
    let mut found = found.into_iter();
    let cells = is_there
        .into_iter()
        .map(|is_there| is_there.then(|| found.next())?);
    Ok(cells.collect())
}

/// `n` values, one after the other.
fn plain(physical: Physical, mut bytes: &[u8], n: u64) -> Option<Vec<Value>> {
    // A value has four bytes at least.
    if n > bytes.len() as u64 / 4 {
        return None;
    }
    let mut values = Vec::new();
    for _ in 0..n {
        values.push(match physical {
            Physical::Int32 => {
                let (value, rest) = bytes.split_first_chunk()?;
                bytes = rest;
                Value::Number(i32::from_le_bytes(*value).into())
            }
            Physical::Int64 => {
                let (value, rest) = bytes.split_first_chunk()?;
                bytes = rest;
                Value::Number(i64::from_le_bytes(*value))
            }
            Physical::Bytes => {
                let (length, rest) = bytes.split_first_chunk()?;
                let length = u32::from_le_bytes(*length) as usize;
                let (value, rest) = rest.split_at_checked(length)?;
                bytes = rest;
                Value::Bytes(value.into())
            }
            Physical::Other => return None,
        });
    }
    Some(values)
}

/// `n` numbers of `width` bits: runs of one number, and groups of eight that are packed.
fn hybrid(bytes: &[u8], width: u32, n: usize) -> Option<Vec<u32>> {
    if width > 32 {
        return None;
    }
    let mut words = Words(bytes);
    let mut numbers = Vec::new();
    while numbers.len() < n {
        // A writer may leave out what is all zero bits.
        if width == 0 {
            numbers.resize(n, 0);
            break;
        }
        let header = words.unsigned()?;
        let room = n - numbers.len();
        if header & 1 == 0 {
            let run = usize::try_from(header >> 1).ok()?.min(room);
            let length = width.div_ceil(8) as usize;
            let (value, rest) = words.0.split_at_checked(length)?;
            words.0 = rest;
            let mut whole = [0; 4];
            whole[..length].copy_from_slice(value);
            if run == 0 {
                return None;
            }
            numbers.resize(numbers.len() + run, u32::from_le_bytes(whole));
        } else {
            let groups = usize::try_from(header >> 1).ok()?;
            let length = groups.checked_mul(width as usize)?;
            // The last groups may be cut.
            let (packed, rest) = words.0.split_at(length.min(words.0.len()));
            words.0 = rest;
            let held = (packed.len() * 8) / width as usize;
            if held == 0 {
                return None;
            }
            let bit = |at: usize| u32::from(packed[at / 8] >> (at % 8) & 1);
            let number = |place: usize| {
                let first = place * width as usize;
                (0..width).fold(0, |value, at| value | bit(first + at as usize) << at)
            };
            numbers.extend((0..held.min(room).min(groups.saturating_mul(8))).map(number));
        }
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::hybrid;

    /// 2^61 groups of eight packed numbers, as a varint, and the only byte of them.
    #[test]
    fn a_run_of_more_groups_than_there_are_numbers_is_bounded() {
        let mut bytes = vec![0x81];
        bytes.extend([0x80; 7]);
        bytes.extend([0x40, 0b1010_1010]);
        assert_eq!(hybrid(&bytes, 1, 8), Some(vec![0, 1, 0, 1, 0, 1, 0, 1]));
    }
}
