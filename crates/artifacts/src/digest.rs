//! SHA-256 of bytes and of files, streaming.

use crate::atomic;
use crate::error::{Artifact, Error};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::{self, Read, Write};
use std::path::Path;

/// Bytes read or written at a time.
pub(crate) const BLOCK: usize = 1 << 18;

/// Size and SHA-256 of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileDigest {
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256, 64 lower-case hexadecimal digits.
    pub sha256: String,
}

/// SHA-256 of `bytes`, 64 lower-case hexadecimal digits.
pub fn sha256_bytes(bytes: &[u8]) -> String {
    hex(Sha256::digest(bytes).as_slice())
}

/// Size and SHA-256 of the file at `path`, read in blocks.
///
/// # Errors
/// [`Error::Missing`], [`Error::Read`], or [`Error::Unfit`] if it is not a plain file.
pub fn digest_file(path: &Path) -> Result<FileDigest, Error> {
    digest_file_as(path, Artifact::Other)
}

/// [`digest_file`] of a file of a known kind.
pub(crate) fn digest_file_as(path: &Path, artifact: Artifact) -> Result<FileDigest, Error> {
    let (mut file, _) = atomic::open(path, artifact)?;
    let mut sink = HashingWriter::new(io::sink());
    copy_blocks(&mut file, u64::MAX, |block| sink.write_all(block))
        .map_err(|e| Error::read(path, artifact, e))?;
    Ok(sink.digest())
}

/// Writes to `inner` and hashes the bytes.
#[derive(Debug)]
pub(crate) struct HashingWriter<W> {
    inner: W,
    hasher: Sha256,
    bytes: u64,
}

impl<W: Write> HashingWriter<W> {
    pub(crate) fn new(inner: W) -> Self {
        Self {
            inner,
            hasher: Sha256::new(),
            bytes: 0,
        }
    }

    /// Size and hash of all bytes written so far.
    pub(crate) fn digest(&self) -> FileDigest {
        FileDigest {
            bytes: self.bytes,
            sha256: hex(self.hasher.clone().finalize().as_slice()),
        }
    }

    /// Takes over size and hash of `prefix`, as if its bytes had been written here.
    pub(crate) fn adopt(&mut self, prefix: &HashingWriter<io::Sink>) {
        self.hasher = prefix.hasher.clone();
        self.bytes = prefix.bytes;
    }

    pub(crate) fn inner_mut(&mut self) -> &mut W {
        &mut self.inner
    }

    pub(crate) fn into_inner(self) -> W {
        self.inner
    }
}

impl<W: Write> Write for HashingWriter<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(buffer)?;
        self.hasher.update(&buffer[..n]);
        self.bytes += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Reads up to `limit` bytes in blocks, passes each on, and returns their number.
pub(crate) fn copy_blocks(
    reader: &mut impl Read,
    limit: u64,
    mut take: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<u64> {
    let mut block = vec![0; BLOCK];
    let mut done = 0;
    while done < limit {
        let room = usize::try_from(limit - done).unwrap_or(BLOCK).min(BLOCK);
        match reader.read(&mut block[..room]) {
            Ok(0) => break,
            Ok(n) => {
                take(&block[..n])?;
                done += n as u64;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(done)
}

/// Lower-case hexadecimal digits of `bytes`.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            // Writing to a String can't fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}
