//! IDX files, MNIST's own format, plain or gzip.
//!
//! Layout (from the authors of the MNIST database; see `data/README.md`): two zero bytes, the type
//! of the elements (8: unsigned bytes), the number of dimensions D, then D sizes as big-endian
//! 32-bit integers, then the elements, the last dimension fastest. Images have three dimensions
//! (images, rows, columns), labels one.
//!
//! Headers are not trusted: sizes are compared with the true length before memory is allocated, and
//! no byte may be missing or left over.

use crate::Error;
use dcgan_artifacts::FileDigest;
use dcgan_pictures::{format_of, is_text, recognise};
use flate2::bufread::GzDecoder;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// The element type of images and labels: unsigned bytes.
const UNSIGNED_BYTES: u8 = 0x08;
/// The first two bytes of a gzip member.
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// Bytes read to recognise a file of another format.
const HEAD: u64 = 4096;
/// The remedy for a picture file.
const PICTURES: &str = "pictures are read with `prepare.source` set to `folder`";
/// Bytes read at a time.
const BLOCK: usize = 1 << 17;
/// The first allocation is at most this many times the compressed size (MNIST's images compress to
/// a fifth); beyond it memory grows with the decoded data.
const USUAL_RATIO: u64 = 16;

/// A decoded IDX file of D dimensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idx<const D: usize> {
    /// The sizes; their product does not overflow and is the length of `values`.
    pub sizes: [usize; D],
    /// The elements, the last dimension fastest.
    pub values: Vec<u8>,
    /// Length and SHA-256 of the file on disk.
    pub file: FileDigest,
}

/// Reads images (D = 3: images, rows, columns) or labels (D = 1) from the file at `path`.
///
/// # Errors
/// [`Error::Read`], [`Error::NotAFile`], and those of [`decode`].
pub fn read<const D: usize>(path: &Path) -> Result<Idx<D>, Error> {
    let failed = |source| Error::Read {
        path: path.to_owned(),
        source,
    };
    // Checked before opening: opening a pipe would wait for its other end.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(Error::NotAFile {
            path: path.to_owned(),
            inside: only_file(path),
        });
    }
    let file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    decode(path, file, length)
}

/// The only file in a folder: some programs unpack `NAME.gz` to a folder of that name.
fn only_file(folder: &Path) -> Option<PathBuf> {
    let mut files = std::fs::read_dir(folder).ok()?;
    let file = files.next()?.ok()?.path();
    (files.next().is_none() && file.is_file()).then_some(file)
}

impl Idx<3> {
    /// Transposes each image.
    pub(crate) fn transpose(&mut self) {
        let [_, height, width] = self.sizes;
        let mut turned = vec![0; height * width];
        for image in self.values.chunks_exact_mut(height * width) {
            for (x, row) in turned.chunks_exact_mut(height).enumerate() {
                for (y, value) in row.iter_mut().enumerate() {
                    *value = image[y * width + x];
                }
            }
            image.copy_from_slice(&turned);
        }
        self.sizes.swap(1, 2);
    }
}

/// Decodes an IDX file of D dimensions and `length` bytes; `path` is for errors.
///
/// Never panics, and uses no more memory than `USUAL_RATIO` times the file's size, or a small
/// multiple of its content.
///
/// # Errors
/// The variants of [`Error`] for IDX and gzip files, and [`Error::Read`].
pub fn decode<const D: usize>(
    path: &Path,
    reader: impl Read,
    length: u64,
) -> Result<Idx<D>, Error> {
    let mut file = BufReader::with_capacity(BLOCK, Tally::new(reader));
    let start = file.fill_buf().map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })?;
    let is_compressed = start.starts_with(&GZIP);
    let (sizes, values) = if is_compressed {
        let mut member = GzDecoder::new(&mut file);
        let decoded = elements(path, &mut member, Extent::Compressed(length))?;
        nothing_after_member(path, &mut file)?;
        decoded
    } else {
        elements(path, &mut file, Extent::Plain(length))?
    };
    if !is_compressed && path.extension().is_some_and(|end| end == "gz") {
        log::info!(
            "`{}` is not compressed, whatever its name says: taken as it is",
            path.display()
        );
    }
    Ok(Idx {
        sizes,
        values,
        file: file.into_inner().digest(),
    })
}

/// The length of a stream, before it is read.
#[derive(Clone, Copy)]
enum Extent {
    /// Exactly this many bytes.
    Plain(u64),
    /// This many compressed bytes.
    Compressed(u64),
}

/// Reads header and elements, and checks that nothing follows.
fn elements<const D: usize>(
    path: &Path,
    reader: &mut impl Read,
    extent: Extent,
) -> Result<([usize; D], Vec<u8>), Error> {
    let failed = |source| stream_error(path, extent, source);
    let sizes = header(path, reader, extent)?;
    let Some(expected) = product(sizes).filter(|n| *n <= MOST_ELEMENTS) else {
        return Err(too_large(path, reader, extent, sizes));
    };
    let reserve = match extent {
        Extent::Plain(length) => {
            let got = length.saturating_sub(header_bytes::<D>());
            compare(path, sizes, expected, got)?;
            expected
        }
        Extent::Compressed(length) => expected.min(length.saturating_mul(USUAL_RATIO)),
    };
    if expected == 0 {
        return Err(Error::NoElements {
            path: path.to_owned(),
            sizes: sizes.to_vec(),
        });
    }
    let mut values = Vec::new();
    let room = usize::try_from(reserve).unwrap_or(usize::MAX);
    values
        .try_reserve_exact(room)
        .map_err(|source| Error::Memory {
            path: path.to_owned(),
            bytes: reserve,
            source,
        })?;
    let got = reader
        .take(expected)
        .read_to_end(&mut values)
        .map_err(failed)? as u64;
    // Count what follows without keeping it; for gzip this also checks the checksum.
    let rest = io::copy(reader, &mut io::sink()).map_err(failed)?;
    compare(path, sizes, expected, got + rest)?;
    Ok((sizes.map(|n| n as usize), values))
}

/// Maximum number of elements that memory can address. Every size fits 32 bits, so only a product
/// can be too large.
const MOST_ELEMENTS: u64 = isize::MAX as u64 - 16;

/// Bytes of a header of D sizes.
const fn header_bytes<const D: usize>() -> u64 {
    4 + 4 * D as u64
}

/// Number of elements of these sizes; `None` if it overflows 64 bits.
fn product<const D: usize>(sizes: [u32; D]) -> Option<u64> {
    let mut sizes = sizes.iter();
    sizes.try_fold(1u64, |product, n| product.checked_mul(u64::from(*n)))
}

/// Number of elements if the sizes were little-endian.
fn of_small_end<const D: usize>(sizes: [u32; D]) -> Option<u64> {
    product(sizes.map(u32::swap_bytes))
}

/// The error of sizes whose product is too large.
fn too_large<const D: usize>(
    path: &Path,
    reader: &mut impl Read,
    extent: Extent,
    sizes: [u32; D],
) -> Error {
    let got = match extent {
        Extent::Plain(length) => Ok(length.saturating_sub(header_bytes::<D>())),
        Extent::Compressed(_) => io::copy(reader, &mut io::sink()),
    };
    let (path, sizes_read) = (path.to_owned(), sizes.to_vec());
    match got {
        Err(source) => stream_error(&path, extent, source),
        Ok(got) if of_small_end(sizes) == Some(got) => Error::SmallEnd { path },
        Ok(_) => Error::TooLarge {
            path,
            sizes: sizes_read,
        },
    }
}

/// Compares the number of elements with the header.
fn compare<const D: usize>(
    path: &Path,
    sizes: [u32; D],
    expected: u64,
    got: u64,
) -> Result<(), Error> {
    if got == expected {
        return Ok(());
    }
    let path = path.to_owned();
    if of_small_end(sizes) == Some(got) {
        return Err(Error::SmallEnd { path });
    }
    let sizes = sizes.to_vec();
    Err(if got < expected {
        Error::Truncated {
            path,
            sizes,
            expected,
            got,
        }
    } else {
        Error::Trailing {
            path,
            sizes,
            expected,
            got,
        }
    })
}

/// Reads the D sizes after checking the magic number.
fn header<const D: usize>(
    path: &Path,
    reader: &mut impl Read,
    extent: Extent,
) -> Result<[u32; D], Error> {
    let path = || path.to_owned();
    let header_bytes = 4 + 4 * D as u64;
    let mut header = Vec::new();
    reader
        .take(header_bytes)
        .read_to_end(&mut header)
        .map_err(|source| stream_error(&path(), extent, source))?;
    let magic = header.first_chunk::<4>().copied();
    match magic {
        None => {}
        Some([0, 0, UNSIGNED_BYTES, n]) if usize::from(n) == D => {}
        Some([0, 0, UNSIGNED_BYTES, got]) => {
            return Err(Error::Dimensions {
                path: path(),
                expected: D,
                got,
            });
        }
        Some([0, 0, got @ (0x08..=0x09 | 0x0b..=0x0e), dimensions]) => {
            return Err(Error::ElementType {
                path: path(),
                got,
                dimensions,
            });
        }
        Some([n, UNSIGNED_BYTES, 0, 0]) if usize::from(n) == D => {
            return Err(Error::SmallEnd { path: path() });
        }
        Some(got) => {
            // Read more to recognise the format.
            let rest = reader.take(HEAD).read_to_end(&mut header);
            rest.map_err(|source| stream_error(&path(), extent, source))?;
            let compressed = matches!(extent, Extent::Compressed(_));
            return Err(
                foreign(path(), &header, compressed).unwrap_or(Error::Magic {
                    path: path(),
                    dimensions: D,
                    got,
                }),
            );
        }
    }
    let (sizes, _) = header.get(4..).unwrap_or_default().as_chunks::<4>();
    <[[u8; 4]; D]>::try_from(sizes)
        .map(|sizes| sizes.map(u32::from_be_bytes))
        .map_err(|_| Error::Header {
            path: path(),
            expected: header_bytes,
            got: header.len(),
        })
}

/// The error for a file of another known format.
fn foreign(path: PathBuf, head: &[u8], compressed: bool) -> Option<Error> {
    let (name, remedy) = if let Some(name) = format_of(head) {
        (name, PICTURES)
    } else if let Some(content) = recognise(head, &path) {
        let remedy = if content.is_picture {
            PICTURES
        } else {
            content.remedy
        };
        (content.name, remedy)
    } else if is_text(head) {
        ("a text file", "IDX files hold bytes, not letters")
    } else {
        return None;
    };
    Some(Error::Foreign {
        path,
        name,
        remedy,
        compressed,
    })
}

/// Checks that the file ends after one gzip member.
fn nothing_after_member(path: &Path, file: &mut impl BufRead) -> Result<(), Error> {
    let failed = |source| Error::Read {
        path: path.to_owned(),
        source,
    };
    let rest = file.fill_buf().map_err(failed)?;
    if rest.is_empty() {
        return Ok(());
    }
    let another = rest.starts_with(&GZIP);
    let bytes = io::copy(file, &mut io::sink()).map_err(failed)?;
    let path = path.to_owned();
    Err(if another {
        Error::GzipMembers { path, bytes }
    } else {
        Error::GzipTrailing { path, bytes }
    })
}

/// Converts an error of reading: either the gzip stream is damaged, or the system failed.
fn stream_error(path: &Path, extent: Extent, source: io::Error) -> Error {
    let path = path.to_owned();
    match (extent, source.kind()) {
        (Extent::Compressed(length), io::ErrorKind::UnexpectedEof) => Error::GzipTruncated {
            path,
            length,
            source,
        },
        (Extent::Compressed(_), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => {
            Error::GzipDamaged { path, source }
        }
        _ => Error::Read { path, source },
    }
}

/// Counts and hashes the bytes read.
struct Tally<R> {
    inner: R,
    hasher: Sha256,
    bytes: u64,
}

impl<R: Read> Tally<R> {
    fn new(inner: R) -> Self {
        Self {
            inner,
            hasher: Sha256::new(),
            bytes: 0,
        }
    }

    fn digest(self) -> FileDigest {
        let sha256 = hex(&self.hasher.finalize());
        FileDigest {
            bytes: self.bytes,
            sha256,
        }
    }
}

impl<R: Read> Read for Tally<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..n]);
        self.bytes += n as u64;
        Ok(n)
    }
}

/// Lower-case hexadecimal digits of `bytes`.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            // Writing to a String can't fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}
