//! `tensorboard/events.out.tfevents.dcgan`: the figures of a run, for TensorBoard.
//!
//! A record is a `TFRecord`: the length (u64), the masked CRC-32C of the length (u32), that many
//! bytes, and their masked CRC-32C (u32), all little-endian; masked is
//! `rotate_right(crc, 15) + 0xa282ead8`. The bytes are an `Event` in protobuf encoding
//! (TensorFlow's `event.proto` and `summary.proto`); the first one has the version.
//!
//! Events contain times, so manifest and checkpoints leave the file out. The lengths of its records
//! don't depend on the time: a resumed run cuts the records after its checkpoint and writes records
//! of the same lengths again, so that a TensorBoard reading the file finds every record where it
//! expects it.

use crate::atomic::{self, require_plain, write_atomic};
use crate::change::DiskFile;
use crate::digest::BLOCK;
use crate::error::{Artifact, Error};
use std::fs::OpenOptions;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Bytes of a record other than its event.
const FRAME: u64 = 16;
/// Added to a rotated checksum.
const MASK: u32 = 0xa282_ead8;
/// Field 3 of the first event, `file_version`.
const VERSION: &[u8] = b"\x1a\x0dbrain.Event:2";

/// The value of an event under a tag.
#[derive(Debug, Clone, PartialEq)]
pub enum Summary {
    /// A number.
    Scalar(f32),
    /// A distribution.
    Histogram(SummaryHistogram),
}

/// Counts of numbers in bins, with statistics.
#[derive(Debug, Clone, PartialEq)]
pub struct SummaryHistogram {
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
    /// Their sum.
    pub sum: f64,
    /// The sum of their squares.
    pub sum_squares: f64,
    /// Upper edge and count of each bin, ascending.
    pub bins: Vec<(f64, f64)>,
}

/// An event file open for appending.
#[derive(Debug)]
pub struct EventFile {
    path: PathBuf,
    records: BufWriter<DiskFile>,
}

impl EventFile {
    /// Starts a file and replaces an existing one. `time` is in seconds since 1970, here and below.
    ///
    /// # Errors
    /// [`Error::Write`] or [`Error::NotOurs`].
    pub fn create(path: &Path, time: f64) -> Result<Self, Error> {
        let mut event = vec![0x09];
        event.extend(time.to_le_bytes());
        event.extend(VERSION);
        let record = framed(&event);
        write_atomic(path, &record)?;
        Self::open(path, record.len() as u64)
    }

    /// Continues after `last_step`: keeps the complete records up to that step and cuts the file at
    /// the first other one. Starts a new file if there is none.
    ///
    /// # Errors
    /// [`Error::Read`], [`Error::Write`] or [`Error::NotOurs`].
    pub fn resume_until(path: &Path, last_step: u64, time: f64) -> Result<Self, Error> {
        require_plain(path)?;
        let kept = match atomic::open(path, Artifact::Other) {
            Err(Error::Missing { .. }) => None,
            opened => {
                let (file, size) = opened?;
                whole_until(&mut BufReader::new(file), size, last_step)
                    .map_err(|e| Error::read(path, Artifact::Other, e))?
            }
        };
        match kept {
            None => Self::create(path, time),
            Some(kept) => Self::open(path, kept),
        }
    }

    /// Appends an event of `step` with a summary under each tag.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn append(
        &mut self,
        step: u64,
        time: f64,
        summaries: &[(String, Summary)],
    ) -> Result<(), Error> {
        let mut values = Vec::new();
        for (tag, summary) in summaries {
            put(&mut values, 0x0a, &value(tag, summary));
        }
        let mut event = vec![0x09];
        event.extend(time.to_le_bytes());
        event.push(0x10);
        put_varint(&mut event, step);
        put(&mut event, 0x2a, &values);
        let record = framed(&event);
        self.records
            .write_all(&record)
            .map_err(|e| Error::write(&self.path, "append to", e).needing(record.len() as u64))
    }

    /// Flushes and syncs all records.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn flush(&mut self) -> Result<(), Error> {
        let need = self.records.buffer().len() as u64;
        self.records
            .flush()
            .and_then(|()| self.records.get_ref().sync())
            .and_then(|()| self.records.get_ref().require_name())
            .map_err(|e| Error::write(&self.path, "sync", e).needing(need))
    }

    /// Opens the file, cuts it after `bytes` bytes and seeks to its end.
    fn open(path: &Path, bytes: u64) -> Result<Self, Error> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .map_err(|e| Error::write(path, "open", e))?;
        let mut file = DiskFile::new(file, path.to_owned());
        file.set_len(bytes)
            .and_then(|()| file.seek(SeekFrom::Start(bytes)))
            .map_err(|e| Error::write(path, "cut", e))?;
        Ok(Self {
            path: path.to_owned(),
            records: BufWriter::with_capacity(BLOCK, file),
        })
    }
}

/// A message `Summary.Value`.
fn value(tag: &str, summary: &Summary) -> Vec<u8> {
    let mut value = Vec::new();
    put(&mut value, 0x0a, tag.as_bytes());
    match summary {
        Summary::Scalar(number) => {
            value.push(0x15);
            value.extend(number.to_le_bytes());
        }
        Summary::Histogram(histogram) => put(&mut value, 0x2a, &histogram_proto(histogram)),
    }
    value
}

/// A message `HistogramProto`: `min`, `max`, `num`, `sum`, `sum_squares`, `bucket_limit`, `bucket`.
fn histogram_proto(histogram: &SummaryHistogram) -> Vec<u8> {
    let SummaryHistogram {
        min,
        max,
        sum,
        sum_squares,
        bins,
    } = histogram;
    let count = bins.iter().map(|(_, count)| count).sum::<f64>();
    let mut message = Vec::new();
    for (key, number) in [
        (0x09, *min),
        (0x11, *max),
        (0x19, count),
        (0x21, *sum),
        (0x29, *sum_squares),
    ] {
        message.push(key);
        message.extend(number.to_le_bytes());
    }
    let packed = |of: fn(&(f64, f64)) -> f64| -> Vec<u8> {
        bins.iter().flat_map(|bin| of(bin).to_le_bytes()).collect()
    };
    put(&mut message, 0x32, &packed(|bin| bin.0));
    put(&mut message, 0x3a, &packed(|bin| bin.1));
    message
}

/// Appends a key and a field of bytes.
fn put(message: &mut Vec<u8>, key: u8, bytes: &[u8]) {
    message.push(key);
    put_varint(message, bytes.len() as u64);
    message.extend(bytes);
}

/// Seven bits per byte, lowest first; the top bit says that more follow.
fn put_varint(message: &mut Vec<u8>, mut number: u64) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            message.push(low & 0x7f);
            return;
        }
        message.push(low | 0x80);
    }
}

/// An event as a record: length and bytes, each followed by a checksum.
pub fn framed(event: &[u8]) -> Vec<u8> {
    let length = (event.len() as u64).to_le_bytes();
    let mut record = Vec::from(length);
    record.extend(masked_crc(&length).to_le_bytes());
    record.extend(event);
    record.extend(masked_crc(event).to_le_bytes());
    record
}

/// Number of bytes of complete records with steps up to `last_step`; `None` if the first is not
/// ours.
fn whole_until(reader: &mut impl Read, size: u64, last_step: u64) -> io::Result<Option<u64>> {
    let mut kept = 0;
    while let Some(event) = read_record(reader, size - kept)? {
        if kept == 0 && !event.ends_with(VERSION) {
            return Ok(None);
        }
        match step_of(&event) {
            Some(step) if step <= last_step => kept += FRAME + event.len() as u64,
            _ => break,
        }
    }
    Ok((kept > 0).then_some(kept))
}

/// The next event; `None` at the end and before a truncated or damaged record. Lengths are limited
/// to the `left` bytes of the file.
fn read_record(reader: &mut impl Read, left: u64) -> io::Result<Option<Vec<u8>>> {
    let (mut length, mut crc) = ([0; 8], [0; 4]);
    if left < FRAME {
        return Ok(None);
    }
    reader.read_exact(&mut length)?;
    reader.read_exact(&mut crc)?;
    let n_bytes = u64::from_le_bytes(length);
    if u32::from_le_bytes(crc) != masked_crc(&length) || n_bytes > left - FRAME {
        return Ok(None);
    }
    let mut event = Vec::new();
    reader.take(n_bytes).read_to_end(&mut event)?;
    reader.read_exact(&mut crc)?;
    Ok((u32::from_le_bytes(crc) == masked_crc(&event)).then_some(event))
}

/// Field 2 of an event, or 0 if it has none; `None` if it is not a message.
fn step_of(mut event: &[u8]) -> Option<u64> {
    let mut step = 0;
    while !event.is_empty() {
        let key = take_varint(&mut event)?;
        let skipped = match key & 7 {
            0 => {
                let number = take_varint(&mut event)?;
                if key >> 3 == 2 {
                    step = number;
                }
                0
            }
            1 => 8,
            2 => usize::try_from(take_varint(&mut event)?).ok()?,
            5 => 4,
            _ => return None,
        };
        event = event.get(skipped..)?;
    }
    Some(step)
}

fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

/// The checksum in TensorFlow's files: CRC-32C, rotated right by 15 bits, plus `0xa282ead8`.
pub fn masked_crc(bytes: &[u8]) -> u32 {
    crc32c(bytes).rotate_right(15).wrapping_add(MASK)
}

/// CRC-32C (Castagnoli 1993): polynomial 0x1edc6f41, reflected, with all bits inverted at start and
/// end.
fn crc32c(bytes: &[u8]) -> u32 {
    let next = |crc: u32, &byte: &u8| {
        let [low, ..] = crc.to_le_bytes();
        TABLE[usize::from(low ^ byte)] ^ (crc >> 8)
    };
    !bytes.iter().fold(!0, next)
}

/// The checksum's table, by byte.
const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0_u32;
    while byte < 256 {
        let mut crc = byte;
        let mut bit = 0;
        while bit < 8 {
            crc = (crc >> 1) ^ if crc & 1 == 1 { 0x82f6_3b78 } else { 0 };
            bit += 1;
        }
        table[byte as usize] = crc;
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::crc32c;

    /// RFC 3720, appendix B.4, and the check value of the CRC catalogue.
    #[test]
    fn the_checksum_is_crc_32c() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
    }
}
