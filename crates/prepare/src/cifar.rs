//! The binary version of CIFAR-10 and CIFAR-100: records of one or two labels and 3072 bytes of
//! pixels, red, green and blue one after the other, each 32 rows of 32.
//!
//! Described by its author at <https://www.cs.toronto.edu/~kriz/cifar.html>. The batches are read
//! from a `.tar`, a `.tar.gz`, or the folder that one unpacks to; nothing is unpacked to the disk.

use dcgan_artifacts::Part;
use dcgan_hints::{Hint, is_printable, text_of};
use flate2::read::MultiGzDecoder;
use std::ffi::OsStr;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

/// Height and width of an image.
const SIDE: usize = 32;
const PIXELS: usize = SIDE * SIDE;
const CHANNELS: usize = 3;
/// Most bytes that an archive may unpack to; the real ones have less than 185 million.
const MOST_UNPACKED: u64 = 200_000_000;
/// Bytes of images that are reserved at a time.
const BLOCK: usize = 1 << 25;
/// Most bytes of a list of names.
const MOST_NAMES: u64 = 1 << 16;

/// Which labels to read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CifarLabels {
    /// The only ones of CIFAR-10, and the 100 classes of CIFAR-100.
    #[default]
    Fine,
    /// The 20 groups of classes of CIFAR-100.
    Coarse,
    /// None.
    None,
}

/// The images of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CifarBatch {
    /// The part that it belongs to, by its name.
    pub part: Part,
    /// Its name, without folders.
    pub name: String,
    /// Pixels `[n, 32, 32, 3]`.
    pub images: Vec<u8>,
    /// Class numbers `[n]`; `None` if none were to be read.
    pub labels: Option<Vec<u8>>,
    /// Number of images.
    pub n: usize,
}

/// The batches of a data set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cifar {
    /// In order of their names.
    pub batches: Vec<CifarBatch>,
    /// Names of the classes in order of their numbers, if there is a list of them.
    pub class_names: Vec<String>,
}

/// Why files are not batches of CIFAR.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CifarError {
    /// The file or folder can't be read, or its compressed data are damaged.
    #[error("could not read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error, or the decompressor's.
        #[source]
        source: io::Error,
    },
    /// The file is no tar archive.
    #[error("`{}` is no tar archive: expected one, plain or gzip", path.display())]
    NoArchive {
        /// The file.
        path: PathBuf,
    },
    /// No batch has one of the names that there are.
    #[error(
        "`{}` has no batch of CIFAR: expected `data_batch_1.bin` to `data_batch_5.bin` of \
         CIFAR-10, or `train.bin` of CIFAR-100{}",
        path.display(), if got.is_empty() { String::new() } else { format!(", got {got}") }
    )]
    NoBatch {
        /// The file or folder.
        path: PathBuf,
        /// Files that it has.
        got: String,
    },
    /// A batch that ends within a record.
    #[error(
        "`{name}` in `{}` ends within a record: expected a multiple of {record} bytes",
        path.display()
    )]
    Cut {
        /// The file or folder.
        path: PathBuf,
        /// The batch.
        name: String,
        /// Bytes of a record.
        record: usize,
    },
    /// Two batches of one name, in different folders of an archive.
    #[error("`{}` has `{name}` twice: expected each batch once", path.display())]
    Twice {
        /// The archive.
        path: PathBuf,
        /// The batch.
        name: String,
    },
    /// CIFAR-10 has no groups of classes.
    #[error(
        "`{name}` in `{}` has one label per image: expected two, as `prepare.cifar.labels` is \
         `coarse`",
        path.display()
    )]
    NoCoarse {
        /// The file or folder.
        path: PathBuf,
        /// The batch.
        name: String,
    },
    /// More bytes than any of the data sets has.
    #[error("`{}` unpacks to too much: expected at most {MOST_UNPACKED} bytes", path.display())]
    TooLarge {
        /// The archive.
        path: PathBuf,
    },
}

impl Hint for CifarError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Read { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "check the path: it counts from the folder in which the program is started"
            }
            Self::Read { source, .. } if source.kind() == io::ErrorKind::OutOfMemory => {
                "use a machine with more memory"
            }
            Self::Twice { .. } => "unpack it and give the folder that has the batches",
            Self::Read { .. } | Self::Cut { .. } => {
                "the download may have been cut: get the file again"
            }
            Self::NoArchive { .. } | Self::NoBatch { .. } => {
                "give `cifar-10-binary.tar.gz` or `cifar-100-binary.tar.gz`, the binary versions, \
                 or the folder that one unpacks to"
            }
            Self::NoCoarse { .. } => "set `prepare.cifar.labels` to `fine`",
            Self::TooLarge { .. } => "give the archive as it was published",
        };
        Some(hint.into())
    }
}

/// What a file of the data set is, by its name.
#[derive(Clone, Copy)]
enum Kind {
    Batch { part: Part, labels: usize },
    Names(CifarLabels),
}

fn kind_of(name: &str) -> Option<Kind> {
    let batch = |part, labels| Some(Kind::Batch { part, labels });
    match name {
        "test_batch.bin" => batch(Part::Test, 1),
        "train.bin" => batch(Part::Train, 2),
        "test.bin" => batch(Part::Test, 2),
        "batches.meta.txt" | "fine_label_names.txt" => Some(Kind::Names(CifarLabels::Fine)),
        "coarse_label_names.txt" => Some(Kind::Names(CifarLabels::Coarse)),
        _ => {
            let number = name.strip_prefix("data_batch_")?.strip_suffix(".bin")?;
            number.parse::<u8>().ok()?;
            batch(Part::Train, 1)
        }
    }
}

/// Whether a file with this name belongs to the data set.
pub(crate) fn is_known(name: &str) -> bool {
    kind_of(name).is_some()
}

impl Cifar {
    /// Reads an archive, `.tar` or `.tar.gz`. `path` is what errors call it.
    ///
    /// # Errors
    /// Any [`CifarError`].
    pub fn read(path: &Path, file: impl Read, labels: CifarLabels) -> Result<Self, CifarError> {
        let failed = |source| read_error(path, source);
        let mut file = BufReader::with_capacity(1 << 17, file);
        let start = io::BufRead::fill_buf(&mut file).map_err(failed)?;
        if start.starts_with(&[0x1f, 0x8b]) {
            Self::read_tar(path, MultiGzDecoder::new(file), labels)
        } else {
            Self::read_tar(path, file, labels)
        }
    }

    fn read_tar(path: &Path, file: impl Read, labels: CifarLabels) -> Result<Self, CifarError> {
        let failed = |source| read_error(path, source);
        let mut archive = tar::Archive::new(Bounded {
            inner: file,
            left: MOST_UNPACKED,
        });
        let (mut found, mut others) = (Self::default(), Vec::new());
        for member in archive.entries().map_err(failed)? {
            let mut member = member.map_err(|source| match source.kind() {
                // What a header can't be, before any member.
                io::ErrorKind::Other if found == Self::default() && others.is_empty() => {
                    let path = path.to_owned();
                    CifarError::NoArchive { path }
                }
                _ => failed(source),
            })?;
            let whole = String::from_utf8_lossy(&member.path_bytes()).into_owned();
            let name = whole.rsplit('/').next().unwrap_or_default();
            if kind_of(name).is_some() && member.header().entry_type().is_file() {
                if member.size() > MOST_UNPACKED {
                    let path = path.to_owned();
                    return Err(CifarError::TooLarge { path });
                }
                found.add(path, name, &mut member, labels)?;
            } else if !name.is_empty() && others.len() < 5 {
                others.push(format!("`{}`", text_of(OsStr::new(name))));
            }
        }
        found.sorted(path, &others)
    }

    /// Reads the files of a folder, by name and content.
    ///
    /// # Errors
    /// Any [`CifarError`].
    pub(crate) fn read_files(
        path: &Path,
        files: impl Iterator<Item = (String, impl Read)>,
        labels: CifarLabels,
    ) -> Result<Self, CifarError> {
        let mut found = Self::default();
        let mut left = MOST_UNPACKED;
        for (name, inner) in files {
            let mut file = Bounded { inner, left };
            found.add(path, &name, &mut file, labels)?;
            left = file.left;
        }
        found.sorted(path, &[])
    }

    fn sorted(mut self, path: &Path, others: &[String]) -> Result<Self, CifarError> {
        if self.batches.is_empty() {
            return Err(CifarError::NoBatch {
                path: path.to_owned(),
                got: others.join(", "),
            });
        }
        self.batches.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(self)
    }

    fn add(
        &mut self,
        path: &Path,
        name: &str,
        file: &mut impl Read,
        labels: CifarLabels,
    ) -> Result<(), CifarError> {
        match kind_of(name) {
            Some(Kind::Batch {
                part,
                labels: n_labels,
            }) => {
                if self.batches.iter().any(|batch| batch.name == name) {
                    let (path, name) = (path.to_owned(), name.to_owned());
                    return Err(CifarError::Twice { path, name });
                }
                let batch = batch(path, (name, part, n_labels), file, labels)?;
                self.batches.push(batch);
            }
            Some(Kind::Names(of)) if of == labels => {
                let mut text = String::new();
                let read = file.take(MOST_NAMES).read_to_string(&mut text);
                read.map_err(|source| read_error(path, source))?;
                let names = text.lines().map(str::trim).filter(|name| !name.is_empty());
                let names: Vec<String> = names.map(str::to_owned).collect();
                if names.len() <= 256 && names.iter().all(|name| is_printable(name)) {
                    self.class_names = names;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn batch(
    path: &Path,
    (name, part, n_labels): (&str, Part, usize),
    file: &mut impl Read,
    labels: CifarLabels,
) -> Result<CifarBatch, CifarError> {
    let label = match labels {
        CifarLabels::None => None,
        CifarLabels::Fine => Some(n_labels - 1),
        CifarLabels::Coarse if n_labels == 1 => {
            return Err(CifarError::NoCoarse {
                path: path.to_owned(),
                name: name.to_owned(),
            });
        }
        CifarLabels::Coarse => Some(0),
    };
    let mut record = vec![0; n_labels + CHANNELS * PIXELS];
    let mut batch = CifarBatch {
        part,
        name: name.to_owned(),
        images: Vec::new(),
        labels: label.map(|_| Vec::new()),
        n: 0,
    };
    loop {
        let got = fill(file, &mut record).map_err(|source| read_error(path, source))?;
        if got == 0 {
            return Ok(batch);
        }
        if got < record.len() {
            return Err(CifarError::Cut {
                path: path.to_owned(),
                name: name.to_owned(),
                record: record.len(),
            });
        }
        let (of_record, planes) = record.split_at(n_labels);
        let room = batch.images.capacity() - batch.images.len();
        if room < planes.len() && batch.images.try_reserve_exact(BLOCK).is_err() {
            return Err(read_error(path, io::ErrorKind::OutOfMemory.into()));
        }
        for at in 0..PIXELS {
            batch.images.extend(planes[at..].iter().step_by(PIXELS));
        }
        if let (Some(labels), Some(label)) = (&mut batch.labels, label) {
            labels.push(of_record[label]);
        }
        batch.n += 1;
    }
}

/// Reads until `out` is full or the file ends; the number of bytes.
fn fill(file: &mut impl Read, out: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    while got < out.len() {
        match file.read(&mut out[got..]) {
            Ok(0) => break,
            Ok(n) => got += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(got)
}

fn read_error(path: &Path, source: io::Error) -> CifarError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::FileTooLarge => CifarError::TooLarge { path },
        _ => CifarError::Read { path, source },
    }
}

/// Fails where more bytes follow than there may be.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(out)?;
        self.left = match self.left.checked_sub(n as u64) {
            Some(left) => left,
            None => return Err(io::ErrorKind::FileTooLarge.into()),
        };
        Ok(n)
    }
}
