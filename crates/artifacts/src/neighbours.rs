//! `neighbours.safetensors`: the nearest training image of each test image, stored to avoid
//! searching again.
//!
//! Arrays: u8, eight bytes per unsigned 64-bit integer, little-endian. `all/index` and
//! `all/squared` `[n,8]`: position of the nearest training image and its squared distance in
//! pixels; `first/index` and `first/squared`: the same among `first` training images, the first
//! ones or a draw. Metadata: [`NeighboursInfo`].
//!
//! Version 1 had no draws.

use crate::container::{Container, Data};
use crate::container_writer::{self, Entries, Values};
use crate::digest::FileDigest;
use crate::error::{Artifact, Error};
use safetensors::Dtype;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// The newest version of this format that this program reads, and the one that it writes.
pub const FORMAT_VERSION: u32 = 2;

/// Bytes of an integer.
const WIDTH: usize = 8;

/// Origin of the neighbours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NeighboursInfo {
    /// Content hash of the dataset.
    pub dataset_sha256: String,
    /// Training images that `first` is among.
    pub first: usize,
    /// Seed of the class-balanced draw of those; `None` for the first ones of the training part.
    #[serde(default)]
    pub draw: Option<u64>,
}

/// The nearest training image of each test image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeighboursFile {
    /// Their origin.
    pub info: NeighboursInfo,
    /// Position and squared distance of the nearest of all training images.
    pub all: Vec<(u64, u64)>,
    /// The same among [`NeighboursInfo::first`] of them.
    pub first: Vec<(u64, u64)>,
}

impl NeighboursFile {
    /// Writes the file.
    ///
    /// # Errors
    /// As [`write_atomic`](crate::write_atomic).
    pub fn write(&self, path: &Path) -> Result<FileDigest, Error> {
        let mut columns = BTreeMap::new();
        for (name, pairs) in [("all", &self.all), ("first", &self.first)] {
            let bytes = |of: fn(&(u64, u64)) -> u64| -> Vec<u8> {
                pairs
                    .iter()
                    .flat_map(|pair| of(pair).to_le_bytes())
                    .collect()
            };
            columns.insert(format!("{name}/index"), bytes(|pair| pair.0));
            columns.insert(format!("{name}/squared"), bytes(|pair| pair.1));
        }
        let mut entries = Entries::new();
        for (name, bytes) in &columns {
            let shape = vec![bytes.len() / WIDTH, WIDTH];
            entries.insert(name.clone(), (shape, Values::U8(bytes)));
        }
        let artifact = Artifact::Neighbours;
        container_writer::write(path, artifact, FORMAT_VERSION, &self.info, &entries)
    }

    /// Reads the file. The caller checks that positions fit a dataset.
    ///
    /// # Errors
    /// As the crate's documentation lists for every reader.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let file = Container::open(path, Artifact::Neighbours, FORMAT_VERSION)?;
        file.require_kind(Artifact::Neighbours)?;
        let info = file.own_info()?;
        let names = ["all/index", "all/squared", "first/index", "first/squared"];
        if let Some(name) = file
            .places
            .keys()
            .find(|name| !names.contains(&name.as_str()))
        {
            return Err(file.unfit(format!("the arrays {names:?} only"), format!("`{name}`")));
        }
        let n = file.require(names[0], Dtype::U8, 2)?.shape[0];
        for name in names {
            let shape = &file.require(name, Dtype::U8, 2)?.shape;
            if *shape != [n, WIDTH] {
                let expected = format!("`{name}` of shape [{n}, {WIDTH}]");
                return Err(file.unfit(expected, format!("{shape:?}")));
            }
        }
        let mut arrays = file.read(|_| true)?;
        let mut column = |name: &str| -> Vec<u64> {
            match arrays.remove(name) {
                Some((_, Data::U8(bytes))) => {
                    let integers = bytes.as_chunks::<WIDTH>().0.iter();
                    integers.map(|bytes| u64::from_le_bytes(*bytes)).collect()
                }
                _ => Vec::new(),
            }
        };
        let mut pairs = |index: &str, squared: &str| {
            let (indices, distances) = (column(index), column(squared));
            indices.into_iter().zip(distances).collect()
        };
        let (all, first) = (pairs(names[0], names[1]), pairs(names[2], names[3]));
        Ok(Self { info, all, first })
    }
}
