//! The source `idx`: its files, their consistency and the parts.

use crate::Error;
use crate::contents::Origin;
use crate::idx::{self, Idx};
use crate::idx_labels::{LabelFiles, class_names, count_from_zero};
use crate::memory::Loaded;
use crate::names::{name_below, shared_folder};
use crate::source::{Outline, Source, Written};
use dcgan_artifacts::{FileDigest, FileRecord, Part, PartData, digest_file};
use dcgan_settings::{IdxFiles, Prepare};
use dcgan_stage::Failure;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The IDX files of the settings.
#[derive(Debug)]
pub(crate) struct IdxSource<'a> {
    settings: &'a Prepare,
    files: Vec<SourceFile>,
    threads: usize,
}

/// A source file: its key in the pipeline, its path, and its name in outputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceFile {
    pub(crate) key: &'static str,
    pub(crate) path: PathBuf,
    /// The path relative to the common folder of all sources, so that outputs have no absolute
    /// path.
    pub(crate) name: String,
}

impl<'a> IdxSource<'a> {
    /// The source's files, to be read with up to `threads` threads.
    ///
    /// # Errors
    /// [`Failure::Usage`] if the training images are not set.
    pub(crate) fn new(settings: &'a Prepare, threads: usize) -> Result<Self, Failure> {
        let files = files(settings)?;
        Ok(Self {
            settings,
            files,
            threads,
        })
    }
}

impl Source for IdxSource<'_> {
    type Scanned = Loaded;

    fn settings(&self) -> Map<String, Value> {
        let mut idx: Value = self
            .files
            .iter()
            .map(|file| (file.key, file.name.as_str()))
            .collect();
        // Older manifests lack these keys: record them only if they differ from the defaults.
        let (given, defaults) = (&self.settings.idx, IdxFiles::default());
        if given.transpose != defaults.transpose {
            idx["transpose"] = json!(given.transpose);
        }
        if given.first_label != defaults.first_label {
            idx["first_label"] = json!(given.first_label);
        }
        Map::from_iter([("idx".to_owned(), idx)])
    }

    fn inputs(&self) -> Result<Vec<FileRecord>, Failure> {
        let record = |file: &SourceFile| {
            let digest = digest_file(&file.path)?;
            check_pinned(self.settings, file, &digest).map_err(Failure::input)?;
            Ok(FileRecord::new(file.name.clone(), digest))
        };
        self.files.iter().map(record).collect()
    }

    fn scan(&self) -> Result<(Outline, Loaded), Failure> {
        let mut loaded = self.load().map_err(Failure::input)?;
        loaded.draw_validation(self.settings)?;
        Ok((loaded.outline(&self.settings.name), loaded))
    }

    fn write(&self, loaded: Loaded, path: &Path) -> Result<Written, Failure> {
        loaded.write(&self.settings.name, self.threads, path)
    }
}

impl IdxSource<'_> {
    fn load(&self) -> Result<Loaded, Error> {
        let mut sources = Vec::new();
        let mut images = BTreeMap::new();
        let mut labels = LabelFiles::new();
        let decoded = decode_all(self.settings, &self.files, self.threads);
        for (file, decoded) in self.files.iter().zip(decoded) {
            let part = if file.key.starts_with("train") {
                Part::Train
            } else {
                Part::Test
            };
            let decoded = decoded?;
            sources.push(decoded.record(file));
            match decoded {
                Decoded::Images(decoded) => {
                    images.insert(part, (file, decoded));
                }
                Decoded::Labels(decoded) => {
                    labels.insert(part, (file.path.clone(), decoded));
                }
            }
        }
        count_from_zero(self.settings, &mut labels)?;
        let class_names = class_names(self.settings, &labels)?;
        warn_of_transposed(self.settings, &self.files);
        let [height, width] = same_size(&images)?;
        let mut parts = BTreeMap::new();
        let mut origins = BTreeMap::new();
        for (part, (file, decoded)) in images {
            let labels = labels_of(file, &decoded, labels.remove(&part))?;
            let data = PartData {
                n: decoded.sizes[0],
                images: decoded.values,
                labels,
            };
            parts.insert(part, data);
            origins.insert(part, Origin::one(&file.name));
        }
        Ok(Loaded {
            class_names,
            height,
            width,
            channels: 1,
            sources,
            parts,
            origins,
        })
    }
}

/// Height and width of the images of all parts.
///
/// # Errors
/// [`Error::ImageSize`].
fn same_size(images: &BTreeMap<Part, (&SourceFile, Idx<3>)>) -> Result<[usize; 2], Error> {
    let size = |images: &Idx<3>| [images.sizes[1], images.sizes[2]];
    let mut all = images.values();
    let Some((train, first)) = all.next() else {
        return Ok([0, 0]);
    };
    let expected = size(first);
    match all.find(|(_, images)| size(images) != expected) {
        None => Ok(expected),
        Some((test, images)) => Err(Error::ImageSize {
            train: train.path.clone(),
            test: test.path.clone(),
            expected,
            got: size(images),
        }),
    }
}

/// The labels of the images in `file`.
///
/// # Errors
/// [`Error::LabelCount`].
fn labels_of(
    file: &SourceFile,
    images: &Idx<3>,
    labels: Option<(PathBuf, Idx<1>)>,
) -> Result<Option<Vec<u8>>, Error> {
    let Some((path, labels)) = labels else {
        return Ok(None);
    };
    let (expected, got) = (images.sizes[0], labels.values.len());
    if got != expected {
        return Err(Error::LabelCount {
            images: file.path.clone(),
            labels: path,
            expected,
            got,
        });
    }
    Ok(Some(labels.values))
}

/// The files of the settings in a fixed order.
///
/// # Errors
/// [`Failure::Usage`] if the training images are not set.
fn files(settings: &Prepare) -> Result<Vec<SourceFile>, Failure> {
    // The settings' checks ensure that labels and pins belong to given files.
    let IdxFiles {
        train_images,
        train_labels,
        test_images,
        test_labels,
        ..
    } = &settings.idx;
    if train_images.is_none() {
        return Err(Failure::usage(Error::NoSource));
    }
    let given = [
        ("train_images", train_images),
        ("train_labels", train_labels),
        ("test_images", test_images),
        ("test_labels", test_labels),
    ];
    let mut files: Vec<SourceFile> = given
        .into_iter()
        .filter_map(|(key, path)| path.clone().map(|path| (key, path)))
        .map(|(key, path)| SourceFile {
            key,
            path,
            name: String::new(),
        })
        .collect();
    let root = shared_folder(files.iter().filter_map(|file| file.path.parent()));
    for file in &mut files {
        file.name = name_below(&root, &file.path);
    }
    Ok(files)
}

/// Compares a file's hash with the pinned one, if there is one.
///
/// # Errors
/// [`Error::Pinned`].
fn check_pinned(settings: &Prepare, file: &SourceFile, digest: &FileDigest) -> Result<(), Error> {
    match settings.idx.sha256.get(file.key) {
        Some(pinned) if !pinned.eq_ignore_ascii_case(&digest.sha256) => Err(Error::Pinned {
            path: file.path.clone(),
            key: file.key.into(),
            expected: pinned.clone(),
            got: digest.sha256.clone(),
        }),
        _ => Ok(()),
    }
}

/// One decoded file.
enum Decoded {
    Images(Idx<3>),
    Labels(Idx<1>),
}

impl Decoded {
    /// The record of its file.
    fn record(&self, file: &SourceFile) -> FileRecord {
        let (digest, count) = match self {
            Self::Images(images) => (&images.file, images.sizes[0]),
            Self::Labels(labels) => (&labels.file, labels.sizes[0]),
        };
        FileRecord {
            count: Some(count as u64),
            ..FileRecord::new(file.name.clone(), digest.clone())
        }
    }
}

fn decode(settings: &Prepare, file: &SourceFile) -> Result<Decoded, Error> {
    let decoded = if file.key.ends_with("images") {
        let mut images: Idx<3> = idx::read(&file.path)?;
        if settings.idx.transpose {
            images.transpose();
        }
        Decoded::Images(images)
    } else {
        Decoded::Labels(idx::read(&file.path)?)
    };
    let digest = match &decoded {
        Decoded::Images(images) => &images.file,
        Decoded::Labels(labels) => &labels.file,
    };
    check_pinned(settings, file, digest)?;
    Ok(decoded)
}

/// Decodes the files. The training images are most of the work and a gzip stream can't be split, so
/// they have their own thread and the other files share one.
fn decode_all(
    settings: &Prepare,
    files: &[SourceFile],
    threads: usize,
) -> Vec<Result<Decoded, Error>> {
    let decode = |file| decode(settings, file);
    match files.split_first() {
        Some((first, others)) if threads > 1 => std::thread::scope(|scope| {
            let others = scope.spawn(move || others.iter().map(decode).collect::<Vec<_>>());
            let mut decoded = vec![decode(first)];
            decoded.extend(
                others
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            );
            decoded
        }),
        _ => files.iter().map(decode).collect(),
    }
}

/// Warns of pictures that are probably stored transposed, by their names: the pixels don't show it.
fn warn_of_transposed(settings: &Prepare, files: &[SourceFile]) {
    let is_emnist = |file: &&SourceFile| {
        let end: PathBuf = file.path.iter().rev().take(2).collect();
        let names = end.to_string_lossy().to_lowercase();
        // FEMNIST, another dataset, is stored upright.
        let mut places = names.match_indices("emnist");
        places.any(|(at, _)| !names[..at].ends_with('f'))
    };
    if !settings.idx.transpose
        && let Some(file) = files.iter().find(is_emnist)
    {
        log::warn!(
            "`{}` is EMNIST by its name, which stores rows for columns: if `preview.png` shows \
             letters on their side, set `prepare.idx.transpose` to true",
            file.path.display()
        );
    }
}
