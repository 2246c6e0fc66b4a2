//! Checkpoints of format V2: an index, and the floats in files of their own.

use crate::Error;
use crate::messages::{BundleEntry, BundleHeader, FLOAT, type_name};
use crate::table::{File, each_entry};
use crate::variables::{Variables, shard_name};
use dcgan_artifacts::masked_crc32c;
use prost::Message as _;
use std::collections::BTreeMap;
use std::path::Path;

/// Most files that the floats are spread over.
const MOST_SHARDS: i32 = 99_999;

/// A variable of type float32.
struct Place {
    name: String,
    sizes: Vec<usize>,
    /// Bytes.
    length: u64,
    crc32c: u32,
}

/// Variables by the file and offset of their values.
type Places = BTreeMap<(i32, u64), Place>;

/// Adds the variables of the checkpoint `prefix`, whose index is given.
pub(crate) fn read(prefix: &Path, index: &File, variables: &mut Variables) -> Result<(), Error> {
    let mut header: Option<BundleHeader> = None;
    let mut places = Places::new();
    each_entry(index, &mut |key, value| {
        let Some(header) = &header else {
            header = Some(header_of(index, key, value)?);
            return Ok(());
        };
        // Parts of variables have keys that begin so, and an entry of the whole variable too.
        if key.starts_with(&[0]) {
            return Ok(());
        }
        let name = str::from_utf8(key)
            .map_err(|source| index.damaged("the name of a variable", source.to_string()))?;
        let entry = BundleEntry::decode(value).map_err(|source| {
            index.damaged(format!("the place of `{name}`"), source.to_string())
        })?;
        place(index, header, name, entry, &mut places, variables)
    })?;
    let header = header.ok_or_else(|| index.damaged("a header", "an empty table"))?;
    let mut data: Option<(i32, File)> = None;
    let mut free_from = 0;
    for ((shard, offset), place) in places {
        let file = match data.take() {
            Some((of, file)) if of == shard => file,
            _ => {
                free_from = 0;
                File::read(&shard_name(prefix, ".data", shard, header.num_shards))?
            }
        };
        if offset < free_from {
            return Err(index.damaged(
                format!("`{}` at {free_from} or after it", place.name),
                format!("{offset}"),
            ));
        }
        free_from = offset.saturating_add(place.length);
        let values = values(&file, offset, &place)?;
        variables.add(&file, place.name, (place.sizes, values))?;
        data = Some((shard, file));
    }
    Ok(())
}

fn header_of(index: &File, key: &[u8], value: &[u8]) -> Result<BundleHeader, Error> {
    if !key.is_empty() {
        return Err(index.damaged("a header first", format!("`{}`", key.escape_ascii())));
    }
    let header = BundleHeader::decode(value)
        .map_err(|source| index.damaged("a header", source.to_string()))?;
    if !(1..=MOST_SHARDS).contains(&header.num_shards) {
        return Err(index.damaged(
            format!("1 to {MOST_SHARDS} files of values"),
            header.num_shards.to_string(),
        ));
    }
    if header.endianness != 0 {
        return Err(Error::Unsupported {
            path: index.path.clone(),
            what: "its numbers have their highest byte first".into(),
        });
    }
    Ok(header)
}

/// Notes where the values of a variable are.
fn place(
    index: &File,
    header: &BundleHeader,
    name: &str,
    entry: BundleEntry,
    places: &mut Places,
    variables: &mut Variables,
) -> Result<(), Error> {
    if !entry.slices.is_empty() {
        return Err(Error::Unsupported {
            path: index.path.clone(),
            what: format!("`{name}` is saved in parts"),
        });
    }
    if entry.dtype != FLOAT {
        variables.add_other(name.into(), type_name(entry.dtype));
        return Ok(());
    }
    let unfit = |expected: &str, got: String| index.damaged(format!("{expected} of `{name}`"), got);
    let shape = entry.shape.unwrap_or_default();
    let (sizes, n) = shape
        .sizes()
        .ok_or_else(|| unfit("a shape", "no sizes".into()))?;
    let length = n
        .checked_mul(4)
        .and_then(|length| u64::try_from(length).ok());
    let length = length.filter(|&length| i64::try_from(length) == Ok(entry.size));
    let length =
        length.ok_or_else(|| unfit(&format!("the bytes for {sizes:?}"), entry.size.to_string()))?;
    let offset = u64::try_from(entry.offset).map_err(|_| unfit("an offset", "none".into()))?;
    let shards = 0..header.num_shards;
    if !shards.contains(&entry.shard_id) {
        return Err(unfit(
            &format!("a file in {shards:?}"),
            entry.shard_id.to_string(),
        ));
    }
    let crc32c = entry.crc32c;
    let place = Place {
        name: name.into(),
        sizes,
        length,
        crc32c,
    };
    // A variable without values may be where another one is.
    if length == 0 {
        return variables.add(index, place.name, (place.sizes, Vec::new()));
    }
    match places.insert((entry.shard_id, offset), place) {
        None => Ok(()),
        Some(other) => Err(unfit("a place", format!("that of `{}`", other.name))),
    }
}

/// The floats at a place, their checksum verified.
fn values(file: &File, offset: u64, place: &Place) -> Result<Vec<f32>, Error> {
    let Place { name, length, .. } = place;
    let bytes = file.part(offset, *length).ok_or_else(|| {
        file.damaged(
            format!("{length} bytes of `{name}` at {offset}"),
            format!("a file of {} bytes", file.bytes.len()),
        )
    })?;
    if masked_crc32c(bytes) != place.crc32c {
        return Err(file.damaged(format!("`{name}` with its checksum"), "other bytes"));
    }
    let (floats, _) = bytes.as_chunks();
    Ok(floats
        .iter()
        .map(|float| f32::from_le_bytes(*float))
        .collect())
}
