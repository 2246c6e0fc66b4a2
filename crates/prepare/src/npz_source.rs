//! The source `npz`: NumPy arrays, their roles and parts.

use crate::gather::{Batch, GatherError, Gathered};
use crate::memory::Loaded;
use crate::source::{Outline, Source, Written};
use crate::source_files::Given;
use dcgan_artifacts::{Artifact, ChannelAxis, FileRecord, ForeignArrays, Part, ValueRange};
use dcgan_hints::{Hint, text_of};
use dcgan_settings::{ChannelsChoice, NpzFiles, Prepare, RangeChoice};
use dcgan_stage::Failure;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// For each part, common names of arrays of images and of labels.
const NAMES: [(Part, [&str; 2], [&str; 2]); 3] = [
    (
        Part::Train,
        ["train_images", "x_train"],
        ["train_labels", "y_train"],
    ),
    (
        Part::Validation,
        ["val_images", "x_val"],
        ["val_labels", "y_val"],
    ),
    (
        Part::Test,
        ["test_images", "x_test"],
        ["test_labels", "y_test"],
    ),
];
/// Names of arrays in a file of one part.
const ANY_IMAGES: [&str; 2] = ["images", "arr_0"];
const ANY_LABELS: [&str; 2] = ["labels", "arr_1"];

/// The role of an array.
#[derive(Debug, Clone, Copy)]
enum What {
    Images,
    Labels,
}

/// The files of the settings.
#[derive(Debug)]
pub(crate) struct NpzSource<'a> {
    settings: &'a Prepare,
    files: Vec<Given>,
    threads: usize,
}

/// An error of arrays.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NpzError {
    /// No file is set.
    #[error("`prepare.npz.train` is not set: expected a file, as `prepare.source` is `npz`")]
    NoFile,
    /// There is no array with the name in the settings or a common name.
    #[error("`{}` has no array for `{key}`: expected {expected}, got {got}", path.display())]
    NoArray {
        /// The file.
        path: PathBuf,
        /// `train_images` or another key of `prepare.npz.arrays`.
        key: String,
        /// The expected names.
        expected: String,
        /// The existing names.
        got: String,
    },
    /// A file that can't be read as arrays.
    #[error(transparent)]
    File(dcgan_artifacts::Error),
    /// An array that can't be read as images.
    #[error(transparent)]
    Images(dcgan_artifacts::Error),
    /// An array that can't be read as labels.
    #[error(transparent)]
    Labels(dcgan_artifacts::Error),
    /// A test file without a training file of the same name.
    #[error(
        "`{}` belongs to no class: expected the name of a file in `prepare.npz.train`, as \
         `prepare.npz.class_per_file` is set",
        path.display()
    )]
    NoClass {
        /// The file.
        path: PathBuf,
    },
    /// More files than a label byte can number.
    #[error("`prepare.npz.train` has too many classes: expected at most 256 files, got {got}")]
    TooManyClasses {
        /// Files given.
        got: usize,
    },
    /// The files don't belong together.
    #[error(transparent)]
    Gather(#[from] GatherError),
}

impl Hint for NpzError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoFile => "give `--set prepare.npz.train=FILE`, an .npz or .npy of NumPy",
            Self::NoArray { key, .. } => {
                return Some(format!(
                    "name the array with `--set prepare.npz.arrays.{key}=NAME`"
                ));
            }
            Self::File(dcgan_artifacts::Error::Damaged { .. })
            | Self::Images(dcgan_artifacts::Error::Damaged { .. })
            | Self::Labels(dcgan_artifacts::Error::Damaged { .. }) => {
                "the download may have been cut: get the file again"
            }
            Self::Images(dcgan_artifacts::Error::Unfit { .. }) => {
                "`prepare.npz.arrays` chooses another array, `prepare.npz.channels` the axis of \
                 channels, `prepare.npz.range` the range of floats"
            }
            Self::Labels(dcgan_artifacts::Error::Unfit { .. }) => {
                "`prepare.npz.arrays` chooses another array; `prepare.npz.labels=false` reads none"
            }
            Self::File(source) | Self::Images(source) | Self::Labels(source) => {
                return source.hint();
            }
            Self::NoClass { .. } => "rename the file, or leave it out",
            Self::TooManyClasses { .. } => "give fewer files, or set `prepare.npz.labels` to false",
            Self::Gather(source) => return source.hint(),
        };
        Some(hint.into())
    }
}

impl<'a> NpzSource<'a> {
    /// The source's files, to be read with up to `threads` threads.
    ///
    /// # Errors
    /// [`Failure::Usage`] if no training file is set.
    pub(crate) fn new(settings: &'a Prepare, threads: usize) -> Result<Self, Failure> {
        let npz = &settings.npz;
        if npz.train.is_empty() {
            return Err(Failure::usage(NpzError::NoFile));
        }
        let files = Given::all(&[
            ("train", &npz.train),
            ("train_labels", &npz.train_labels),
            ("test", &npz.test),
            ("test_labels", &npz.test_labels),
        ]);
        Ok(Self {
            settings,
            files,
            threads,
        })
    }
}

impl Source for NpzSource<'_> {
    type Scanned = Loaded;

    fn settings(&self) -> Map<String, Value> {
        let section = Given::in_settings(&self.files, json!(self.settings.npz));
        Map::from_iter([("npz".to_owned(), section)])
    }

    fn inputs(&self) -> Result<Vec<FileRecord>, Failure> {
        Given::records(&self.files)
    }

    fn scan(&self) -> Result<(Outline, Loaded), Failure> {
        let records = self.inputs()?;
        let loaded = self.load(records).map_err(Failure::input)?;
        let (key, share) = ("prepare.npz.test_share", self.settings.npz.test_share);
        loaded.split(self.settings, key, share)
    }

    fn write(&self, loaded: Loaded, path: &Path) -> Result<Written, Failure> {
        loaded.write(&self.settings.name, self.threads, path)
    }
}

impl NpzSource<'_> {
    fn load(&self, mut records: Vec<FileRecord>) -> Result<Loaded, NpzError> {
        let npz = &self.settings.npz;
        let of = |key: &str| -> Vec<&Given> {
            self.files.iter().filter(|file| file.key == key).collect()
        };
        let classes = classes(npz)?;
        let mut gathered = Gathered::default();
        for (part, files, labels) in [
            (Part::Train, of("train"), of("train_labels")),
            (Part::Test, of("test"), of("test_labels")),
        ] {
            for (at, given) in files.into_iter().enumerate() {
                let file = ArrayFile::of(npz, given)?;
                let labels = labels.get(at).map(|given| ArrayFile::of(npz, given));
                let labels = labels.transpose()?;
                let mut n = 0;
                for (of_part, is_named) in file.parts(part, self.settings.validation > 0) {
                    let images = file.images(of_part, is_named)?;
                    let Some(mut batch) = images else { continue };
                    batch.labels = if let Some(classes) = &classes {
                        let class = class_of(classes, &given.path)?;
                        Some(vec![class; batch.n])
                    } else {
                        let beside = labels.as_ref().filter(|_| of_part == part);
                        file.labels(of_part, beside, batch.n)?
                    };
                    n += batch.n as u64;
                    gathered.add(of_part, &given.name, batch)?;
                }
                if let Some(record) = records.iter_mut().find(|found| found.name == given.name) {
                    record.count = Some(record.count.unwrap_or_default() + n);
                }
            }
        }
        let found = classes.unwrap_or_default();
        Ok(gathered.loaded(self.settings, records, found)?)
    }
}

/// The names of the training files as classes, if each file is a class.
fn classes(npz: &NpzFiles) -> Result<Option<Vec<String>>, NpzError> {
    if !npz.class_per_file || !npz.labels {
        return Ok(None);
    }
    let got = npz.train.len();
    if got > 256 {
        return Err(NpzError::TooManyClasses { got });
    }
    Ok(Some(npz.train.iter().map(|path| stem(path)).collect()))
}

fn class_of(classes: &[String], path: &Path) -> Result<u8, NpzError> {
    let place = classes.iter().position(|class| *class == stem(path));
    let class = place.and_then(|class| u8::try_from(class).ok());
    class.ok_or_else(|| NpzError::NoClass { path: path.into() })
}

fn stem(path: &Path) -> String {
    path.file_stem().map(text_of).unwrap_or_default()
}

/// A file of arrays.
struct ArrayFile<'a> {
    npz: &'a NpzFiles,
    path: &'a Path,
    arrays: ForeignArrays,
}

impl<'a> ArrayFile<'a> {
    fn of(npz: &'a NpzFiles, given: &'a Given) -> Result<Self, NpzError> {
        let arrays = ForeignArrays::open(&given.path, Artifact::Other).map_err(NpzError::File)?;
        Ok(Self {
            npz,
            path: &given.path,
            arrays,
        })
    }

    /// The parts to read from a file of `part`, and whether their arrays must have names of that
    /// part. There is no validation part in the file if `is_drawn`: it is then drawn from the
    /// training part.
    fn parts(&self, part: Part, is_drawn: bool) -> Vec<(Part, bool)> {
        let mut parts = vec![(part, false)];
        if part == Part::Train {
            let has_validation = self.array(Part::Validation, What::Images, &[]).is_some();
            if has_validation && is_drawn {
                log::warn!(
                    "the validation images of `{}` are left out, as `prepare.validation` draws \
                     others",
                    self.path.display()
                );
            } else if has_validation {
                parts.push((Part::Validation, true));
            }
            if self.npz.test.is_empty() && self.npz.test_share == 0.0 {
                parts.push((Part::Test, true));
            }
        }
        parts
    }

    /// The images of a part; `None` if they need a name of the part and no array has one.
    fn images(&self, part: Part, is_named: bool) -> Result<Option<Batch>, NpzError> {
        let others: &[&str] = if is_named { &[] } else { &ANY_IMAGES };
        let name = match self.array(part, What::Images, others) {
            Some(name) => name,
            None if is_named && !self.npz.arrays.contains_key(&key(part, What::Images)) => {
                return Ok(None);
            }
            None => self
                .alone(2..=4)
                .ok_or_else(|| self.no_array(part, What::Images, others))?,
        };
        let channels = match self.npz.channels {
            ChannelsChoice::Auto => None,
            ChannelsChoice::First => Some(ChannelAxis::First),
            ChannelsChoice::Last => Some(ChannelAxis::Last),
        };
        let range = match self.npz.range {
            RangeChoice::Auto => None,
            RangeChoice::Unit => Some(ValueRange::Unit),
            RangeChoice::Signed => Some(ValueRange::Signed),
            RangeChoice::Bytes => Some(ValueRange::Bytes),
        };
        let images = self.arrays.images_named(&name, channels, range);
        let images = images.map_err(NpzError::Images)?;
        for inferred in &images.told {
            log::info!("`{}`: {inferred}", self.path.display());
        }
        Ok(Some(Batch {
            images: images.images,
            labels: None,
            n: images.n,
            size: [images.height, images.width, images.channels],
        }))
    }

    /// The labels of `n` images of a part, from the file `beside` this one or from this one.
    fn labels(
        &self,
        part: Part,
        beside: Option<&Self>,
        n: usize,
    ) -> Result<Option<Vec<u8>>, NpzError> {
        if !self.npz.labels {
            return Ok(None);
        }
        let file = beside.unwrap_or(self);
        let others: &[&str] = if beside.is_some() {
            &["labels", "arr_0"]
        } else if self.array(part, What::Images, &[]).is_some() {
            &[]
        } else {
            &ANY_LABELS
        };
        let name = match file.array(part, What::Labels, others) {
            Some(name) => name,
            None if beside.is_none() && !self.npz.arrays.contains_key(&key(part, What::Labels)) => {
                return Ok(None);
            }
            None => file
                .alone(1..=2)
                .ok_or_else(|| file.no_array(part, What::Labels, others))?,
        };
        let labels = file.arrays.labels_named(&name, n);
        Ok(Some(labels.map_err(NpzError::Labels)?))
    }

    /// The array of a part: the one in the settings, or one with a common name or a name in
    /// `others`.
    fn array(&self, part: Part, what: What, others: &[&str]) -> Option<String> {
        let has = |name: &&str| self.arrays.shapes().any(|(found, _)| found == *name);
        if let Some(name) = self.npz.arrays.get(&key(part, what)) {
            return Some(name.clone()).filter(|name| has(&name.as_str()));
        }
        let common = common(part, what);
        let name = common.iter().chain(others).find(|name| has(name))?;
        Some((*name).to_owned())
    }

    /// The array with this number of axes, if there is only one.
    fn alone(&self, axes: std::ops::RangeInclusive<usize>) -> Option<String> {
        let mut fitting = self
            .arrays
            .shapes()
            .filter(|(_, shape)| axes.contains(&shape.len()));
        match (fitting.next(), fitting.next()) {
            (Some((name, _)), None) => Some(name.to_owned()),
            _ => None,
        }
    }

    fn no_array(&self, part: Part, what: What, others: &[&str]) -> NpzError {
        let key = key(part, what);
        let expected = if let Some(name) = self.npz.arrays.get(&key) {
            format!("`{name}`")
        } else {
            let names = common(part, what).into_iter().chain(others.iter().copied());
            let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
            format!("one of {}, or a single array", names.join(", "))
        };
        NpzError::NoArray {
            path: self.path.to_owned(),
            key,
            expected,
            got: self.arrays.names(),
        }
    }
}

/// The key of the settings for an array of a part.
fn key(part: Part, what: What) -> String {
    match what {
        What::Images => format!("{part}_images"),
        What::Labels => format!("{part}_labels"),
    }
}

fn common(part: Part, what: What) -> [&'static str; 2] {
    let names = NAMES.iter().find(|(of, ..)| *of == part);
    names.map_or([""; 2], |(_, images, labels)| match what {
        What::Images => *images,
        What::Labels => *labels,
    })
}
