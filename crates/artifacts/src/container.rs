//! safetensors with a seal: the container of dataset, checkpoint, model and samples files.
//!
//! The crate's documentation describes the format. A reader trusts nothing: lengths are checked
//! against the file's size before anything is allocated, and every byte of the file is covered by
//! one of two hashes or by strict parsing of the header.

use crate::atomic;
use crate::digest::{copy_blocks, hex};
use crate::error::{Artifact, Error};
use crate::seal::{take_format, take_seal};
use safetensors::Dtype;
use safetensors::tensor::Metadata;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Our metadata key.
pub(crate) const KEY: &str = "dcgan";
/// Far more than any header of ours; larger headers are not read into memory.
const LARGEST_HEADER: u64 = 1 << 24;

/// Elements of one named array, as read.
#[derive(Debug)]
pub(crate) enum Data {
    U8(Vec<u8>),
    F32(Vec<f32>),
}

/// Position of an array in its file.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) dtype: Dtype,
    pub(crate) shape: Vec<usize>,
    /// From the beginning of the file.
    pub(crate) start: u64,
    pub(crate) bytes: u64,
}

/// An open file with a verified header; [`Container::read`] verifies the data.
#[derive(Debug)]
pub(crate) struct Container {
    pub(crate) path: PathBuf,
    pub(crate) artifact: Artifact,
    pub(crate) places: BTreeMap<String, Place>,
    /// Without `format`, `kind`, `content_sha256` and `seal`; `None` in a foreign file.
    info: Option<Map<String, Value>>,
    /// The kind given in the metadata.
    pub(crate) kind: Option<String>,
    content_sha256: Option<String>,
    file: File,
}

impl Container {
    /// Opens a file with our metadata, of format `newest` or older.
    pub(crate) fn open(path: &Path, artifact: Artifact, newest: u32) -> Result<Self, Error> {
        let container = Self::open_any(path, artifact, newest)?;
        if container.info.is_none() {
            return Err(container.unfit(
                format!("metadata under the key `{KEY}`"),
                "a safetensors file without them",
            ));
        }
        Ok(container)
    }

    /// Opens a file with or without our metadata.
    pub(crate) fn open_any(path: &Path, artifact: Artifact, newest: u32) -> Result<Self, Error> {
        let (mut file, size) = atomic::open(path, artifact)?;
        let text = read_header(&mut file, size, path, artifact)?;
        let header: Metadata =
            serde_json::from_str(text.trim_end_matches(' ')).map_err(|source| Error::Header {
                path: path.to_owned(),
                artifact,
                source,
            })?;
        let data_start = 8 + text.len() as u64;
        let expected = data_start + header.data_len() as u64;
        if size != expected {
            let (expected, got) = (format!("{expected} bytes"), format!("{size} bytes"));
            return Err(Error::damaged(path, artifact, expected, got));
        }
        let mut places = BTreeMap::new();
        for name in header.offset_keys() {
            let Some(info) = header.info(&name) else {
                continue;
            };
            let (start, end) = info.data_offsets;
            let place = Place {
                dtype: info.dtype,
                shape: info.shape.clone(),
                start: data_start + start as u64,
                bytes: (end - start) as u64,
            };
            places.insert(name, place);
        }
        let mut container = Self {
            path: path.to_owned(),
            artifact,
            places,
            info: None,
            kind: None,
            content_sha256: None,
            file,
        };
        let ours = header
            .metadata()
            .as_ref()
            .and_then(|metadata| metadata.get(KEY));
        if let Some(text) = ours {
            container.take_info(text, newest)?;
        } else if text.contains("content_sha256") {
            // A file of ours with a damaged key must not pass for a foreign one.
            return Err(container.damaged(format!("metadata under the key `{KEY}`"), "another key"));
        }
        Ok(container)
    }

    fn take_info(&mut self, text: &str, newest: u32) -> Result<(), Error> {
        let (path, artifact) = (&self.path, self.artifact);
        let mut info: Map<String, Value> =
            serde_json::from_str(text).map_err(|source| Error::Json {
                path: path.clone(),
                artifact,
                source,
            })?;
        let kind = info.get("kind").and_then(Value::as_str).map(str::to_owned);
        take_format(&mut info, newest, path, artifact).map_err(|error| match (error, kind) {
            // Each kind has its own versions, so another kind's means nothing here, except a
            // checkpoint's, from which networks are read.
            (Error::NewerFormat { .. }, Some(kind))
                if kind != artifact.to_string() && kind != Artifact::Checkpoint.to_string() =>
            {
                self.unfit(format!("kind `{artifact}`"), format!("kind `{kind}`"))
            }
            (error, _) => error,
        })?;
        take_seal(&mut info, text, path, artifact)?;
        let mut take = |key: &str| match info.remove(key) {
            Some(Value::String(text)) => Ok(text),
            Some(other) => Err(self.damaged(format!("`{key}`, a text"), format!("`{other}`"))),
            None => Err(self.damaged(format!("`{key}` in its metadata"), "none")),
        };
        let (kind, content_sha256) = (take("kind")?, take("content_sha256")?);
        self.kind = Some(kind);
        self.content_sha256 = Some(content_sha256);
        self.info = Some(info);
        Ok(())
    }

    /// Whether it has our metadata.
    pub(crate) fn is_ours(&self) -> bool {
        self.info.is_some()
    }

    /// The file itself.
    pub(crate) fn into_file(self) -> File {
        self.file
    }

    /// The SHA-256 over names, types, shapes and data from the metadata.
    pub(crate) fn content_sha256(&self) -> Option<&str> {
        self.content_sha256.as_deref()
    }

    /// Refuses a file of another kind than `wanted`.
    pub(crate) fn require_kind(&self, wanted: Artifact) -> Result<(), Error> {
        match &self.kind {
            Some(kind) if *kind != wanted.to_string() => {
                Err(self.unfit(format!("kind `{wanted}`"), format!("kind `{kind}`")))
            }
            _ => Ok(()),
        }
    }

    /// The metadata as the format's own type; `None` in a foreign file.
    pub(crate) fn info<T: DeserializeOwned>(&self) -> Result<Option<T>, Error> {
        let Some(info) = &self.info else {
            return Ok(None);
        };
        serde_json::from_value(Value::Object(info.clone()))
            .map(Some)
            .map_err(|source| Error::Json {
                path: self.path.clone(),
                artifact: self.artifact,
                source,
            })
    }

    /// The metadata of a file that has them, as the format's own type.
    pub(crate) fn own_info<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.info()?
            .ok_or_else(|| self.unfit(format!("metadata under the key `{KEY}`"), "none"))
    }

    /// The position of a required array with the given type and number of axes.
    pub(crate) fn require(&self, name: &str, dtype: Dtype, axes: usize) -> Result<&Place, Error> {
        let Some(place) = self.places.get(name) else {
            return Err(self.unfit(format!("an array `{name}`"), "none"));
        };
        if place.dtype != dtype || place.shape.len() != axes {
            return Err(self.unfit(
                format!("`{name}` of type {dtype:?} with {axes} axes"),
                format!("type {:?}, shape {:?}", place.dtype, place.shape),
            ));
        }
        Ok(place)
    }

    /// Reads the `wanted` arrays and verifies the content hash over all arrays.
    ///
    /// Memory: the wanted arrays, which the file really contains, and one block.
    pub(crate) fn read(
        &self,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<BTreeMap<String, (Vec<usize>, Data)>, Error> {
        let mut content = Sha256::new();
        let mut arrays = BTreeMap::new();
        for (name, place) in &self.places {
            let dtype = match place.dtype {
                Dtype::U8 => "U8",
                Dtype::F32 => "F32",
                other => {
                    return Err(self.unfit(
                        format!("`{name}` of type U8 or F32"),
                        format!("type {other:?}"),
                    ));
                }
            };
            content.update(entry_line(name, dtype, &place.shape));
            if wanted(name) {
                let data = self.read_array(place, &mut content)?;
                arrays.insert(name.clone(), (place.shape.clone(), data));
            } else {
                self.each_block(place, |block| content.update(block))?;
            }
        }
        let computed = hex(content.finalize().as_slice());
        match &self.content_sha256 {
            Some(expected) if *expected != computed => Err(self.damaged(
                format!("content of SHA-256 `{expected}`"),
                format!("`{computed}`"),
            )),
            _ => Ok(arrays),
        }
    }

    /// The values of an array of type F32 in a file without our metadata, so without a hash.
    pub(crate) fn read_f32(&self, place: &Place) -> Result<Vec<f32>, Error> {
        match self.read_array(place, &mut Sha256::new())? {
            Data::F32(values) => Ok(values),
            Data::U8(_) => Err(self.unfit("an array of type F32", "type U8")),
        }
    }

    fn read_array(&self, place: &Place, content: &mut Sha256) -> Result<Data, Error> {
        // The position was compared with the file's size, so this allocates no more than the file
        // contains.
        let bytes = usize::try_from(place.bytes)
            .map_err(|_| self.unfit("an array that fits in memory", format!("{place:?}")))?;
        if place.dtype == Dtype::U8 {
            let mut values = Vec::with_capacity(bytes);
            self.each_block(place, |block| {
                content.update(block);
                values.extend_from_slice(block);
            })?;
            return Ok(Data::U8(values));
        }
        let mut values = Vec::with_capacity(bytes / 4);
        let mut rest: Vec<u8> = Vec::with_capacity(4);
        self.each_block(place, |block| {
            content.update(block);
            // A read may end within an element; keep its bytes for the next block.
            let missing = ((4 - rest.len()) % 4).min(block.len());
            let (head, block) = block.split_at(missing);
            rest.extend_from_slice(head);
            if let Ok(element) = <[u8; 4]>::try_from(rest.as_slice()) {
                values.push(f32::from_le_bytes(element));
                rest.clear();
            }
            let (elements, tail) = block.as_chunks::<4>();
            values.extend(elements.iter().map(|&element| f32::from_le_bytes(element)));
            rest.extend_from_slice(tail);
        })?;
        Ok(Data::F32(values))
    }

    fn each_block(&self, place: &Place, mut take: impl FnMut(&[u8])) -> Result<(), Error> {
        let mut file = &self.file;
        let done = file
            .seek(SeekFrom::Start(place.start))
            .and_then(|_| {
                copy_blocks(&mut file, place.bytes, |block| {
                    take(block);
                    Ok(())
                })
            })
            .map_err(|e| Error::read(&self.path, self.artifact, e))?;
        if done == place.bytes {
            Ok(())
        } else {
            // It was long enough when opened.
            let missing = place.bytes - done;
            Err(self.damaged(
                "a file that keeps its length",
                format!("{missing} bytes less"),
            ))
        }
    }

    /// Reads `out.len()` bytes of an array from byte `offset` of it.
    pub(crate) fn read_at(&self, place: &Place, offset: u64, out: &mut [u8]) -> Result<(), Error> {
        atomic::read_exact_at(&self.file, out, place.start + offset)
            .map_err(|e| Error::read(&self.path, self.artifact, e))
    }

    pub(crate) fn damaged(&self, expected: impl Into<String>, got: impl Into<String>) -> Error {
        Error::damaged(&self.path, self.artifact, expected, got)
    }

    pub(crate) fn unfit(&self, expected: impl Into<String>, got: impl Into<String>) -> Error {
        Error::unfit(&self.path, self.artifact, expected, got)
    }
}

/// Refuses a file of another kind, which is no damaged one of ours; leaves `file` at its start.
fn require_safetensors(file: &mut File, path: &Path, artifact: Artifact) -> Result<(), Error> {
    let mut start = Vec::new();
    Read::by_ref(file)
        .take(9)
        .read_to_end(&mut start)
        .and_then(|_| file.rewind())
        .map_err(|e| Error::read(path, artifact, e))?;
    match other_kind(&start) {
        Some(kind) => Err(Error::unfit(path, artifact, "a safetensors file", kind)),
        None => Ok(()),
    }
}

/// Names a file that is not a safetensors file by its first nine bytes; `None` for one, damaged or
/// not.
///
/// A header's length, eight bytes, is below 2^32 and precedes a brace: no change of a single byte
/// makes a file of ours another kind.
pub(crate) fn other_kind(start: &[u8]) -> Option<&'static str> {
    const KINDS: [(&[u8], &str); 9] = [
        (b"\x89PNG", "a PNG picture"),
        (b"\xff\xd8\xff", "a JPEG picture"),
        (b"GIF8", "a GIF picture"),
        (b"BM", "a BMP picture"),
        (b"\x1f\x8b", "a gzip file"),
        (b"PK", "a zip archive"),
        (b"\x93NUM", "an array of NumPy"),
        (b"\x89HDF", "an HDF5 file"),
        (&[0, 0, 8], "an IDX file"),
    ];
    let is_text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    let high = start.get(4..start.len().min(8))?;
    if !high.is_empty() && start.iter().take(8).all(is_text) {
        return Some("text");
    }
    if start.get(8) == Some(&b'{') {
        return None;
    }
    let kind = KINDS.iter().find(|(magic, _)| start.starts_with(magic));
    match kind {
        Some((_, kind)) => Some(kind),
        None if high.iter().any(|&byte| byte != 0) => Some("other bytes"),
        None => None,
    }
}

/// Reads the header's text after checking its length against the file's size.
fn read_header(
    file: &mut File,
    size: u64,
    path: &Path,
    artifact: Artifact,
) -> Result<String, Error> {
    require_safetensors(file, path, artifact)?;
    let mut length = [0; 8];
    if size < 8 {
        let got = format!("{size} bytes");
        return Err(Error::damaged(path, artifact, "at least 8 bytes", got));
    }
    file.read_exact(&mut length)
        .map_err(|e| Error::read(path, artifact, e))?;
    let length = u64::from_le_bytes(length);
    let largest = (size - 8).min(LARGEST_HEADER);
    if length > largest {
        return Err(Error::damaged(
            path,
            artifact,
            format!("a header of at most {largest} bytes"),
            format!("{length} bytes"),
        ));
    }
    let mut header = Vec::new();
    file.take(length)
        .read_to_end(&mut header)
        .map_err(|e| Error::read(path, artifact, e))?;
    String::from_utf8(header)
        .map_err(|_| Error::damaged(path, artifact, "a header in UTF-8", "other bytes"))
}

/// The text that is hashed before an array's data.
pub(crate) fn entry_line(name: &str, dtype: &str, shape: &[usize]) -> String {
    let shape: Vec<String> = shape.iter().map(usize::to_string).collect();
    format!("{name}\n{dtype}\n{}\n", shape.join(","))
}
