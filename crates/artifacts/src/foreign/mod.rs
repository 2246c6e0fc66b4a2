//! Images of other programs: the arrays of an `.npz` or `.npy` of NumPy, or of a safetensors file
//! without metadata of ours.
//!
//! What can be told from the file is told: which array holds the images, how their axes lie, which
//! numbers stand for black and white. What was told is said, and what can't be told is refused by
//! name. Memory: the pixels as bytes, and a block.

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

/// The most members of an archive whose headers are read.
const MOST_ARRAYS: usize = 1024;
/// The most pixels that are read: an archive of two megabytes can claim as many.
const MOST_PIXELS: u64 = 1 << 31;
/// How far beyond their range sums of rounded numbers may lie.
const TOLERANCE: f64 = 1e-4;
/// Names of arrays of images, the likeliest first, and that of the labels which comes with each.
const NAMES: [(&str, &str); 2] = [("images", "labels"), ("arr_0", "arr_1")];

/// Which numbers stand for black and white.
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

    /// The name that an option has for it.
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

    /// The range that numbers between these fill. One that begins below 0 ends at 1; one that ends
    /// at 1 is that of shares, as 255 grey values that are all 0 or 1 are nobody's pictures.
    fn told_by(low: f64, high: f64) -> Option<Self> {
        let fits = |range: &Self| {
            let (black, white) = range.ends();
            low >= black - TOLERANCE && high <= white + TOLERANCE
        };
        [Self::Unit, Self::Signed, Self::Bytes]
            .into_iter()
            .find(fits)
    }

    /// The nearest byte; what lies outside is cut off.
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

/// What is known of the images before they are read.
#[derive(Debug, Clone, Copy, Default)]
pub struct ForeignReading {
    /// Height, width and channels that they should have: tells the order of the axes apart. Images of
    /// another size are read as well.
    pub size: Option<[usize; 3]>,
    /// The range of their values, where they are no bytes; `None`: told by the values.
    pub range: Option<ValueRange>,
}

/// Images of another program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignImages {
    /// Pixels, `[n,height,width,channels]`.
    pub images: Vec<u8>,
    /// Class numbers, `[n]`; `None` without labels.
    pub labels: Option<Vec<u8>>,
    /// How many images.
    pub n: usize,
    /// Height in pixels.
    pub height: usize,
    /// Width in pixels.
    pub width: usize,
    /// Colours, 1 or 3.
    pub channels: usize,
    /// How the file was understood, where it could have been understood otherwise; a sentence each.
    pub told: Vec<String>,
}

impl ForeignImages {
    /// Reads the images of an `.npz`, `.npy` or safetensors file, told apart by their content.
    ///
    /// # Errors
    /// As the crate's documentation lists for every reader; [`Error::Unfit`] also for a file of another
    /// kind, which it names.
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

/// A file of images, opened.
pub(crate) enum Opened {
    /// With metadata of ours.
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

/// What a file is that holds no arrays that are read, as far as its first bytes tell.
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
    // The length of a safetensors header stands before its brace; such a length can look like most.
    if start.get(8) == Some(&b'{') {
        return None;
    }
    let kind = KINDS.iter().find(|(magic, _)| start.starts_with(magic));
    kind.map(|(_, kind)| *kind)
}

/// What is wrong with a file, before it is known which one it is.
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
    /// A decompressor tells of damage by the kinds of errors that no disk has.
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
    /// So many bytes from here on.
    At(u64),
    /// A member of the archive, whose data begin after so many bytes.
    In(zip::Member, u64),
}

/// A file and the arrays in it.
#[derive(Debug)]
struct Source {
    file: File,
    /// Bytes of an archive.
    size: u64,
    arrays: BTreeMap<String, Array>,
    /// What else it holds, in words.
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
                // An array of texts or records beside the images does no harm.
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

    /// The arrays of a safetensors file, whose places were compared with its size.
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

    /// Hands on the numbers of an array.
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

    /// Names of all that the file holds.
    fn names(&self) -> String {
        let arrays = self.arrays.keys().map(|name| format!("`{name}`"));
        let names: Vec<String> = arrays.chain(self.others.clone()).take(20).collect();
        if names.is_empty() {
            "none".into()
        } else {
            names.join(", ")
        }
    }

    /// Which array holds the images, and which the labels.
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

    /// What is to be said of the choice of arrays.
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

    /// An array as bytes. What a decompressor has truly given is kept; what a header promises is not
    /// reserved.
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

    /// The bytes that an array of whole numbers holds.
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

    /// The range that was asked for, or that the values tell.
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
        // Of no images there is nothing to tell.
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

    /// How many there are; `None` where no memory could count them.
    fn elements(&self) -> Option<u64> {
        let mut sizes = self.shape.iter();
        sizes.try_fold(1_u64, |product, &size| product.checked_mul(size as u64))
    }

    fn bytes(&self) -> Option<u64> {
        self.elements()?.checked_mul(self.element.bytes as u64)
    }

    /// The data have the length that the shape says.
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

/// How the axes of images lie.
struct Layout {
    /// Images, height, width, channels.
    sizes: [usize; 4],
    channels_first: bool,
}

impl Layout {
    /// By the size that is expected; else by the axis that has 1 or 3 places. `None` where neither or
    /// either may be the channels.
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

/// Moves the channels behind the pixels, image by image.
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
