//! From the settings to images in memory: which files, what they must agree on, which parts.

use crate::contents::{Contents, Members, Origin};
use crate::idx::{self, Idx};
use crate::{Error, synthetic, validation};
use dcgan_artifacts::{DatasetInfo, FileDigest, Part, PartData, SourceRecord};
use dcgan_hints::text_of;
use dcgan_settings::{IdxFiles, Prepare, SourceKind};
use dcgan_terminal::Failure;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

/// A source file: its key in the pipeline, where it lies, and its name in everything written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceFile {
    pub(crate) key: &'static str,
    pub(crate) path: PathBuf,
    /// The path below the folder that all sources share, so that no machine's path is written.
    pub(crate) name: String,
}

/// All images, checked.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) class_names: Vec<String>,
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) channels: usize,
    pub(crate) sources: Vec<SourceRecord>,
    pub(crate) parts: BTreeMap<Part, PartData>,
    pub(crate) origins: BTreeMap<Part, Origin>,
}

impl Loaded {
    /// All but the pixels, under the dataset's `name`.
    pub(crate) fn contents(&self, name: &str) -> Contents {
        let members = |(part, data): (&Part, &PartData)| {
            let members = Members {
                n: data.n,
                labels: data.labels.clone(),
                origin: self.origins[part].clone(),
            };
            (*part, members)
        };
        Contents {
            info: DatasetInfo {
                name: name.into(),
                class_names: self.class_names.clone(),
                height: self.height,
                width: self.width,
                channels: self.channels,
                sources: self.sources.clone(),
            },
            parts: self.parts.iter().map(members).collect(),
        }
    }

    /// Bytes of one image.
    pub(crate) fn image_bytes(&self) -> usize {
        self.height * self.width * self.channels
    }
}

/// The IDX files in a fixed order; none for the other sources.
///
/// # Errors
/// [`Failure::Usage`] when the training images are not named.
pub(crate) fn files(settings: &Prepare) -> Result<Vec<SourceFile>, Failure> {
    if settings.source != SourceKind::Idx {
        return Ok(Vec::new());
    }
    // That labels and pins belong to files that are given, the settings have checked.
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
pub(crate) fn check_pinned(
    settings: &Prepare,
    file: &SourceFile,
    digest: &FileDigest,
) -> Result<(), Error> {
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

/// Reads the IDX files, or draws the synthetic pictures where there are none, on up to `threads` threads.
///
/// # Errors
/// [`Failure::Input`] for whatever is wrong with the files, [`Failure::Usage`] for a validation part
/// that the settings can't mean.
pub(crate) fn load(
    settings: &Prepare,
    files: &[SourceFile],
    threads: usize,
) -> Result<Loaded, Failure> {
    let mut loaded = if files.is_empty() {
        draw_synthetic(settings).map_err(Failure::usage)?
    } else {
        load_idx(settings, files, threads).map_err(Failure::input)?
    };
    if settings.validation > 0 {
        draw_validation(settings, &mut loaded).map_err(|error| match error {
            Error::ValidationShare { .. } => Failure::usage(error),
            _ => Failure::input(error),
        })?;
    }
    Ok(loaded)
}

fn draw_synthetic(settings: &Prepare) -> Result<Loaded, Error> {
    let synthetic = &settings.synthetic;
    let (expected, got) = (synthetic.classes, settings.class_names.len());
    if got != 0 && got != expected {
        return Err(Error::ClassNames { expected, got });
    }
    let mut parts = BTreeMap::from([(Part::Train, synthetic::train(synthetic, settings.seed))]);
    if let Some(test) = synthetic::test(synthetic, settings.seed) {
        parts.insert(Part::Test, test);
    }
    let origin = |_: &PartData| Origin::OneSource {
        source: "synthetic".into(),
        indices: None,
    };
    let origins = parts
        .iter()
        .map(|(part, data)| (*part, origin(data)))
        .collect();
    let class_names = if settings.class_names.is_empty() {
        (0..synthetic.classes)
            .map(|class| class.to_string())
            .collect()
    } else {
        settings.class_names.clone()
    };
    Ok(Loaded {
        class_names,
        height: synthetic.height,
        width: synthetic.width,
        channels: synthetic.channels,
        sources: Vec::new(),
        parts,
        origins,
    })
}

/// One decoded file.
enum Decoded {
    Images(Idx<3>),
    Labels(Idx<1>),
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

/// Decodes the files. The training images are most of the work, so they have a thread of their own
/// and the other files share one: a gzip stream can't be cut into pieces.
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

fn load_idx(settings: &Prepare, files: &[SourceFile], threads: usize) -> Result<Loaded, Error> {
    let mut images = BTreeMap::new();
    let mut labels = BTreeMap::new();
    let mut sources = Vec::new();
    for (file, decoded) in files.iter().zip(decode_all(settings, files, threads)) {
        let part = if file.key.starts_with("train") {
            Part::Train
        } else {
            Part::Test
        };
        let (digest, count) = match decoded? {
            Decoded::Images(decoded) => {
                let found = (decoded.file.clone(), decoded.sizes[0]);
                images.insert(part, (file, decoded));
                found
            }
            Decoded::Labels(decoded) => {
                let found = (decoded.file.clone(), decoded.sizes[0]);
                labels.insert(part, (file, decoded));
                found
            }
        };
        let FileDigest { bytes, sha256 } = digest;
        let count = Some(count as u64);
        sources.push(SourceRecord {
            name: file.name.clone(),
            bytes,
            sha256,
            count,
        });
    }

    count_from_zero(&mut labels, first_label(settings))?;
    let class_names = class_names(settings, &labels)?;
    warn_of_transposed(settings, files);
    let mut size: Option<(PathBuf, [usize; 2])> = None;
    let mut parts = BTreeMap::new();
    let mut origins = BTreeMap::new();
    for (part, (file, decoded)) in images {
        let [n, height, width] = decoded.sizes;
        let got = [height, width];
        let (train, expected) = size.get_or_insert_with(|| (file.path.clone(), got)).clone();
        if got != expected {
            return Err(Error::ImageSize {
                train,
                test: file.path.clone(),
                expected,
                got,
            });
        }
        let labels = match labels.remove(&part) {
            Some((label_file, decoded)) if decoded.values.len() != n => {
                return Err(Error::LabelCount {
                    images: file.path.clone(),
                    labels: label_file.path.clone(),
                    expected: n,
                    got: decoded.values.len(),
                });
            }
            labels => labels.map(|(_, decoded)| decoded.values),
        };
        parts.insert(
            part,
            PartData {
                images: decoded.values,
                labels,
                n,
            },
        );
        origins.insert(
            part,
            Origin::OneSource {
                source: file.name.clone(),
                indices: None,
            },
        );
    }
    let [height, width] = size.map_or([0, 0], |(_, size)| size);
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

/// The label files of both parts.
type LabelFiles<'a> = BTreeMap<Part, (&'a SourceFile, Idx<1>)>;

/// Makes class numbers of the labels, which count from `first`.
fn count_from_zero(labels: &mut LabelFiles<'_>, first: u8) -> Result<(), Error> {
    for (file, labels) in labels.values_mut() {
        for (image_idx, label) in labels.values.iter_mut().enumerate() {
            *label = label.checked_sub(first).ok_or_else(|| Error::LabelBelow {
                path: file.path.clone(),
                image_idx,
                label: *label,
                first,
            })?;
        }
    }
    Ok(())
}

/// Whether the labels are all the numbers from 1 to the largest, and nothing else.
fn count_from_one(labels: &LabelFiles<'_>) -> bool {
    let values = labels.values().flat_map(|(_, labels)| &labels.values);
    let distinct: BTreeSet<u8> = values.copied().collect();
    distinct.first() == Some(&1)
        && distinct.last().map(|last| usize::from(*last)) == Some(distinct.len())
}

/// The names given, which must cover every class; or the labels, from the first to the largest.
fn class_names(settings: &Prepare, labels: &LabelFiles<'_>) -> Result<Vec<String>, Error> {
    let largest = labels
        .values()
        .filter_map(|(_, labels)| labels.values.iter().max())
        .max();
    let Some(largest) = largest else {
        if !settings.class_names.is_empty() {
            log::warn!("`prepare.class_names` names classes, but there are no label files");
        }
        return Ok(Vec::new());
    };
    let first = first_label(settings);
    let from_one = first == 0 && count_from_one(labels);
    let classes = settings.class_names.len();
    if classes > 0 {
        check_classes(settings, labels, from_one)?;
    }
    if from_one {
        log::warn!(
            "the labels are 1 to {largest}, so that class 0 has no picture: if they count from 1, \
             set `prepare.idx.first_label` to 1"
        );
    }
    if classes > 0 {
        return Ok(settings.class_names.clone());
    }
    let labels = first..=first + largest;
    Ok(labels.map(|label| label.to_string()).collect())
}

/// Checks that every class has a name.
fn check_classes(settings: &Prepare, labels: &LabelFiles<'_>, from_one: bool) -> Result<(), Error> {
    let (first, classes) = (first_label(settings), settings.class_names.len());
    for (file, labels) in labels.values() {
        let beyond = labels
            .values
            .iter()
            .position(|class| usize::from(*class) >= classes);
        if let Some(image_idx) = beyond {
            let label = first + labels.values[image_idx];
            return Err(Error::Label {
                path: file.path.clone(),
                image_idx,
                label,
                first,
                classes,
                from_one: from_one && usize::from(label) == classes,
            });
        }
    }
    Ok(())
}

/// The label of class 0, which the settings keep below 256.
fn first_label(settings: &Prepare) -> u8 {
    u8::try_from(settings.idx.first_label).unwrap_or(u8::MAX)
}

/// Warns of pictures that are likely stored with rows for columns. Their names alone tell: a letter
/// that lies on its side is no less a picture.
fn warn_of_transposed(settings: &Prepare, files: &[SourceFile]) {
    let is_emnist = |file: &&SourceFile| {
        let end: PathBuf = file.path.iter().rev().take(2).collect();
        let names = end.to_string_lossy().to_lowercase();
        // FEMNIST, another data set, is stored upright.
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

fn draw_validation(settings: &Prepare, loaded: &mut Loaded) -> Result<(), Error> {
    let image_bytes = loaded.image_bytes();
    let (Some(train), Some(origin)) = (
        loaded.parts.get_mut(&Part::Train),
        loaded.origins.get_mut(&Part::Train),
    ) else {
        return Ok(());
    };
    let drawn = validation::draw(
        train.n,
        train.labels.as_deref(),
        &loaded.class_names,
        settings.validation,
        settings.seed,
    )?;
    let (validation, kept) = validation::split(train, &drawn, image_bytes);
    let source = origin.source(None).to_owned();
    *origin = Origin::OneSource {
        source: source.clone(),
        indices: Some(kept),
    };
    let of_validation = Origin::OneSource {
        source,
        indices: Some(drawn),
    };
    loaded.parts.insert(Part::Validation, validation);
    loaded.origins.insert(Part::Validation, of_validation);
    Ok(())
}

/// The deepest folder that holds all folders.
pub(crate) fn shared_folder<'a>(mut folders: impl Iterator<Item = &'a Path>) -> PathBuf {
    let first = folders.next().unwrap_or(Path::new("")).to_owned();
    folders.fold(first, |shared, folder| {
        let both = shared.components().zip(folder.components());
        both.take_while(|(a, b)| a == b)
            .map(|(component, _)| component)
            .collect()
    })
}

/// The path below `root` with `/` between its parts; the bare file name where it leads elsewhere.
fn name_below(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    let inside = below
        .components()
        .all(|component| matches!(component, Component::Normal(_)));
    let below = if inside {
        below
    } else {
        Path::new(path.file_name().unwrap_or_default())
    };
    let parts = below.components().map(|part| text_of(part.as_os_str()));
    parts.collect::<Vec<_>>().join("/")
}
