//! Writes safetensors files with sealed metadata, which [`Container`](crate::container::Container)
//! reads.

use crate::atomic::AtomicFile;
use crate::container::{KEY, entry_line};
use crate::digest::{BLOCK, FileDigest, HashingWriter, hex};
use crate::error::{Artifact, Error};
use crate::seal::seal;
use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Elements of one named array, borrowed for writing.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Values<'a> {
    U8(&'a [u8]),
    F32(&'a [f32]),
}

impl Values<'_> {
    fn dtype(self) -> &'static str {
        match self {
            Values::U8(_) => "U8",
            Values::F32(_) => "F32",
        }
    }

    fn len(self) -> usize {
        match self {
            Values::U8(values) => values.len(),
            Values::F32(values) => values.len(),
        }
    }

    fn bytes(self) -> usize {
        match self {
            Values::U8(values) => values.len(),
            Values::F32(values) => 4 * values.len(),
        }
    }

    /// Passes on the elements as little-endian bytes, in blocks.
    fn each_block(self, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        match self {
            Values::U8(values) => values.chunks(BLOCK).try_for_each(take),
            Values::F32(values) => {
                let mut block = Vec::with_capacity(BLOCK);
                values.chunks(BLOCK / 4).try_for_each(|chunk| {
                    block.clear();
                    block.extend(chunk.iter().flat_map(|value| value.to_le_bytes()));
                    take(&block)
                })
            }
        }
    }
}

/// Arrays to write: name to shape and elements, row-major.
pub(crate) type Entries<'a> = BTreeMap<String, (Vec<usize>, Values<'a>)>;

/// Arrays as described by a header: name to shape and bytes.
pub(crate) type Shapes = BTreeMap<String, (Vec<usize>, usize)>;

/// Writes one file: `info` as sealed metadata, then the arrays in order of their names.
///
/// All arrays of a file have the same element type, so that each is aligned.
pub(crate) fn write(
    path: &Path,
    artifact: Artifact,
    format: u32,
    info: &impl Serialize,
    entries: &Entries<'_>,
) -> Result<FileDigest, Error> {
    let (file, need, digest) = write_partial(path, artifact, format, info, entries)?;
    file.commit().map_err(|e| e.needing(need))?;
    Ok(digest)
}

/// Like [`write`], but doesn't give the file its name yet; also returns its size and digest.
pub(crate) fn write_partial(
    path: &Path,
    artifact: Artifact,
    format: u32,
    info: &impl Serialize,
    entries: &Entries<'_>,
) -> Result<(AtomicFile, u64, FileDigest), Error> {
    let mut content = Sha256::new();
    let mut shapes = Shapes::new();
    for (name, (shape, values)) in entries {
        let elements = shape
            .iter()
            .try_fold(1usize, |product, &n| product.checked_mul(n));
        if elements != Some(values.len()) {
            return Err(Error::contradiction(
                path,
                artifact,
                format!("as many elements in `{name}` as its shape {shape:?} has"),
                format!("{} elements", values.len()),
            ));
        }
        content.update(entry_line(name, values.dtype(), shape));
        values
            .each_block(|block| {
                content.update(block);
                Ok(())
            })
            .map_err(|e| Error::write(path, "write", e))?;
        shapes.insert(name.clone(), (shape.clone(), values.bytes()));
    }
    let content_sha256 = hex(content.finalize().as_slice());
    let dtype = entries.values().next().map_or("U8", |(_, v)| v.dtype());
    let header = header(
        path,
        artifact,
        format,
        info,
        &content_sha256,
        &shapes,
        dtype,
    )?;

    let mut file = HashingWriter::new(BufWriter::with_capacity(BLOCK, AtomicFile::create(path)?));
    let data: usize = entries.values().map(|(_, values)| values.bytes()).sum();
    let need = (8 + header.len() + data) as u64;
    let written = write_all(&mut file, &header, entries);
    written.map_err(|e| Error::write(path, "write", e).needing(need))?;
    let digest = file.digest();
    let file = file.into_inner().into_inner();
    let file = file.map_err(|e| Error::write(path, "write", e.into_error()).needing(need))?;
    Ok((file, need, digest))
}

/// The header's text: `info` as sealed metadata, then type, shape and offsets of each array, all of
/// type `dtype`; padded with spaces to a multiple of 8 bytes.
pub(crate) fn header(
    path: &Path,
    artifact: Artifact,
    format: u32,
    info: &impl Serialize,
    content_sha256: &str,
    shapes: &Shapes,
    dtype: &str,
) -> Result<String, Error> {
    let info =
        sealed_info(info, artifact, format, content_sha256).map_err(|source| Error::Json {
            path: path.to_owned(),
            artifact,
            source,
        })?;
    let mut header = Map::new();
    header.insert("__metadata__".into(), json!({ KEY: info }));
    let mut offset = 0;
    for (name, (shape, bytes)) in shapes {
        let end = offset + bytes;
        let entry = json!({ "dtype": dtype, "shape": shape, "data_offsets": [offset, end] });
        header.insert(name.clone(), entry);
        offset = end;
    }
    let mut header = Value::Object(header);
    header.sort_all_objects();
    let mut header = header.to_string();
    while !header.len().is_multiple_of(8) {
        header.push(' ');
    }
    Ok(header)
}

fn write_all(file: &mut impl Write, header: &str, entries: &Entries<'_>) -> io::Result<()> {
    file.write_all(&(header.len() as u64).to_le_bytes())?;
    file.write_all(header.as_bytes())?;
    for (_, values) in entries.values() {
        values.each_block(|block| file.write_all(block))?;
    }
    file.flush()
}

/// The text of the metadata: `info` with format, kind, content hash and seal, keys sorted.
fn sealed_info(
    info: &impl Serialize,
    artifact: Artifact,
    format: u32,
    content_sha256: &str,
) -> Result<String, serde_json::Error> {
    let mut info = serde_json::to_value(info)?;
    info["content_sha256"] = content_sha256.into();
    info["format"] = format.into();
    info["kind"] = artifact.to_string().into();
    seal(info, |value| Ok(value.to_string()))
}
