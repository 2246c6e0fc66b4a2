//! `dataset.safetensors`: pictures and labels, by part.
//!
//! Arrays: `<part>/images` u8 [N,H,W,C] with C 1 or 3, and `<part>/labels` u8 [N] in every part or
//! in none, for the parts `train` (always there), `validation` and `test`. Metadata: `name`,
//! `class_names` (1 to 256 with labels, none without), `height`, `width`, `channels`, `sources`.

use crate::container::{Container, Data};
use crate::container_writer::{self, Entries, Shapes, Values};
use crate::digest::FileDigest;
use crate::error::{Artifact, Error};
use crate::manifest::SourceRecord;
use safetensors::Dtype;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// The newest version of this format that this program reads, and the one that it writes.
pub const FORMAT_VERSION: u32 = 1;

/// A part of a dataset, kept apart from the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// For training.
    Train,
    /// For choices: a draw from the training part.
    Validation,
    /// For the final evaluation, read only by `dcgan-eval`.
    Test,
}

impl Part {
    /// Every part.
    pub const ALL: [Part; 3] = [Part::Train, Part::Validation, Part::Test];

    /// The name in the file: `train`, `validation`, `test`.
    pub fn name(self) -> &'static str {
        match self {
            Part::Train => "train",
            Part::Validation => "validation",
            Part::Test => "test",
        }
    }

    pub(crate) fn images(self) -> String {
        format!("{self}/images")
    }

    pub(crate) fn labels(self) -> String {
        format!("{self}/labels")
    }
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A dataset's metadata.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetInfo {
    /// The dataset's name.
    pub name: String,
    /// Names of the classes in the order of their numbers; empty without labels.
    pub class_names: Vec<String>,
    /// Height of an image in pixels.
    pub height: usize,
    /// Width of an image in pixels.
    pub width: usize,
    /// Colours of an image, 1 or 3.
    pub channels: usize,
    /// The sources of the dataset.
    #[serde(default)]
    pub sources: Vec<SourceRecord>,
}

impl DatasetInfo {
    /// Bytes of one image: height x width x channels.
    pub fn image_len(&self) -> usize {
        self.height
            .saturating_mul(self.width)
            .saturating_mul(self.channels)
    }

    /// Violations of the format, as (expected, got).
    fn contradiction(&self) -> Option<(&'static str, String)> {
        if !matches!(self.channels, 1 | 3) {
            return Some(("1 or 3 channels", self.channels.to_string()));
        }
        if self.height == 0 || self.width == 0 || self.height > 65536 || self.width > 65536 {
            return Some((
                "images of 1 to 65536 pixels a side",
                format!("{} x {}", self.height, self.width),
            ));
        }
        if self.class_names.len() > 256 {
            return Some(("at most 256 classes", self.class_names.len().to_string()));
        }
        None
    }
}

/// The pictures of one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartData {
    /// Pixels, `[N,H,W,C]`.
    pub images: Vec<u8>,
    /// Class numbers, `[N]`; `None` without labels.
    pub labels: Option<Vec<u8>>,
    /// Number of pictures.
    pub n: usize,
}

/// Writes a dataset.
///
/// # Errors
/// [`Error::Contradiction`] if lengths, labels and `info` are inconsistent or there is no training
/// part; else as [`write_atomic`](crate::write_atomic).
pub fn write_dataset(
    path: &Path,
    info: &DatasetInfo,
    parts: &BTreeMap<Part, PartData>,
) -> Result<FileDigest, Error> {
    require_consistent(path, info, parts.contains_key(&Part::Train))?;
    let mut entries = Entries::new();
    for (part, data) in parts {
        let bytes = data.n.saturating_mul(info.image_len());
        if data.images.len() != bytes {
            return Err(Error::contradiction(
                path,
                Artifact::Dataset,
                format!("{bytes} bytes in the {} images of `{part}`", data.n),
                format!("{} bytes", data.images.len()),
            ));
        }
        require_labels(path, info, *part, data.n, data.labels.as_deref())?;
        let shape = vec![data.n, info.height, info.width, info.channels];
        entries.insert(part.images(), (shape, Values::U8(&data.images)));
        if let Some(labels) = &data.labels {
            entries.insert(part.labels(), (vec![data.n], Values::U8(labels)));
        }
    }
    container_writer::write(path, Artifact::Dataset, FORMAT_VERSION, info, &entries)
}

/// Refuses metadata that no dataset can have.
pub(crate) fn require_consistent(
    path: &Path,
    info: &DatasetInfo,
    has_train: bool,
) -> Result<(), Error> {
    let found = match info.contradiction() {
        None if !has_train => Some(("a part `train`", "none".into())),
        found => found,
    };
    found.map_or(Ok(()), |(expected, got)| {
        Err(Error::contradiction(path, Artifact::Dataset, expected, got))
    })
}

/// Refuses labels that don't match `info` and the `n` pictures of a part.
pub(crate) fn require_labels(
    path: &Path,
    info: &DatasetInfo,
    part: Part,
    n: usize,
    labels: Option<&[u8]>,
) -> Result<(), Error> {
    let classes = info.class_names.len();
    let refuse = |expected: String, got: String| {
        Err(Error::contradiction(path, Artifact::Dataset, expected, got))
    };
    if labels.is_some() == info.class_names.is_empty() {
        return refuse(
            format!("labels in `{part}` if and only if there are class names"),
            format!("{classes} class names"),
        );
    }
    let labels = labels.unwrap_or_default();
    if classes > 0 && labels.len() != n {
        return refuse(
            format!("{n} labels in `{part}`"),
            format!("{} labels", labels.len()),
        );
    }
    match beyond(labels, classes) {
        Some(label) => refuse(
            format!("labels below {classes} in `{part}`"),
            format!("label {label}"),
        ),
        None => Ok(()),
    }
}

/// The arrays of a dataset with the given number of pictures per part.
pub(crate) fn shapes(info: &DatasetInfo, lengths: &BTreeMap<Part, usize>) -> Shapes {
    let mut shapes = Shapes::new();
    for (part, &n) in lengths {
        let images = vec![n, info.height, info.width, info.channels];
        let bytes = n.saturating_mul(info.image_len());
        shapes.insert(part.images(), (images, bytes));
        if !info.class_names.is_empty() {
            shapes.insert(part.labels(), (vec![n], n));
        }
    }
    shapes
}

/// An open, fully verified dataset; pictures are read by position, never all at once.
#[derive(Debug)]
pub struct DatasetReader {
    file: Container,
    info: DatasetInfo,
    lengths: BTreeMap<Part, usize>,
    labels: BTreeMap<Part, Vec<u8>>,
    /// For parts with pictures left out, the positions in the file of the others.
    kept: BTreeMap<Part, Vec<u32>>,
    content_sha256: String,
}

impl DatasetReader {
    /// Opens a dataset and verifies header, shapes, sizes, labels and content hash by streaming.
    /// Labels stay in memory, pictures on disk.
    ///
    /// # Errors
    /// As the crate's documentation lists for every reader.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = Container::open(path, Artifact::Dataset, FORMAT_VERSION)?;
        file.require_kind(Artifact::Dataset)?;
        let info: DatasetInfo = file.own_info()?;
        if let Some((expected, got)) = info.contradiction() {
            return Err(file.unfit(expected, got));
        }
        let lengths = lengths(&file, &info)?;
        let mut arrays = file.read(|name| name.ends_with("/labels"))?;
        let mut labels = BTreeMap::new();
        for part in Part::ALL {
            let Some((_, Data::U8(of_part))) = arrays.remove(&part.labels()) else {
                continue;
            };
            if let Some(label) = beyond(&of_part, info.class_names.len()) {
                return Err(file.unfit(
                    format!("labels below {} in `{part}`", info.class_names.len()),
                    format!("label {label}"),
                ));
            }
            labels.insert(part, of_part);
        }
        let content_sha256 = file.content_sha256().unwrap_or_default().to_owned();
        Ok(Self {
            file,
            info,
            lengths,
            labels,
            kept: BTreeMap::new(),
            content_sha256,
        })
    }

    /// Numbers of the classes that training pictures have, ascending; all of them where there are
    /// no training pictures to tell, none without labels.
    pub fn trained_classes(&self) -> Vec<u8> {
        let labels = self.labels(Part::Train).unwrap_or_default();
        let mut is_trained = [labels.is_empty(); 256];
        for &label in labels {
            is_trained[usize::from(label)] = true;
        }
        let classes = (0..=u8::MAX).take(self.info.class_names.len());
        classes
            .filter(|&class| is_trained[usize::from(class)])
            .collect()
    }

    /// Numbers of the other classes.
    pub fn untrained_classes(&self) -> Vec<u8> {
        let trained = self.trained_classes();
        let classes = (0..=u8::MAX).take(self.info.class_names.len());
        classes.filter(|class| !trained.contains(class)).collect()
    }

    /// Leaves out all pictures of classes without training pictures: from now on lengths, labels
    /// and positions refer to the remaining pictures. Returns the number left out per part, only
    /// for parts that lost any.
    pub fn leave_out_untrained(&mut self) -> BTreeMap<Part, usize> {
        let untrained = self.untrained_classes();
        let mut left_out = BTreeMap::new();
        if untrained.is_empty() {
            return left_out;
        }
        for (part, labels) in &mut self.labels {
            let stays = |label: &u8| !untrained.contains(label);
            let n = labels.iter().filter(|label| !stays(label)).count();
            if n > 0 {
                let places = (0..).zip(labels.iter()).filter(|(_, label)| stays(label));
                let kept: Vec<u32> = places.map(|(place, _)| place).collect();
                labels.retain(stays);
                self.lengths.insert(*part, kept.len());
                self.kept.insert(*part, kept);
                left_out.insert(*part, n);
            }
        }
        left_out
    }

    /// The dataset's metadata.
    pub fn info(&self) -> &DatasetInfo {
        &self.info
    }

    /// SHA-256 over names, types, shapes and data, as recorded in checkpoints.
    pub fn content_sha256(&self) -> &str {
        &self.content_sha256
    }

    /// Number of pictures in a part; `None` if the dataset lacks it.
    pub fn len(&self, part: Part) -> Option<usize> {
        self.lengths.get(&part).copied()
    }

    /// Class numbers of a part; `None` if there is no such part or it has no labels.
    pub fn labels(&self, part: Part) -> Option<&[u8]> {
        self.labels.get(&part).map(Vec::as_slice)
    }

    /// Reads the pictures of `indices`, in that order, into `out` `[n,H,W,C]`, which is cleared
    /// first.
    ///
    /// # Errors
    /// [`Error::Unfit`] for a missing part or an index out of range; [`Error::Read`].
    pub fn read_images(&self, part: Part, indices: &[u32], out: &mut Vec<u8>) -> Result<(), Error> {
        let n = self.lengths.get(&part).copied().unwrap_or(0);
        let place = self.file.require(&part.images(), Dtype::U8, 4)?;
        let image_len = self.info.image_len();
        out.clear();
        out.resize(indices.len() * image_len, 0);
        for (&index, image) in indices.iter().zip(out.chunks_exact_mut(image_len)) {
            if index as usize >= n {
                let expected = format!("an index below {n} in `{part}`");
                return Err(self.file.unfit(expected, index.to_string()));
            }
            let index = match self.kept.get(&part) {
                Some(kept) => kept[index as usize],
                None => index,
            };
            self.file
                .read_at(place, u64::from(index) * image_len as u64, image)?;
        }
        Ok(())
    }

    /// Reads a whole part into memory.
    ///
    /// # Errors
    /// [`Error::Unfit`] for a missing part; [`Error::Read`].
    pub fn read_part(&self, part: Part) -> Result<PartData, Error> {
        let place = self.file.require(&part.images(), Dtype::U8, 4)?;
        let n = self.lengths.get(&part).copied().unwrap_or(0);
        let mut images = Vec::new();
        if self.kept.contains_key(&part) {
            let positions: Vec<u32> = (0..).take(n).collect();
            self.read_images(part, &positions, &mut images)?;
        } else {
            images.resize(n * self.info.image_len(), 0);
            self.file.read_at(place, 0, &mut images)?;
        }
        Ok(PartData {
            images,
            labels: self.labels.get(&part).cloned(),
            n,
        })
    }
}

/// Checks names and shapes against `info`, and counts the pictures of each part.
fn lengths(file: &Container, info: &DatasetInfo) -> Result<BTreeMap<Part, usize>, Error> {
    let mut lengths = BTreeMap::new();
    let mut known = 0;
    for part in Part::ALL {
        let (images, labels) = (part.images(), part.labels());
        if part != Part::Train && !file.places.contains_key(&images) {
            continue;
        }
        let shape = &file.require(&images, Dtype::U8, 4)?.shape;
        let n = shape[0];
        let expected = vec![n, info.height, info.width, info.channels];
        if *shape != expected {
            let expected = format!("`{images}` of shape {expected:?}");
            return Err(file.unfit(expected, format!("{shape:?}")));
        }
        known += 1;
        if info.class_names.is_empty() {
            lengths.insert(part, n);
            continue;
        }
        let shape = &file.require(&labels, Dtype::U8, 1)?.shape;
        if *shape != [n] {
            return Err(file.unfit(format!("`{labels}` of shape [{n}]"), format!("{shape:?}")));
        }
        known += 1;
        lengths.insert(part, n);
    }
    if known < file.places.len() {
        let names: Vec<&str> = file.places.keys().map(String::as_str).collect();
        let expected = "images and, with class names, labels of `train`, `validation`, `test` only";
        return Err(file.unfit(expected, names.join(", ")));
    }
    Ok(lengths)
}

/// The first label that is not a class.
fn beyond(labels: &[u8], classes: usize) -> Option<u8> {
    labels
        .iter()
        .copied()
        .find(|&label| usize::from(label) >= classes)
}
