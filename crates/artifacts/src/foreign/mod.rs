//! Images of other programs: arrays in NumPy's `.npz` or `.npy` files, or in safetensors files
//! without our metadata.
//!
//! The reader infers from the file which array has the images, the order of their axes, and which
//! numbers are black and white. It reports what it inferred, and refuses ambiguous files with a
//! reason. Memory: the pixels as bytes, and a block.

mod archive;
mod array;
mod element;
mod fault;
mod layout;
mod named;
mod npy;
mod range;
mod source;
mod zip;

use crate::atomic;
use crate::container::{self, Container};
use crate::error::{Artifact, Error};
pub use archive::ZipArchive;
use array::Array;
use element::Kind;
use fault::Fault;
pub use layout::ChannelAxis;
use layout::{Layout, channels_last};
pub use range::ValueRange;
use source::{NAMES, Source};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Maximum number of pixels; an archive of two megabytes can claim that many.
const MOST_PIXELS: u64 = 1 << 31;

/// What the caller knows about the images.
#[derive(Debug, Clone, Copy, Default)]
pub struct ForeignReading {
    /// Expected height, width and channels, to determine the order of the axes. Images of another
    /// size are read too.
    pub size: Option<[usize; 3]>,
    /// The range of their values if they are not bytes; `None`: infer it from the values.
    pub range: Option<ValueRange>,
}

/// Images of another program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignImages {
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
    /// How the file was interpreted, if there were alternatives; a sentence each.
    pub told: Vec<String>,
}

impl ForeignImages {
    /// Reads the images of an `.npz`, `.npy` or safetensors file, recognised by content.
    ///
    /// # Errors
    /// As the crate's documentation lists for every reader; [`Error::Unfit`] also for a file of
    /// another kind, naming the kind.
    pub fn read(path: &Path, artifact: Artifact, reading: &ForeignReading) -> Result<Self, Error> {
        ForeignArrays::open(path, artifact)?.images(reading)
    }
}

/// An open file of images.
pub(crate) enum Opened {
    /// With our metadata.
    Ours(Container),
    /// Of another program.
    Theirs(ForeignArrays),
}

/// The arrays of a file of another program: an `.npz`, an `.npy`, or a safetensors file.
#[derive(Debug)]
pub struct ForeignArrays {
    source: Source,
    path: PathBuf,
    artifact: Artifact,
}

impl ForeignArrays {
    /// The images among them.
    pub(crate) fn images(&self, reading: &ForeignReading) -> Result<ForeignImages, Error> {
        let images = self.source.images(reading);
        images.map_err(|fault| fault.at(&self.path, self.artifact))
    }
}

/// Opens a file by its content. One of ours is of format `newest` or older.
pub(crate) fn open(path: &Path, artifact: Artifact, newest: u32) -> Result<Opened, Error> {
    let fault = |fault: Fault| fault.at(path, artifact);
    let (file, size) = atomic::open(path, artifact)?;
    let mut start = Vec::new();
    let read = (&file).take(16).read_to_end(&mut start);
    read.map_err(|e| Error::read(path, artifact, e))?;
    let source = if start.starts_with(npy::MAGIC) {
        Source::npy(file, size, path)
    } else if start.starts_with(zip::MAGIC) {
        Source::npz(file, size)
    } else if let Some(kind) = other_kind(&start).or_else(|| container::other_kind(&start)) {
        let expected = "a safetensors, .npz or .npy file, or a folder of pictures";
        Err(Fault::unfit(expected, kind))
    } else {
        let container = Container::open_any(path, artifact, newest)?;
        if container.is_ours() {
            return Ok(Opened::Ours(container));
        }
        Source::container(container)
    };
    Ok(Opened::Theirs(ForeignArrays {
        source: source.map_err(fault)?,
        path: path.to_owned(),
        artifact,
    }))
}

/// Names a file without readable arrays by its first bytes.
fn other_kind(start: &[u8]) -> Option<&'static str> {
    const KINDS: [(&[u8], &str); 12] = [
        (b"\x89PNG", "a single picture: give its folder"),
        (b"\xff\xd8\xff", "a single picture: give its folder"),
        (b"GIF8", "a single picture: give its folder"),
        (b"BM", "a single picture: give its folder"),
        (b"RIFF", "a single picture: give its folder"),
        (b"\x89HDF", "an HDF5 file"),
        (b"\x1f\x8b", "a gzip file: unpack it first"),
        (b"PK\x05\x06", "an empty archive"),
        (
            b"\x80\x02",
            "a pickle of Python, which may hold any program",
        ),
        (
            b"\x80\x03",
            "a pickle of Python, which may hold any program",
        ),
        (
            b"\x80\x04",
            "a pickle of Python, which may hold any program",
        ),
        (
            b"\x80\x05",
            "a pickle of Python, which may hold any program",
        ),
    ];
    // The length of a safetensors header precedes its brace and may look like almost any signature.
    if start.get(8) == Some(&b'{') {
        return None;
    }
    let kind = KINDS.iter().find(|(magic, _)| start.starts_with(magic));
    kind.map(|(_, kind)| *kind)
}

impl Source {
    /// Chooses the arrays of images and labels.
    fn choose(&self) -> Result<(&str, Option<&str>), Fault> {
        let held = |name: &str| {
            self.arrays
                .get_key_value(name)
                .map(|(name, _)| name.as_str())
        };
        for (images, labels) in NAMES {
            if let Some(images) = held(images) {
                return Ok((images, held(labels).or_else(|| held("labels"))));
            }
        }
        let is_of_images = |array: &Array| matches!(array.shape.len(), 3 | 4);
        let mut alone = self.arrays.iter().filter(|(_, array)| is_of_images(array));
        match (alone.next(), alone.next()) {
            (Some((name, _)), None) => Ok((name, held("labels"))),
            _ => Err(Fault::unfit(
                "an array `images` or `arr_0`, or one array alone of 3 or 4 axes",
                self.names(),
            )),
        }
    }

    fn images(&self, reading: &ForeignReading) -> Result<ForeignImages, Fault> {
        let (name, labels) = self.choose()?;
        let told = self.told_of_names(name, labels);
        let shape = &self.arrays[name].shape;
        let layout = Layout::infer(shape, reading.size).ok_or_else(|| {
            let expected = format!(
                "`{name}` of shape [n, height, width, 1 or 3], [n, 1 or 3, height, width] or \
                 [n, height, width]"
            );
            Fault::unfit(expected, format!("shape {shape:?}"))
        })?;
        let mut images = self.images_of(name, &layout, reading.range, told)?;
        images.labels = labels
            .map(|labels| self.labels(labels, images.n))
            .transpose()?;
        Ok(images)
    }

    /// The images of one array, without labels; `told` is what was inferred before.
    fn images_of(
        &self,
        name: &str,
        layout: &Layout,
        range: Option<ValueRange>,
        mut told: Vec<String>,
    ) -> Result<ForeignImages, Fault> {
        let array = &self.arrays[name];
        let shape = || format!("shape {:?}", array.shape);
        let [n, height, width, channels] = layout.sizes;
        if layout.channels_first {
            told.push(format!("`{name}` has its channels first: {}", shape()));
        }
        if height == 0 || width == 0 {
            return Err(Fault::unfit("images of at least one pixel", shape()));
        }
        // One image is bounded too, because an array without images has no elements.
        let of_image = (height as u64)
            .checked_mul(width as u64)
            .and_then(|pixels| pixels.checked_mul(channels as u64));
        let is_bounded = |n: Option<u64>| n.is_some_and(|n| n <= MOST_PIXELS);
        if !is_bounded(array.elements()) || !is_bounded(of_image) {
            let expected = format!("`{name}` of at most {MOST_PIXELS} values");
            return Err(Fault::unfit(expected, shape()));
        }
        let mut images = self.pixels(name, range, &mut told)?;
        if layout.channels_first && channels > 1 && n > 0 {
            channels_last(&mut images, channels, height * width);
        }
        Ok(ForeignImages {
            images,
            labels: None,
            n,
            height,
            width,
            channels,
            told,
        })
    }

    /// Describes the choice of arrays.
    fn told_of_names(&self, images: &str, labels: Option<&str>) -> Vec<String> {
        let mut told = Vec::new();
        if NAMES.iter().all(|(name, _)| *name != images) {
            told.push(format!("`{images}` is taken for the images"));
        }
        let is_unread = |name: &&String| **name != images && Some(name.as_str()) != labels;
        let unread = self.arrays.keys().filter(is_unread);
        let unread = unread.map(|name| format!("`{name}`"));
        let unread: Vec<String> = unread.chain(self.others.clone()).take(20).collect();
        if !unread.is_empty() {
            told.push(format!("not read: {}", unread.join(", ")));
        }
        told
    }

    /// An array as bytes. Memory grows with what the decompressor returns; nothing is reserved for
    /// what a header promises.
    fn pixels(
        &self,
        name: &str,
        range: Option<ValueRange>,
        told: &mut Vec<String>,
    ) -> Result<Vec<u8>, Fault> {
        let array = &self.arrays[name];
        match array.element.kind {
            Kind::Unsigned | Kind::Signed => self.whole_numbers(name),
            Kind::Float | Kind::Brain => {
                let range = self.range(name, range, told)?;
                let mut bytes = Vec::new();
                self.each(array, |value| bytes.push(range.byte(value)))?;
                Ok(bytes)
            }
        }
    }

    /// The values of an integer array as bytes.
    fn whole_numbers(&self, name: &str) -> Result<Vec<u8>, Fault> {
        let array = &self.arrays[name];
        let mut bytes = Vec::new();
        let mut beyond = None;
        if array.element.bytes == 1 && array.element.kind == Kind::Unsigned {
            self.open(array)?.read_to_end(&mut bytes)?;
            array.require_bytes(name, bytes.len() as u64)?;
            return Ok(bytes);
        }
        self.each(array, |value| {
            if (0.0..=255.0).contains(&value) {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a whole number from 0 to 255"
                )]
                bytes.push(value as u8);
            } else {
                beyond.get_or_insert(value);
            }
        })?;
        match beyond {
            None => Ok(bytes),
            Some(value) => Err(Fault::unfit(
                format!("whole numbers from 0 to 255 in `{name}`"),
                value.to_string(),
            )),
        }
    }

    /// The requested range, or the one inferred from the values.
    fn range(
        &self,
        name: &str,
        asked: Option<ValueRange>,
        told: &mut Vec<String>,
    ) -> Result<ValueRange, Fault> {
        let (mut low, mut high, mut is_finite) = (f64::INFINITY, f64::NEG_INFINITY, true);
        self.each(&self.arrays[name], |value| {
            is_finite &= value.is_finite();
            low = low.min(value);
            high = high.max(value);
        })?;
        if !is_finite {
            let got = "a NaN or an infinite value";
            return Err(Fault::unfit(format!("finite numbers in `{name}`"), got));
        }
        if let Some(range) = asked {
            return Ok(range);
        }
        // Without images there is nothing to infer.
        let found = if low > high {
            Some(ValueRange::Unit)
        } else {
            ValueRange::infer(low, high)
        };
        let Some(range) = found else {
            return Err(Fault::unfit(
                format!("values of `{name}` in [0, 1], [-1, 1] or [0, 255]"),
                format!("values from {low} to {high}"),
            ));
        };
        let (black, white) = range.ends();
        told.push(format!(
            "values of `{name}` from {low} to {high} are taken for a range from {black}, black, to \
             {white}, white"
        ));
        Ok(range)
    }

    fn labels(&self, name: &str, n: usize) -> Result<Vec<u8>, Fault> {
        let array = &self.arrays[name];
        if array.shape != [n] && array.shape != [n, 1] {
            let got = format!("{:?}", array.shape);
            return Err(Fault::unfit(
                format!("`{name}` of shape [{n}], a class number each"),
                got,
            ));
        }
        if matches!(array.element.kind, Kind::Float | Kind::Brain) {
            return Err(Fault::unfit(format!("`{name}` of whole numbers"), "floats"));
        }
        self.whole_numbers(name)
    }
}
