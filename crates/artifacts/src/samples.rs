//! `samples.safetensors`: generated images, ours or another program's.
//!
//! Arrays: `images` u8 [N,H,W,C] with C 1 or 3; optional `labels` u8 [N]. Metadata: `seeds`,
//! `model_sha256`. A foreign file may have no or other metadata.

use crate::container::{Container, Data};
use crate::container_writer::{self, Entries, Values};
use crate::digest::FileDigest;
use crate::error::{Artifact, Error};
use crate::foreign::{self, ForeignImages, ForeignReading, Opened};
use safetensors::Dtype;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The newest version of this format that this program reads, and the one that it writes.
pub const FORMAT_VERSION: u32 = 1;

/// Generated images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Samples {
    /// Pixels, `[n,height,width,channels]`.
    pub images: Vec<u8>,
    /// Class numbers, `[n]`; `None` without labels.
    pub labels: Option<Vec<u8>>,
    /// Number of images.
    pub n: usize,
    /// Height in pixels.
    pub height: usize,
    /// Width in pixels.
    pub width: usize,
    /// Colours, 1 or 3.
    pub channels: usize,
    /// Seeds of the images: each has n / seeds of them, in this order. Empty in a foreign file.
    pub seeds: Vec<u64>,
    /// SHA-256 of the model's file; `None` in a foreign file.
    pub model_sha256: Option<String>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SamplesInfo {
    #[serde(default)]
    seeds: Vec<u64>,
    #[serde(default)]
    model_sha256: Option<String>,
}

impl Samples {
    /// Writes the samples.
    ///
    /// # Errors
    /// [`Error::Contradiction`] if lengths are inconsistent; else as
    /// [`write_atomic`](crate::write_atomic).
    pub fn write(&self, path: &Path) -> Result<FileDigest, Error> {
        let refuse =
            |expected, got| Err(Error::contradiction(path, Artifact::Samples, expected, got));
        if !matches!(self.channels, 1 | 3) {
            return refuse("1 or 3 channels".to_owned(), self.channels.to_string());
        }
        if self.height == 0 || self.width == 0 {
            let got = format!("{} x {}", self.height, self.width);
            return refuse("images of at least one pixel".to_owned(), got);
        }
        let shape = vec![self.n, self.height, self.width, self.channels];
        let mut entries = Entries::new();
        entries.insert("images".into(), (shape, Values::U8(&self.images)));
        if let Some(labels) = &self.labels {
            entries.insert("labels".into(), (vec![self.n], Values::U8(labels)));
        }
        let info = SamplesInfo {
            seeds: self.seeds.clone(),
            model_sha256: self.model_sha256.clone(),
        };
        container_writer::write(path, Artifact::Samples, FORMAT_VERSION, &info, &entries)
    }

    /// Reads samples, ours (verified) or foreign ones (shapes and sizes checked).
    ///
    /// # Errors
    /// As the crate's documentation lists for every reader.
    pub fn read(path: &Path) -> Result<Self, Error> {
        Self::of_container(&Container::open_any(
            path,
            Artifact::Samples,
            FORMAT_VERSION,
        )?)
    }

    /// Reads our samples, or another program's `.npz`, `.npy` or safetensors file. Also returns how
    /// a foreign file was interpreted, a sentence each.
    ///
    /// # Errors
    /// As [`ForeignImages::read`].
    pub fn read_any(path: &Path, reading: &ForeignReading) -> Result<(Self, Vec<String>), Error> {
        let arrays = match foreign::open(path, Artifact::Samples, FORMAT_VERSION)? {
            Opened::Ours(container) => return Ok((Self::of_container(&container)?, Vec::new())),
            Opened::Theirs(arrays) => arrays,
        };
        let ForeignImages {
            images,
            labels,
            n,
            height,
            width,
            channels,
            told,
        } = arrays.images(reading)?;
        let samples = Self {
            images,
            labels,
            n,
            height,
            width,
            channels,
            seeds: Vec::new(),
            model_sha256: None,
        };
        Ok((samples, told))
    }

    fn of_container(file: &Container) -> Result<Self, Error> {
        file.require_kind(Artifact::Samples)?;
        let info: SamplesInfo = file.info()?.unwrap_or_default();
        let shape = &file.require("images", Dtype::U8, 4)?.shape;
        let [n, height, width, channels] = [shape[0], shape[1], shape[2], shape[3]];
        if height == 0 || width == 0 || !matches!(channels, 1 | 3) {
            let expected = "`images` of shape [n, height, width, 1 or 3]";
            return Err(file.unfit(expected, format!("{shape:?}")));
        }
        if file.places.contains_key("labels") {
            let shape = &file.require("labels", Dtype::U8, 1)?.shape;
            if *shape != [n] {
                return Err(file.unfit(format!("`labels` of shape [{n}]"), format!("{shape:?}")));
            }
        }
        if let Some(name) = file
            .places
            .keys()
            .find(|name| *name != "images" && *name != "labels")
        {
            return Err(file.unfit("arrays `images` and `labels` only", format!("`{name}`")));
        }
        let (mut images, mut labels) = (Vec::new(), None);
        for (name, (_, data)) in file.read(|_| true)? {
            match (name.as_str(), data) {
                ("images", Data::U8(values)) => images = values,
                ("labels", Data::U8(values)) => labels = Some(values),
                _ => {}
            }
        }
        let (seeds, model_sha256) = (info.seeds, info.model_sha256);
        Ok(Self {
            images,
            labels,
            n,
            height,
            width,
            channels,
            seeds,
            model_sha256,
        })
    }
}
