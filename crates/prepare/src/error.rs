//! Errors of the sources of a dataset.

use dcgan_hints::Hint;
use std::collections::TryReserveError;
use std::io;
use std::path::PathBuf;

/// The type byte of 32-bit integers.
const INT32: u8 = 0x0c;

/// An error of a source.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file does not exist or can't be read.
    #[error("could not read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A folder or device instead of a file.
    #[error("`{}` should be a file, got a folder or device", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// The file in it, if it is a folder with one file.
        inside: Option<PathBuf>,
    },
    /// A file of another format, by its content.
    #[error(
        "`{}` {} {name}: expected an IDX file, plain or gzip",
        path.display(), if *compressed { "decompresses to" } else { "is" }
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The format, with its article.
        name: &'static str,
        /// The remedy, as an imperative clause.
        remedy: &'static str,
        /// Whether it is inside a gzip stream.
        compressed: bool,
    },
    /// A little-endian header.
    #[error(
        "the header of `{}` is little-endian: expected big-endian",
        path.display()
    )]
    SmallEnd {
        /// The file.
        path: PathBuf,
    },
    /// The file doesn't start like an IDX file.
    #[error(
        "`{}` is not an IDX file: expected to start with 00 00 08 {dimensions:02x}, got {}",
        path.display(), hex(got)
    )]
    Magic {
        /// The file.
        path: PathBuf,
        /// The expected dimensions.
        dimensions: usize,
        /// Its first four bytes.
        got: [u8; 4],
    },
    /// An IDX file of other elements than bytes.
    #[error(
        "`{}` has {}: expected unsigned bytes (type 08), got type {got:02x}",
        path.display(), element_name(*got)
    )]
    ElementType {
        /// The file.
        path: PathBuf,
        /// The type byte.
        got: u8,
        /// The dimensions of its header.
        dimensions: u8,
    },
    /// An IDX file of another number of dimensions.
    #[error(
        "`{}` should have {}, got {got}",
        path.display(), if *expected == 1 { "labels of 1 dimension" } else { "images of 3 dimensions" }
    )]
    Dimensions {
        /// The file.
        path: PathBuf,
        /// 3 for images, 1 for labels.
        expected: usize,
        /// The header's number.
        got: u8,
    },
    /// The file ends within its header.
    #[error("`{}` ends within its header: expected {expected} bytes, got {got}", path.display())]
    Header {
        /// The file.
        path: PathBuf,
        /// Bytes of a header.
        expected: u64,
        /// Bytes in the file.
        got: usize,
    },
    /// The header has more elements than any memory can hold.
    #[error(
        "the header of `{}` is wrong: {} is more than memory can address",
        path.display(), product(sizes)
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The sizes in its header.
        sizes: Vec<u32>,
    },
    /// The header has more elements than the file.
    #[error(
        "`{}` is shorter than its header says: expected {} = {expected} bytes of data, got {got}",
        path.display(), product(sizes)
    )]
    Truncated {
        /// The file.
        path: PathBuf,
        /// The sizes in its header.
        sizes: Vec<u32>,
        /// Bytes after the header by those sizes.
        expected: u64,
        /// Bytes after the header.
        got: u64,
    },
    /// The header has fewer elements than the file.
    #[error(
        "`{}` is longer than its header says: expected {} = {expected} bytes of data, got {got}",
        path.display(), product(sizes)
    )]
    Trailing {
        /// The file.
        path: PathBuf,
        /// The sizes in its header.
        sizes: Vec<u32>,
        /// Bytes after the header by those sizes.
        expected: u64,
        /// Bytes after the header.
        got: u64,
    },
    /// A file of no images, or of images without pixels.
    #[error("`{}` is empty: expected sizes of at least 1, got {}", path.display(), product(sizes))]
    NoElements {
        /// The file.
        path: PathBuf,
        /// The sizes in its header.
        sizes: Vec<u32>,
    },
    /// Not enough memory for a file's content.
    #[error("no memory for the {bytes} bytes of `{}`", path.display())]
    Memory {
        /// The file.
        path: PathBuf,
        /// Bytes requested.
        bytes: u64,
        /// The allocator's error.
        #[source]
        source: TryReserveError,
    },
    /// A gzip file that ends too early.
    #[error(
        "`{}` is cut short: expected a whole gzip stream, got its first {length} bytes",
        path.display()
    )]
    GzipTruncated {
        /// The file.
        path: PathBuf,
        /// Bytes there are.
        length: u64,
        /// What the decoder said.
        #[source]
        source: io::Error,
    },
    /// A gzip file with a wrong checksum or an impossible code.
    #[error("`{}` is damaged: expected a gzip stream that fits its checksum", path.display())]
    GzipDamaged {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        #[source]
        source: io::Error,
    },
    /// More data follows the gzip stream.
    #[error(
        "`{}` has more data after its gzip stream: expected the end, got {bytes} bytes",
        path.display()
    )]
    GzipTrailing {
        /// The file.
        path: PathBuf,
        /// Bytes after the stream.
        bytes: u64,
    },
    /// Several gzip files joined into one.
    #[error(
        "`{}` has more than one gzip stream: expected one, got another in its last {bytes} bytes",
        path.display()
    )]
    GzipMembers {
        /// The file.
        path: PathBuf,
        /// Bytes after the first stream.
        bytes: u64,
    },
    /// A file whose SHA-256 is not the pinned one.
    #[error(
        "`{}` is not the file that `prepare.idx.sha256.{key}` pins: expected SHA-256 {expected}, \
         got {got}",
        path.display()
    )]
    Pinned {
        /// The file.
        path: PathBuf,
        /// Its key in the pipeline.
        key: String,
        /// The pinned hash.
        expected: String,
        /// The file's hash.
        got: String,
    },
    /// The numbers of labels and images differ.
    #[error(
        "`{}` and `{}` don't belong together: expected a label for each of {expected} images, \
         got {got}",
        images.display(), labels.display()
    )]
    LabelCount {
        /// The image file.
        images: PathBuf,
        /// The label file.
        labels: PathBuf,
        /// Images.
        expected: usize,
        /// Labels.
        got: usize,
    },
    /// Train and test images differ in size.
    #[error(
        "`{}` and `{}` differ in size: expected images of {expected:?}, got {got:?} \
         (height, width)",
        train.display(), test.display()
    )]
    ImageSize {
        /// The file of training images.
        train: PathBuf,
        /// The file of test images.
        test: PathBuf,
        /// Height and width in the first.
        expected: [usize; 2],
        /// Height and width in the second.
        got: [usize; 2],
    },
    /// A label without a class.
    #[error(
        "label {label} of image {image_idx} in `{}` has no class: expected labels {}, as \
         `prepare.class_names` has {classes} names",
        path.display(), numbers(*first, *classes)
    )]
    Label {
        /// The label file.
        path: PathBuf,
        /// The image's index, from 0.
        image_idx: usize,
        /// The label.
        label: u8,
        /// The label of class 0.
        first: u8,
        /// Number of class names.
        classes: usize,
        /// Whether the labels count from 1 and each has a name.
        from_one: bool,
    },
    /// A label below that of class 0.
    #[error(
        "label {label} of image {image_idx} in `{}` has no class: expected labels from {first} on, \
         as `prepare.idx.first_label` says",
        path.display()
    )]
    LabelBelow {
        /// The label file.
        path: PathBuf,
        /// The image's index, from 0.
        image_idx: usize,
        /// The label.
        label: u8,
        /// The label of class 0.
        first: u8,
    },
    /// No file is set.
    #[error("`prepare.idx.train_images` is not set: expected a file, as `prepare.source` is `idx`")]
    NoSource,
    /// No folder is set.
    #[error("`prepare.folder` is not set: expected a folder, as `prepare.source` is `folder`")]
    NoFolder,
    /// An invalid pattern.
    #[error("`{pattern}` is not a pattern for files")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// The parser's error.
        #[source]
        source: glob::PatternError,
    },
    /// A file or device instead of a folder of pictures.
    #[error("`{}` should be a folder of pictures, got a file or device", path.display())]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// The training part has no usable picture.
    #[error(
        "`{folders}` {} no picture to train on: expected at least one, got {}",
        if folders.contains("`, `") { "have" } else { "has" }, usable_of(*files)
    )]
    NoPictures {
        /// The folders searched.
        folders: String,
        /// Number of files in them.
        files: usize,
        /// The first unusable file, and why.
        first: Option<String>,
    },
    /// Every picture that can be used was shared out to the test part.
    #[error(
        "{} of `{folders}` fell to the test part: expected at least one to train on",
        if *pictures == 1 { "the picture".into() } else { format!("all {pictures} pictures") }
    )]
    AllToTest {
        /// What was searched.
        folders: String,
        /// Pictures that can be used.
        pictures: usize,
        /// The setting that shares them out.
        key: &'static str,
        /// The largest share, in hundredths, that leaves one.
        most: f64,
    },
    /// With `strict`: a picture that can't be used.
    #[error("`{name}` can't be used, as `prepare.pictures.strict` asks: {kind}, {detail}")]
    Unusable {
        /// Its name below the folder of pictures.
        name: String,
        /// The kind of finding.
        kind: &'static str,
        /// The detail of the finding.
        detail: String,
    },
    /// A picture has changed since it was hashed.
    #[error("`{}` has changed while the dataset was made", path.display())]
    Changed {
        /// The picture.
        path: PathBuf,
    },
    /// More classes than a label byte can number.
    #[error("too many classes: expected at most {expected}, got {got}")]
    TooManyClasses {
        /// The limit.
        expected: usize,
        /// Classes found.
        got: usize,
    },
    /// A class that is not in the settings' names.
    #[error(
        "class `{class}` has no number: expected one of the {classes} names in \
         `prepare.class_names`"
    )]
    UnknownClass {
        /// The class found.
        class: String,
        /// Number of class names.
        classes: usize,
    },
    /// A folder's name or a label that can't name a class.
    #[error("`{class}` can't name a class: expected text on one line, not blank")]
    ClassName {
        /// The name found.
        class: String,
    },
    /// An error of the table of labels.
    #[error(transparent)]
    Labels(#[from] dcgan_pictures::LabelsError),
    /// Threads could not be started.
    #[error("could not start threads")]
    Threads {
        /// The pool's error.
        #[source]
        source: rayon::ThreadPoolBuildError,
    },
    /// The number of names differs from the number of synthetic classes.
    #[error(
        "`prepare.class_names` doesn't fit `prepare.synthetic.classes`: expected {expected} names \
         or none, got {got}"
    )]
    ClassNames {
        /// Number of classes.
        expected: usize,
        /// Names given.
        got: usize,
    },
    /// The rows of a table could not be written.
    #[error("could not write the rows of `{name}`")]
    Table {
        /// The file.
        name: &'static str,
        /// The writer's error.
        #[source]
        source: csv::Error,
    },
    /// A validation part that can't have the same number of each class.
    #[error(
        "`prepare.validation` can't be shared out evenly: expected a multiple of {classes} \
         (classes), got {got}"
    )]
    ValidationShare {
        /// Number of classes.
        classes: usize,
        /// Pictures requested.
        got: usize,
        /// The largest validation part that there are pictures for.
        most: usize,
    },
    /// Too few pictures for the validation part.
    #[error(
        "too few training images for `prepare.validation`: expected more than {expected} of \
         {class}, got {got}"
    )]
    ValidationSize {
        /// The class, or `all classes`.
        class: String,
        /// Number of its pictures to draw.
        expected: usize,
        /// Number of its pictures in the training part.
        got: usize,
        /// The largest possible validation part.
        most: usize,
    },
}

impl Error {
    /// [`Error::AllToTest`] for pictures of these hashes as fractions; `key` is the setting.
    pub(crate) fn all_to_test(folders: String, key: &'static str, shares: &[f64]) -> Self {
        let most = shares.iter().copied().fold(0.0, f64::max);
        Self::AllToTest {
            folders,
            pictures: shares.len(),
            key,
            most: (most * 100.0).floor() / 100.0,
        }
    }
}

impl Hint for Error {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Read { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "check the path: it is relative to the folder in which the program is started"
                    .into()
            }
            Self::Read { .. } => "check the file and its permissions".into(),
            Self::NotAFile {
                inside: Some(inside),
                ..
            } => format!("give the file in it: `{}`", inside.display()),
            Self::NotAFile { .. } => "give the path of the file itself".into(),
            Self::Foreign { remedy, .. } => {
                format!("{remedy}; data/README.md describes the format")
            }
            Self::SmallEnd { .. } => {
                "write its sizes as big-endian 32-bit integers; data/README.md describes the format"
                    .into()
            }
            Self::Magic { .. } => {
                "give an IDX file of unsigned bytes, plain or gzip; data/README.md describes the \
                 format"
                    .into()
            }
            Self::ElementType {
                got: INT32,
                dimensions: 2,
                ..
            } => {
                "these are probably QMNIST's labels, 8 columns of 32-bit integers: write the first \
                 column, which is the class, as an IDX file of unsigned bytes"
                    .into()
            }
            Self::ElementType { .. } => "convert its elements to unsigned bytes".into(),
            Self::Dimensions {
                expected: 3,
                got: 1,
                ..
            }
            | Self::Dimensions {
                expected: 1,
                got: 3,
                ..
            } => "images and labels may be swapped: check the keys under `prepare.idx`".into(),
            Self::Dimensions { .. } => "give grey images and one label for each".into(),
            Self::Header { .. } | Self::Truncated { .. } | Self::GzipTruncated { .. } => {
                "the download may have been cut: get the file again".into()
            }
            Self::GzipDamaged { .. } | Self::TooLarge { .. } | Self::NoElements { .. } => {
                "the file has changed: get it again".into()
            }
            Self::Trailing { .. } | Self::GzipTrailing { .. } => {
                "something was appended, or the header is wrong: get the file again".into()
            }
            Self::GzipMembers { .. } => {
                "unpack it, join what belongs together under one header, and give the result".into()
            }
            Self::Memory { .. } => "use a machine with more memory, or fewer images".into(),
            Self::Pinned { key, .. } => format!(
                "get the file again; or, if this one is meant, pin its hash or remove the key \
                 `{key}` from `prepare.idx.sha256`"
            ),
            Self::LabelCount { .. } => "give the label file that came with the images".into(),
            Self::ImageSize { .. } => "give two parts of the same dataset".into(),
            Self::Label { from_one: true, .. } => {
                "the labels count from 1: set `prepare.idx.first_label` to 1".into()
            }
            Self::LabelBelow { .. } => "set it to the smallest label".into(),
            Self::Label { .. } | Self::UnknownClass { .. } => {
                "name every class in `prepare.class_names`, or leave it empty".into()
            }
            Self::NoSource => "name a pipeline with `--pipeline`, or give \
                `--set prepare.idx.train_images=FILE` or `--set prepare.source=synthetic`"
                .into(),
            Self::NoFolder => "give `--set prepare.folder=PATH`, or make's \
                `SET='prepare.folder=PATH'`"
                .into(),
            Self::Pattern { .. } => {
                "`*` and `?` match letters of a name, `**` any folders, `[ab]` a or b".into()
            }
            Self::NotAFolder { .. } => {
                "give the folder of the pictures, or a pattern such as `photos/*.jpg`".into()
            }
            Self::NoPictures { first, .. } => match first {
                Some(first) => format!("the first that can't be used is {first}"),
                None => "put PNG, JPEG, GIF, BMP or WebP files into it, or give another".into(),
            },
            Self::AllToTest { key, most, .. } => format!("lower `{key}` to {most} or less"),
            Self::Unusable { .. } => {
                "remove or replace the file; without `strict` it is skipped and counted".into()
            }
            Self::Changed { .. } => "run the same command when the folder no longer changes".into(),
            Self::TooManyClasses { .. } => "join classes; or set `prepare.pictures.labels=none`, \
                and leave `prepare.pictures.labels_file` out: the unlabelled network needs none"
                .into(),
            Self::ClassName { .. } => "rename its folder, or the label in the table".into(),
            Self::Labels(source) => return source.hint(),
            Self::Threads { .. } => "try with `--threads 1`".into(),
            Self::ClassNames { .. } => "give a name to each class, or to none".into(),
            Self::Table { .. } => return None,
            Self::ValidationShare { classes, got, most } => {
                let below = got / classes * classes;
                if below + classes <= *most {
                    format!("set it to {below} or {}", below + classes)
                } else {
                    at_most(below.min(*most))
                }
            }
            Self::ValidationSize { most: 0, .. } => at_most(0),
            Self::ValidationSize { most, .. } => at_most(format_args!("{most} or less")),
        })
    }
}

/// What to set `prepare.validation` to where there are few pictures.
fn at_most(validation: impl std::fmt::Display) -> String {
    format!("set it to {validation}: an image of each class stays in the training part")
}

fn usable_of(files: usize) -> String {
    match files {
        0 => "no file at all".into(),
        1 => "1 file that can't be used".into(),
        files => format!("{files} files that can't be used"),
    }
}

/// The range of labels of `classes` classes.
fn numbers(first: u8, classes: usize) -> String {
    match (first, usize::from(first) + classes) {
        (0, end) => format!("below {end}"),
        (first, end) => format!("{first} to {}", end.saturating_sub(1)),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .join(" ")
}

fn product(sizes: &[u32]) -> String {
    sizes
        .iter()
        .map(u32::to_string)
        .collect::<Vec<_>>()
        .join(" x ")
}

/// Name of an IDX element type.
fn element_name(element_type: u8) -> &'static str {
    match element_type {
        0x08 => "unsigned bytes",
        0x09 => "signed bytes",
        0x0b => "16-bit integers",
        INT32 => "32-bit integers",
        0x0d => "32-bit floats",
        _ => "64-bit floats",
    }
}
