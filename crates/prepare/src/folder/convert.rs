//! The second pass: decodes every picture to its place in the dataset.

use super::conversion::conversion;
use super::picture::{Picture, Refused, nothing_left, refuse_if_strict, refused_by};
use super::scan::Scan;
use super::similar::{Thumbnail, near_duplicates};
use super::walk::{Root, file_finding};
use super::work::Work;
use crate::Error;
use crate::audit::{Finding, Kind, PixelStats, finding};
use crate::contents::{Contents, Members, Origin};
use dcgan_artifacts::{DatasetInfo, DatasetWriter, Kept, Part};
use dcgan_pictures::{Decoded, decode};
use dcgan_settings::Prepare;
use dcgan_stage::Failure;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// The result of the second pass.
#[derive(Debug)]
pub(crate) struct Converted {
    pub(crate) contents: Contents,
    pub(crate) kept: BTreeMap<Part, Kept>,
    pub(crate) stats: BTreeMap<Part, Vec<PixelStats>>,
    /// All findings except those of the audit.
    pub(crate) findings: Vec<Finding>,
}

/// The statistics of an image of the dataset.
struct Seen {
    stats: PixelStats,
    thumbnail: Thumbnail,
    odd_end: Option<String>,
}

/// A picture and its index in the dataset's part.
type Task<'a> = (Part, usize, &'a Picture);

/// Decodes every picture of `scan` into `dataset`, which has space for each.
///
/// # Errors
/// [`Failure::Input`] for a file that has changed since it was hashed, if no image is left to train
/// on, and with `strict` for the first damaged one; [`Failure::Output`] if writing fails.
pub(crate) fn convert(
    settings: &Prepare,
    scan: &Scan,
    dataset: &DatasetWriter,
    work: &Work<'_>,
) -> Result<Converted, Failure> {
    let parts = scan.pictures.iter();
    let tasks: Vec<Task<'_>> = parts
        .flat_map(|(part, pictures)| pictures.iter().enumerate().map(|(at, p)| (*part, at, p)))
        .collect();
    let seen = work.each("decode", &tasks, |task| {
        see((settings, &scan.roots), *task, dataset, work)
    })?;
    let mut gathered = Gathered {
        findings: scan.findings.clone(),
        is_labelled: !scan.info.class_names.is_empty(),
        ..Gathered::default()
    };
    for (task, seen) in tasks.iter().zip(seen) {
        gathered.add(*task, seen);
    }
    gathered.findings.sort();
    refuse_if_strict(settings, &gathered.findings)?;
    if !gathered.kept.contains_key(&Part::Train) {
        let places = gathered.kept.get(&Part::Test).into_iter();
        let places = places.flat_map(|kept| &kept.places);
        let test = places.filter_map(|at| scan.pictures.get(&Part::Test)?.get(*at as usize));
        return Err(nothing_left(
            settings,
            &scan.roots,
            scan.n_files,
            test,
            &gathered.findings,
        ));
    }
    Ok(gathered.converted(&scan.info))
}

/// Decodes one picture to its place.
fn see(
    (settings, roots): (&Prepare, &[Root]),
    (part, place, picture): Task<'_>,
    dataset: &DatasetWriter,
    work: &Work<'_>,
) -> Result<Result<Seen, Refused>, Failure> {
    let _share = work.take(picture.header.memory());
    let Decoded { pixels, odd_end } = match decoded(settings, roots, picture)? {
        Ok(decoded) => decoded,
        Err(refusal) => return Ok(Err(refusal)),
    };
    dataset
        .write_image(part, place, &pixels)
        .map_err(Failure::output)?;
    let (height, width) = (settings.pictures.height, settings.pictures.width);
    Ok(Ok(Seen {
        stats: PixelStats::of(&pixels),
        thumbnail: Thumbnail::of(&pixels, height, width, settings.pictures.channels),
        odd_end,
    }))
}

/// Data collected from the pictures, in order.
#[derive(Default)]
struct Gathered {
    findings: Vec<Finding>,
    is_labelled: bool,
    kept: BTreeMap<Part, Kept>,
    names: BTreeMap<Part, Vec<String>>,
    stats: BTreeMap<Part, Vec<PixelStats>>,
    thumbnails: Vec<(Part, usize, Thumbnail)>,
}

impl Gathered {
    fn add(&mut self, (part, place, picture): Task<'_>, seen: Result<Seen, Refused>) {
        let mut find = |kind, detail| {
            let finding = file_finding(part, kind, picture.name.clone(), detail);
            self.findings.push(finding);
        };
        let seen = match seen {
            Ok(seen) => seen,
            Err((kind, detail)) => return find(kind, detail),
        };
        if let Some(detail) = seen.odd_end {
            find(Kind::OddEnd, detail);
        }
        let is_labelled = self.is_labelled;
        let kept = self.kept.entry(part).or_insert_with(|| Kept {
            places: Vec::new(),
            labels: is_labelled.then(Vec::new),
        });
        if let (Some(labels), Some(class)) = (&mut kept.labels, picture.class) {
            labels.push(class);
        }
        kept.places.push(u32::try_from(place).unwrap_or(u32::MAX));
        let of_part = self.stats.entry(part).or_default();
        self.thumbnails.push((part, of_part.len(), seen.thumbnail));
        of_part.push(seen.stats);
        self.names
            .entry(part)
            .or_default()
            .push(picture.name.clone());
    }

    fn converted(self, info: &DatasetInfo) -> Converted {
        let members = |(part, names): (Part, Vec<String>)| {
            let members = Members {
                n: names.len(),
                labels: self.kept[&part].labels.clone(),
                origin: Origin::Files(names),
            };
            (part, members)
        };
        let contents = Contents {
            info: info.clone(),
            parts: self.names.into_iter().map(members).collect(),
        };
        let mut findings = self.findings;
        findings.extend(near(&contents, &self.stats, &self.thumbnails));
        Converted {
            contents,
            kept: self.kept,
            stats: self.stats,
            findings,
        }
    }
}

/// Decodes a picture; its bytes must have the hash of the first pass.
fn decoded(
    settings: &Prepare,
    roots: &[Root],
    picture: &Picture,
) -> Result<Result<Decoded, Refused>, Failure> {
    let changed = || {
        Failure::input(Error::Changed {
            path: picture.path.clone(),
        })
    };
    let bytes = roots[picture.root]
        .read(picture.member, &picture.path)
        .ok()
        .flatten()
        .ok_or_else(changed)?;
    if Sha256::digest(&bytes).as_slice() != picture.sha256 {
        return Err(changed());
    }
    Ok(decode(&bytes, &picture.header, &conversion(&settings.pictures)).map_err(refused_by))
}

/// Near duplicates, without blank and equal images, which the audit reports.
fn near(
    contents: &Contents,
    stats: &BTreeMap<Part, Vec<PixelStats>>,
    thumbnails: &[(Part, usize, Thumbnail)],
) -> Vec<Finding> {
    let mut digests = BTreeSet::new();
    let eligible: Vec<&(Part, usize, Thumbnail)> = thumbnails
        .iter()
        .filter(|(part, at, _)| {
            let image = &stats[part][*at];
            !image.is_blank() && digests.insert(image.digest)
        })
        .collect();
    let only: Vec<Thumbnail> = eligible
        .iter()
        .map(|(_, _, thumbnail)| *thumbnail)
        .collect();
    near_duplicates(&only)
        .into_iter()
        .map(|(image_idx, earlier, bits)| {
            let (part, at, _) = eligible[image_idx];
            let (other, first, _) = eligible[earlier];
            let first = contents.parts[other].origin.describe(*first);
            let detail = format!("{bits} of 64 bits differ from {first} in {other}");
            finding(contents, *part, *at, Kind::NearDuplicate, detail)
        })
        .collect()
}
