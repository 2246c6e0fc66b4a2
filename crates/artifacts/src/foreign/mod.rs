//! Images of other programs: arrays in NumPy's `.npz` or `.npy` files, or in safetensors files
//! without our metadata.
//!
//! The reader infers from the file which array has the images, the order of their axes, and which
//! numbers are black and white. It reports what it inferred, and refuses ambiguous files with a
//! reason. Memory: the pixels as bytes, and a block.

mod element;
mod npy;
mod zip;

use crate::atomic;
use crate::container::Container;
use crate::digest::BLOCK;
use crate::error::{Artifact, Error};
use element::{Element, Kind};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Maximum number of archive members whose headers are read.
const MOST_ARRAYS: usize = 1024;
/// Maximum number of pixels; an archive of two megabytes can claim that many.
const MOST_PIXELS: u64 = 1 << 31;
/// How far rounded numbers may exceed their range.
const TOLERANCE: f64 = 1e-4;
/// Names of image arrays, likeliest first, each with the name of its labels.
const NAMES: [(&str, &str); 2] = [("images", "labels"), ("arr_0", "arr_1")];

/// The numbers for black and white.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueRange {
    /// 0 and 1.
    Unit,
    /// -1 and 1.
    Signed,
    /// 0 and 255.
    Bytes,
}

impl ValueRange {
    /// Every range.
    pub const ALL: [Self; 3] = [Self::Unit, Self::Signed, Self::Bytes];

    /// Its name in options.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Signed => "signed",
            Self::Bytes => "bytes",
        }
    }

    /// Both ends.
    fn ends(self) -> (f64, f64) {
        match self {
            Self::Unit => (0.0, 1.0),
            Self::Signed => (-1.0, 1.0),
            Self::Bytes => (0.0, 255.0),
        }
    }

    /// The range for numbers between `low` and `high`. If it begins below 0, it ends at 1. If it
    /// ends at 1, it is [0, 1], because grey values up to 255 that are all 0 or 1 are not pictures.
    fn told_by(low: f64, high: f64) -> Option<Self> {
        let fits = |range: &Self| {
            let (black, white) = range.ends();
            low >= black - TOLERANCE && high <= white + TOLERANCE
        };
        [Self::Unit, Self::Signed, Self::Bytes]
            .into_iter()
            .find(fits)
    }

    /// The nearest byte, clamped to the range.
    fn byte(self, value: f64) -> u8 {
        let (black, white) = self.ends();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the conversion saturates, which is the cut that is meant"
        )]
        (((value - black) / (white - black) * 255.0).round() as u8)
    }
}

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
        match open(path, artifact, u32::MAX)? {
            Opened::Theirs(arrays) => arrays.images(reading),
            Opened::Ours(container) => {
                let got = container.kind.as_deref().unwrap_or_default();
                let got = format!("one of kind `{got}` of these programs");
                Err(container.unfit("a file of another program", got))
            }
        }
    }
}

/// An open file of images.
pub(crate) enum Opened {
    /// With our metadata.
    Ours(Container),
    /// Of another program.
    Theirs(ForeignArrays),
}

/// The arrays of a file of another program.
pub(crate) struct ForeignArrays {
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
    } else if let Some(kind) = other_kind(&start) {
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

/// A fault of a file, before its path is known.
#[derive(Debug)]
enum Fault {
    Damaged(String, String),
    Unfit(String, String),
    Read(io::Error),
}

impl Fault {
    fn damaged(expected: impl Into<String>, got: impl Into<String>) -> Self {
        Self::Damaged(expected.into(), got.into())
    }

    fn unfit(expected: impl Into<String>, got: impl Into<String>) -> Self {
        Self::Unfit(expected.into(), got.into())
    }

    fn at(self, path: &Path, artifact: Artifact) -> Error {
        match self {
            Self::Damaged(expected, got) => Error::damaged(path, artifact, expected, got),
            Self::Unfit(expected, got) => Error::unfit(path, artifact, expected, got),
            Self::Read(source) => Error::read(path, artifact, source),
        }
    }
}

impl From<io::Error> for Fault {
    /// Decompressors report damage with error kinds that disks don't use.
    fn from(source: io::Error) -> Self {
        use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        match source.kind() {
            InvalidData | InvalidInput | UnexpectedEof => Self::damaged(
                "data that fit their length and checksum",
                source.to_string(),
            ),
            _ => Self::Read(source),
        }
    }
}

/// An array as its file describes it.
#[derive(Debug)]
struct Array {
    shape: Vec<usize>,
    element: Element,
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// At this offset.
    At(u64),
    /// In a member of the archive, after this many bytes.
    In(zip::Member, u64),
}

/// A file and the arrays in it.
#[derive(Debug)]
struct Source {
    file: File,
    /// Size of an archive in bytes.
    size: u64,
    arrays: BTreeMap<String, Array>,
    /// Descriptions of other contents.
    others: Vec<String>,
}

impl Source {
    fn npy(mut file: File, size: u64, path: &Path) -> Result<Self, Fault> {
        file.seek(SeekFrom::Start(0))?;
        let header = npy::header(&mut &file)?;
        let name = path
            .file_stem()
            .map(dcgan_hints::text_of)
            .unwrap_or_default();
        let array = Array::new(header.shape, header.element, Place::At(header.bytes));
        array.require_bytes(&name, size.saturating_sub(header.bytes))?;
        Ok(Self {
            file,
            size,
            arrays: BTreeMap::from([(name, array)]),
            others: Vec::new(),
        })
    }

    fn npz(file: File, size: u64) -> Result<Self, Fault> {
        let members = zip::members(&file, size)?;
        if members
            .iter()
            .any(|member| member.name.ends_with("data.pkl"))
        {
            let got = "an archive of `torch.save`, which may hold any program";
            return Err(Fault::unfit("an .npz of NumPy or a safetensors file", got));
        }
        if members.len() > MOST_ARRAYS {
            let got = members.len().to_string();
            return Err(Fault::unfit(format!("at most {MOST_ARRAYS} arrays"), got));
        }
        let (mut arrays, mut others) = (BTreeMap::new(), Vec::new());
        for member in members {
            let Some(name) = member.name.strip_suffix(".npy").map(str::to_owned) else {
                others.push(format!("`{}`", member.name));
                continue;
            };
            let header = match npy::header(&mut member.open(&file, size)?) {
                // Arrays of text or records next to the images are ignored.
                Err(Fault::Unfit(..))
                    if !NAMES.iter().any(|(a, b)| [*a, *b].contains(&name.as_str())) =>
                {
                    others.push(format!("`{name}`"));
                    continue;
                }
                header => header?,
            };
            let bytes = member.unpacked.saturating_sub(header.bytes);
            let array = Array::new(
                header.shape,
                header.element,
                Place::In(member, header.bytes),
            );
            array.require_bytes(&name, bytes)?;
            arrays.insert(name, array);
        }
        Ok(Self {
            file,
            size,
            arrays,
            others,
        })
    }

    /// The arrays of a safetensors file, with offsets already checked against its size.
    fn container(container: Container) -> Result<Self, Fault> {
        let (mut arrays, mut others) = (BTreeMap::new(), Vec::new());
        for (name, place) in &container.places {
            match Element::of_safetensors(place.dtype) {
                None => others.push(format!("`{name}` of type {:?}", place.dtype)),
                Some(element) => {
                    let array = Array::new(place.shape.clone(), element, Place::At(place.start));
                    array.require_bytes(name, place.bytes)?;
                    arrays.insert(name.clone(), array);
                }
            }
        }
        Ok(Self {
            file: container.into_file(),
            size: 0,
            arrays,
            others,
        })
    }

    /// The bytes of an array.
    fn open(&self, array: &Array) -> Result<Box<dyn Read + '_>, Fault> {
        let bytes = array.bytes().unwrap_or_default();
        match &array.place {
            Place::At(start) => {
                let mut file = &self.file;
                file.seek(SeekFrom::Start(*start))?;
                Ok(Box::new(file.take(bytes)))
            }
            Place::In(member, before) => {
                let mut content = member.open(&self.file, self.size)?;
                io::copy(&mut (&mut content).take(*before), &mut io::sink())?;
                Ok(Box::new(content))
            }
        }
    }

    /// Passes on the numbers of an array.
    fn each(&self, array: &Array, mut take: impl FnMut(f64)) -> Result<(), Fault> {
        let element = array.element;
        let mut left = array.bytes().unwrap_or_default();
        let mut reader = self.open(array)?;
        // A multiple of every element's bytes.
        let mut block = vec![0; usize::try_from(left).unwrap_or(BLOCK).min(BLOCK)];
        while left > 0 {
            let n = usize::try_from(left).unwrap_or(BLOCK).min(BLOCK);
            reader.read_exact(&mut block[..n])?;
            element.each(&block[..n], &mut take);
            left -= n as u64;
        }
        Ok(())
    }

    /// Names of everything in the file.
    fn names(&self) -> String {
        let arrays = self.arrays.keys().map(|name| format!("`{name}`"));
        let names: Vec<String> = arrays.chain(self.others.clone()).take(20).collect();
        if names.is_empty() {
            "none".into()
        } else {
            names.join(", ")
        }
    }

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
        let mut told = self.told_of_names(name, labels);
        let array = &self.arrays[name];
        let shape = || format!("shape {:?}", array.shape);
        let layout = Layout::told_by(&array.shape, reading.size).ok_or_else(|| {
            let expected = format!(
                "`{name}` of shape [n, height, width, 1 or 3], [n, 1 or 3, height, width] or \
                 [n, height, width]"
            );
            Fault::unfit(expected, shape())
        })?;
        let [n, height, width, channels] = layout.sizes;
        if layout.channels_first {
            told.push(format!("`{name}` has its channels first: {}", shape()));
        }
        if height == 0 || width == 0 {
            return Err(Fault::unfit("images of at least one pixel", shape()));
        }
        if array.elements().is_none_or(|n| n > MOST_PIXELS) {
            let expected = format!("`{name}` of at most {MOST_PIXELS} values");
            return Err(Fault::unfit(expected, shape()));
        }
        let mut images = self.pixels(name, reading.range, &mut told)?;
        if layout.channels_first && channels > 1 {
            channels_last(&mut images, channels, height * width);
        }
        let labels = labels.map(|labels| self.labels(labels, n)).transpose()?;
        Ok(ForeignImages {
            images,
            labels,
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
            ValueRange::told_by(low, high)
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

impl Array {
    fn new(shape: Vec<usize>, element: Element, place: Place) -> Self {
        Self {
            shape,
            element,
            place,
        }
    }

    /// Number of elements; `None` on overflow.
    fn elements(&self) -> Option<u64> {
        let mut sizes = self.shape.iter();
        sizes.try_fold(1_u64, |product, &size| product.checked_mul(size as u64))
    }

    fn bytes(&self) -> Option<u64> {
        self.elements()?.checked_mul(self.element.bytes as u64)
    }

    /// Checks that the data's length matches the shape.
    fn require_bytes(&self, name: &str, got: u64) -> Result<(), Fault> {
        if self.bytes() == Some(got) {
            return Ok(());
        }
        let expected = match self.bytes() {
            Some(bytes) => format!("{bytes} bytes"),
            None => "as many bytes".into(),
        };
        let expected = format!("{expected} for `{name}` of shape {:?}", self.shape);
        Err(Fault::damaged(expected, format!("{got} bytes")))
    }
}

/// Order of the axes of images.
struct Layout {
    /// Images, height, width, channels.
    sizes: [usize; 4],
    channels_first: bool,
}

impl Layout {
    /// Inferred from the expected size, or else from the axis of length 1 or 3. `None` if no axis
    /// or several may be the channels.
    fn told_by(shape: &[usize], size: Option<[usize; 3]>) -> Option<Self> {
        let (n, [a, b, c]) = match *shape {
            [n, height, width] => (n, [height, width, 1]),
            [n, a, b, c] => (n, [a, b, c]),
            _ => return None,
        };
        let last = Some(Self {
            sizes: [n, a, b, c],
            channels_first: false,
        });
        let first = Some(Self {
            sizes: [n, b, c, a],
            channels_first: true,
        });
        if let Some([height, width, channels]) = size {
            if [a, b, c] == [height, width, channels] {
                return last;
            }
            if [a, b, c] == [channels, height, width] {
                return first;
            }
        }
        match (matches!(a, 1 | 3), matches!(c, 1 | 3)) {
            (_, true) if shape.len() == 3 => last,
            (false, true) => last,
            (true, false) => first,
            _ => None,
        }
    }
}

/// Converts from channels first to channels last, image by image.
fn channels_last(bytes: &mut [u8], channels: usize, pixels: usize) {
    let mut moved = vec![0; channels * pixels];
    for image in bytes.chunks_exact_mut(channels * pixels) {
        for (channel, plane) in image.chunks_exact(pixels).enumerate() {
            for (value, to) in plane.iter().zip(moved.chunks_exact_mut(channels)) {
                to[channel] = *value;
            }
        }
        image.copy_from_slice(&moved);
    }
}
