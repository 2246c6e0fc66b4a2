//! Images of `--samples`: a samples file, arrays of other programs, or a folder of pictures.

use crate::images::Images;
use crate::inputs::digest;
use crate::{Args, Error};
use dcgan_artifacts::{Artifact, DatasetInfo, FileRecord, FolderDigest, ForeignReading, Samples};
use dcgan_hints::{printable, text_of};
use dcgan_pictures::{
    Conversion, Crop, LabelTable, MAX_FILE_BYTES, Reason, Refusal, decode, inspect, read_file,
};
use dcgan_stage::{Failure, Progress};
use rayon::prelude::*;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use walkdir::WalkDir;

/// A file of a folder.
#[derive(Debug)]
struct Entry {
    path: PathBuf,
    /// The relative path, and the same as text with slashes.
    below: PathBuf,
    name: String,
}

/// Name, size and hash of the files of `--samples` and of the table of classes.
pub(crate) fn records(path: &Path, labels: Option<&Path>) -> Result<Vec<FileRecord>, Failure> {
    let mut records = Vec::new();
    if path.is_dir() {
        let mut digest = FolderDigest::default();
        for entry in entries(path, labels)? {
            let bytes = bytes(&entry.path).map_err(Failure::input)?;
            digest.add(
                &entry.below,
                bytes.len() as u64,
                &Sha256::digest(&bytes).into(),
            );
        }
        let name = path.file_name().map_or("samples".into(), text_of);
        records.push(digest.record(name));
    } else {
        records.push(digest::record(path, Artifact::Samples)?);
    }
    if let Some(labels) = labels {
        records.push(digest::record(labels, Artifact::Other)?);
    }
    Ok(records)
}

/// Reads the images: from a file in any size, from a folder in the dataset's size. Labels are
/// unchecked.
pub(crate) fn read(
    args: &Args,
    path: &Path,
    dataset: &Path,
    info: &DatasetInfo,
) -> Result<Images, Failure> {
    if path.is_dir() {
        let folder = Folder {
            path,
            dataset,
            info,
            labels: args.samples_labels.as_deref(),
        };
        return folder.images(args.common.quiet);
    }
    if args.samples_labels.is_some() {
        let path = path.to_owned();
        return Err(Failure::usage(Error::LabelsOfFile { path }));
    }
    let reading = ForeignReading {
        size: Some([info.height, info.width, info.channels]),
        range: args.samples_range,
    };
    let (samples, told) = Samples::read_any(path, &reading)?;
    for told in told {
        log::info!("`{}`: {told}", path.display());
    }
    Ok(Images {
        n: samples.n,
        shape: [samples.height, samples.width, samples.channels],
        pixels: samples.images,
        labels: samples.labels,
    })
}

/// The files below a folder except hidden ones and the table of classes, sorted by name.
fn entries(folder: &Path, labels: Option<&Path>) -> Result<Vec<Entry>, Failure> {
    let table = labels.and_then(|labels| labels.canonicalize().ok());
    let is_table = |path: &Path| {
        table.as_ref().is_some_and(|table| {
            path.file_name() == table.file_name()
                && path.canonicalize().ok().as_ref() == Some(table)
        })
    };
    let is_shown = |entry: &walkdir::DirEntry| {
        entry.depth() == 0 || !entry.file_name().as_encoded_bytes().starts_with(b".")
    };
    let mut entries = Vec::new();
    let walk = WalkDir::new(folder).follow_links(true).into_iter();
    for found in walk.filter_entry(is_shown) {
        let found = found.map_err(|error| {
            let path = error.path().unwrap_or(folder).to_owned();
            let source = error.into();
            Failure::input(Error::Pictures { path, source })
        })?;
        if found.file_type().is_dir() || is_table(found.path()) {
            continue;
        }
        let path = found.into_path();
        let below = path.strip_prefix(folder).unwrap_or(&path).to_owned();
        let name = slashed(&below);
        entries.push(Entry { path, below, name });
    }
    entries.sort_by(|a, b| (&a.name, &a.below).cmp(&(&b.name, &b.below)));
    Ok(entries)
}

fn slashed(path: &Path) -> String {
    let parts = path.components().map(|part| text_of(part.as_os_str()));
    parts.collect::<Vec<_>>().join("/")
}

/// Reads a picture's file.
fn bytes(path: &Path) -> Result<Vec<u8>, Error> {
    let read = read_file(path).map_err(|source| {
        let path = path.to_owned();
        Error::Pictures { path, source }
    })?;
    read.ok_or_else(|| Error::Unusable {
        path: path.to_owned(),
        source: Refusal {
            reason: Reason::TooLarge,
            detail: format!("more than {MAX_FILE_BYTES} bytes"),
        },
    })
}

/// A folder of pictures, and the dataset that they must fit.
struct Folder<'a> {
    path: &'a Path,
    dataset: &'a Path,
    info: &'a DatasetInfo,
    /// Table of the pictures' classes.
    labels: Option<&'a Path>,
}

impl Folder<'_> {
    fn images(&self, quiet: bool) -> Result<Images, Failure> {
        let entries = entries(self.path, self.labels)?;
        let progress = Progress::new("samples", entries.len() as u64, quiet);
        let done = AtomicU64::new(0);
        let decoded = entries.par_iter().map(|entry| {
            let pixels = self.pixels(entry)?;
            progress.set(1 + done.fetch_add(1, Ordering::Relaxed), "");
            Ok(pixels)
        });
        let decoded: Vec<Option<Vec<u8>>> = decoded
            .collect::<Result<_, Error>>()
            .map_err(Failure::input)?;
        progress.finish();
        let (mut pixels, mut pictures) = (Vec::new(), Vec::new());
        for (entry, decoded) in entries.iter().zip(decoded) {
            if let Some(decoded) = decoded {
                pixels.extend(decoded);
                pictures.push(entry);
            }
        }
        let others = entries.len() - pictures.len();
        if others > 0 {
            let path = self.path.display();
            log::warn!("`{path}`: {others} files are ignored, as they are not pictures");
        }
        let info = self.info;
        Ok(Images {
            n: pictures.len(),
            shape: [info.height, info.width, info.channels],
            pixels,
            labels: self.classes(&pictures)?,
        })
    }

    /// The pixels of a picture, which must have the dataset's size; `None` if the file is not a
    /// picture.
    fn pixels(&self, entry: &Entry) -> Result<Option<Vec<u8>>, Error> {
        let &DatasetInfo {
            height,
            width,
            channels,
            ..
        } = self.info;
        let path = || entry.path.clone();
        let unusable = |source| Error::Unusable {
            path: path(),
            source,
        };
        let bytes = bytes(&entry.path)?;
        let header = match inspect(&bytes, &entry.path) {
            Err(refusal) if refusal.reason == Reason::NotAPicture => return Ok(None),
            header => header.map_err(unusable)?,
        };
        let got = header.size().map(|side| side as usize);
        if got != [height, width] {
            return Err(Error::PictureSize {
                path: path(),
                dataset: self.dataset.to_owned(),
                expected: [height, width],
                got,
            });
        }
        // Not cropped, resized or turned.
        let conversion = Conversion {
            height,
            width,
            channels: 3,
            crop: Crop::Cover,
            orientation: false,
            ..Conversion::default()
        };
        let pixels = decode(&bytes, &header, &conversion)
            .map_err(unusable)?
            .pixels;
        if channels == 3 {
            return Ok(Some(pixels));
        }
        let (colours, _) = pixels.as_chunks::<3>();
        let grey = colours
            .iter()
            .map(|&[red, green, blue]| (red == green && green == blue).then_some(red));
        let grey: Option<Vec<u8>> = grey.collect();
        let coloured = || Error::Coloured {
            path: path(),
            dataset: self.dataset.to_owned(),
        };
        Ok(Some(grey.ok_or_else(coloured)?))
    }

    /// The class of each picture, from the table or the sub-folders; `None` if there are neither,
    /// or if the dataset has no classes.
    fn classes(&self, pictures: &[&Entry]) -> Result<Option<Vec<u8>>, Failure> {
        let names: Vec<Option<String>> = if let Some(path) = self.labels {
            if self.info.class_names.is_empty() {
                let (path, other) = (path.to_owned(), self.dataset.to_owned());
                return Err(Failure::input(Error::Labels {
                    path,
                    labelled: true,
                    other,
                }));
            }
            let table = LabelTable::read(path).map_err(|e| Failure::input(Error::from(e)))?;
            let of = |entry: &&Entry| {
                let row = table.row_of([&entry.name, &entry.name]);
                row.map(|(_, label)| label.to_owned())
            };
            let names: Vec<Option<String>> = pictures.iter().map(of).collect();
            if names.iter().all(Option::is_none) {
                let all: Vec<&str> = pictures.iter().map(|entry| entry.name.as_str()).collect();
                if let Some(error) = table.matches_nothing(path, &all) {
                    return Err(Failure::input(Error::from(error)));
                }
            }
            names
        } else {
            pictures
                .iter()
                .map(|entry| folder_of(&entry.below))
                .collect()
        };
        let is_sorted = self.labels.is_some() || names.iter().any(Option::is_some);
        if self.info.class_names.is_empty() || !is_sorted {
            return Ok(None);
        }
        if let Some(at) = names.iter().position(Option::is_none) {
            return Err(Failure::input(Error::NoClass {
                path: pictures[at].path.clone(),
                table: self.labels.map(Path::to_owned),
            }));
        }
        self.numbers(&names.into_iter().flatten().collect::<Vec<_>>())
            .map(Some)
    }

    /// Resolves names of classes to numbers. If none is a name of the dataset and all are numbers
    /// of classes, they are the numbers.
    fn numbers(&self, names: &[String]) -> Result<Vec<u8>, Failure> {
        let known = &self.info.class_names;
        let found: BTreeSet<&String> = names.iter().collect();
        let by_name = |name: &String| known.iter().position(|known| known == name);
        let by_number = |name: &String| name.parse().ok().filter(|&n: &usize| n < known.len());
        let are_numbers = found
            .iter()
            .all(|name| by_name(name).is_none() && by_number(name).is_some());
        if are_numbers && !found.is_empty() {
            let of = |name: &&String| {
                let class = by_number(name).map(|n| known[n].as_str());
                format!("{name} for {}", printable(class.unwrap_or_default()))
            };
            let pairs: Vec<String> = found.iter().take(10).map(of).collect();
            let path = self.path.display();
            log::info!("`{path}`: classes by their numbers, {}", pairs.join(", "));
        }
        let number = |name: &String| {
            let number = if are_numbers {
                by_number(name)
            } else {
                by_name(name)
            };
            let number = number.and_then(|n| u8::try_from(n).ok());
            number.ok_or_else(|| {
                Failure::input(Error::UnknownClass {
                    path: self.labels.unwrap_or(self.path).to_owned(),
                    class: name.clone(),
                    dataset: self.dataset.to_owned(),
                    expected: known.clone(),
                })
            })
        };
        names.iter().map(number).collect()
    }
}

/// The first folder in the path of a picture.
fn folder_of(below: &Path) -> Option<String> {
    let mut components = below.components();
    match (components.next(), components.next()) {
        (Some(Component::Normal(folder)), Some(_)) => Some(text_of(folder)),
        _ => None,
    }
}
