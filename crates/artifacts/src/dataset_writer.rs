//! Writes a dataset picture by picture, in any order and from several threads, so that memory only
//! holds the pictures in progress.

use crate::atomic::AtomicFile;
use crate::container::entry_line;
use crate::container_writer::{self, Shapes};
use crate::dataset::{self, DatasetInfo, FORMAT_VERSION, Part};
use crate::digest::{BLOCK, FileDigest, HashingWriter, hex};
use crate::error::{Artifact, Error};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// A dataset being written, with reserved space for every picture at a fixed offset.
///
/// [`DatasetWriter::finish`] gives the file its name; if dropped before, an existing file stays
/// unchanged. The bytes are the same as from [`write_dataset`](crate::write_dataset) if every
/// reserved place is used; otherwise spaces fill the unused part of the header.
#[derive(Debug)]
pub struct DatasetWriter {
    file: AtomicFile,
    path: PathBuf,
    info: DatasetInfo,
    /// Reserved pictures of each part, and the offset of the first.
    reserved: BTreeMap<Part, (usize, u64)>,
    /// Length of the header's text, the same in the finished file.
    header_len: usize,
}

/// The pictures of a part to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Their reserved places, ascending.
    pub places: Vec<u32>,
    /// Class numbers, one per place; `None` without labels.
    pub labels: Option<Vec<u8>>,
}

impl DatasetWriter {
    /// Starts the dataset for `path`, with space for the given number of pictures per part.
    ///
    /// # Errors
    /// [`Error::Contradiction`] if `info` is invalid; [`Error::NotOurs`], [`Error::Write`].
    pub fn create(
        path: &Path,
        info: &DatasetInfo,
        lengths: &BTreeMap<Part, usize>,
    ) -> Result<Self, Error> {
        dataset::require_consistent(path, info, lengths.contains_key(&Part::Train))?;
        let shapes = dataset::shapes(info, lengths);
        let header_len = header(path, info, &shapes, &"0".repeat(64))?.len();
        let file = AtomicFile::create(path)?;
        let mut reserved = BTreeMap::new();
        let mut position = 8 + header_len as u64;
        for (name, (_, bytes)) in &shapes {
            let of_part = lengths.iter().find(|(part, _)| part.images() == *name);
            reserved.extend(of_part.map(|(part, n)| (*part, (*n, position))));
            position += *bytes as u64;
        }
        file.set_len(position)?;
        Ok(Self {
            file,
            path: path.to_owned(),
            info: info.clone(),
            reserved,
            header_len,
        })
    }

    /// Writes the pixels `[H,W,C]` of one picture. Several threads may call it at the same time.
    ///
    /// # Errors
    /// [`Error::Contradiction`] for a place that was not reserved or a wrong number of bytes;
    /// [`Error::Write`].
    pub fn write_image(&self, part: Part, place: usize, pixels: &[u8]) -> Result<(), Error> {
        let position = self.position(part, place, pixels.len())?;
        self.file.write_all_at(pixels, position)
    }

    /// Reads the pixels of a picture that was written.
    ///
    /// # Errors
    /// As [`DatasetWriter::write_image`].
    pub fn read_image(&self, part: Part, place: usize, pixels: &mut [u8]) -> Result<(), Error> {
        let position = self.position(part, place, pixels.len())?;
        self.file.read_exact_at(pixels, position)
    }

    /// Closes the gaps between the kept pictures, writes labels and header, and gives the file its
    /// name. Memory: the labels and one block.
    ///
    /// # Errors
    /// [`Error::Contradiction`] if `kept` has a place twice or one that was not reserved, if labels
    /// and `info` are inconsistent, or if there is no training part; [`Error::Write`].
    pub fn finish(self, kept: &BTreeMap<Part, Kept>) -> Result<FileDigest, Error> {
        self.require_fitting(kept)?;
        let lengths = kept.iter().map(|(part, kept)| (*part, kept.places.len()));
        let shapes = dataset::shapes(&self.info, &lengths.collect());
        let mut content = Sha256::new();
        let mut position = 8 + self.header_len as u64;
        for (name, (shape, bytes)) in &shapes {
            content.update(entry_line(name, "U8", shape));
            for (part, kept) in kept {
                if *name == part.images() {
                    self.gather(*part, &kept.places, position, &mut content)?;
                } else if *name == part.labels() {
                    let labels = kept.labels.as_deref().unwrap_or_default();
                    content.update(labels);
                    self.file.write_all_at(labels, position)?;
                }
            }
            position += *bytes as u64;
        }
        let content_sha256 = hex(content.finalize().as_slice());
        let mut text = header(&self.path, &self.info, &shapes, &content_sha256)?;
        // Fewer pictures may need fewer digits, never more.
        text.extend(std::iter::repeat_n(' ', self.header_len - text.len()));
        let mut head = (text.len() as u64).to_le_bytes().to_vec();
        head.extend(text.as_bytes());
        self.file.write_all_at(&head, 0)?;
        self.file.set_len(position)?;
        let digest = self.digest(position)?;
        self.file.commit()?;
        Ok(digest)
    }

    /// Offset of the reserved place of a picture with `bytes` bytes.
    fn position(&self, part: Part, place: usize, bytes: usize) -> Result<u64, Error> {
        let image_len = self.info.image_len();
        let (n, start) = self.reserved.get(&part).copied().unwrap_or_default();
        if place >= n || bytes != image_len {
            return Err(self.contradiction(
                format!("{image_len} bytes at a place below {n} of `{part}`"),
                format!("{bytes} bytes at {place}"),
            ));
        }
        Ok(start + place as u64 * image_len as u64)
    }

    /// Moves the pictures at `places` to `target`, which is never after them, and hashes them.
    fn gather(
        &self,
        part: Part,
        places: &[u32],
        mut target: u64,
        content: &mut Sha256,
    ) -> Result<(), Error> {
        let image_len = self.info.image_len();
        let mut block = vec![0; BLOCK];
        // Adjacent pictures stay adjacent, so whole runs are read and written at once.
        for run in places.chunk_by(|a, b| a + 1 == *b) {
            let mut source = self.position(part, run[0] as usize, image_len)?;
            let end = source + run.len() as u64 * image_len as u64;
            while source < end {
                let n = usize::try_from(end - source).unwrap_or(BLOCK).min(BLOCK);
                let block = &mut block[..n];
                self.file.read_exact_at(block, source)?;
                content.update(&*block);
                if source != target {
                    self.file.write_all_at(block, target)?;
                }
                source += n as u64;
                target += n as u64;
            }
        }
        Ok(())
    }

    /// Size and hash of the file, its first `length` bytes.
    fn digest(&self, length: u64) -> Result<FileDigest, Error> {
        let mut sink = HashingWriter::new(io::sink());
        let mut block = vec![0; BLOCK];
        let mut position = 0;
        while position < length {
            let n = usize::try_from(length - position)
                .unwrap_or(BLOCK)
                .min(BLOCK);
            self.file.read_exact_at(&mut block[..n], position)?;
            sink.write_all(&block[..n])
                .map_err(|e| Error::write(&self.path, "write", e))?;
            position += n as u64;
        }
        Ok(sink.digest())
    }

    fn require_fitting(&self, kept: &BTreeMap<Part, Kept>) -> Result<(), Error> {
        dataset::require_consistent(&self.path, &self.info, kept.contains_key(&Part::Train))?;
        for (part, Kept { places, labels }) in kept {
            let (n, _) = self.reserved.get(part).copied().unwrap_or_default();
            let last = places.last().map_or(0, |place| *place as usize + 1);
            if last > n || !places.is_sorted_by(|a, b| a < b) {
                return Err(self.contradiction(
                    format!("ascending places below {n} of `{part}`"),
                    format!("{} up to {}", places.len(), last.saturating_sub(1)),
                ));
            }
            dataset::require_labels(
                &self.path,
                &self.info,
                *part,
                places.len(),
                labels.as_deref(),
            )?;
        }
        Ok(())
    }

    fn contradiction(&self, expected: String, got: String) -> Error {
        Error::contradiction(&self.path, Artifact::Dataset, expected, got)
    }
}

fn header(
    path: &Path,
    info: &DatasetInfo,
    shapes: &Shapes,
    content_sha256: &str,
) -> Result<String, Error> {
    container_writer::header(
        path,
        Artifact::Dataset,
        FORMAT_VERSION,
        info,
        content_sha256,
        shapes,
        "U8",
    )
}
