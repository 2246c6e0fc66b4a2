//! The second pass: every picture decoded to its place in the dataset.

use super::similar::{Thumbnail, near_duplicates};
use super::walk::file_finding;
use super::{Picture, Refused, Scan, Work, nothing_left, refuse_if_strict, refused_by};
use crate::Error;
use crate::audit::{Finding, Kind, Look, finding};
use crate::contents::{Contents, Members, Origin};
use dcgan_artifacts::{DatasetWriter, Kept, Part};
use dcgan_pictures::{Decoded, decode, read_file};
use dcgan_settings::Prepare;
use dcgan_terminal::Failure;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// What became of the pictures.
#[derive(Debug)]
pub(crate) struct Converted {
    pub(crate) contents: Contents,
    pub(crate) kept: BTreeMap<Part, Kept>,
    pub(crate) looks: BTreeMap<Part, Vec<Look>>,
    /// All findings but those of the audit.
    pub(crate) findings: Vec<Finding>,
}

/// An image of the dataset, seen once.
struct Seen {
    look: Look,
    thumbnail: Thumbnail,
    odd_end: Option<String>,
}

/// Decodes every picture of `scan` into `dataset`, which has a place for each.
///
/// # Errors
/// [`Failure::Input`] for a file that has changed since it was hashed, if no image is left to train
/// on, and with `strict` for the first damaged one; [`Failure::Output`] when writing fails.
pub(crate) fn convert(
    settings: &Prepare,
    scan: Scan,
    dataset: &DatasetWriter,
    work: &Work<'_>,
) -> Result<Converted, Failure> {
    let tasks: Vec<(Part, usize, &Picture)> = scan
        .pictures
        .iter()
        .flat_map(|(part, pictures)| pictures.iter().enumerate().map(|(at, p)| (*part, at, p)))
        .collect();
    let seen = work.each("decode", &tasks, |&(part, place, picture)| {
        let _share = work.take(picture.header.memory());
        let Decoded { pixels, odd_end } = match decoded(settings, picture)? {
            Ok(decoded) => decoded,
            Err(refusal) => return Ok(Err(refusal)),
        };
        dataset
            .write_image(part, place, &pixels)
            .map_err(Failure::output)?;
        let (height, width) = (settings.pictures.height, settings.pictures.width);
        Ok(Ok(Seen {
            look: Look::at(&pixels),
            thumbnail: Thumbnail::of(&pixels, height, width, settings.pictures.channels),
            odd_end,
        }))
    })?;

    let mut findings = scan.findings;
    let mut kept: BTreeMap<Part, Kept> = BTreeMap::new();
    let mut names: BTreeMap<Part, Vec<String>> = BTreeMap::new();
    let mut looks: BTreeMap<Part, Vec<Look>> = BTreeMap::new();
    let mut thumbnails = Vec::with_capacity(tasks.len());
    let is_labelled = !scan.info.class_names.is_empty();
    for ((part, place, picture), seen) in tasks.iter().zip(seen) {
        let seen = match seen {
            Ok(seen) => seen,
            Err((kind, detail)) => {
                findings.push(file_finding(*part, kind, picture.name.clone(), detail));
                continue;
            }
        };
        findings.extend(
            seen.odd_end
                .map(|detail| file_finding(*part, Kind::OddEnd, picture.name.clone(), detail)),
        );
        let kept = kept.entry(*part).or_insert_with(|| Kept {
            places: Vec::new(),
            labels: is_labelled.then(Vec::new),
        });
        if let (Some(labels), Some(class)) = (&mut kept.labels, picture.class) {
            labels.push(class);
        }
        kept.places.push(u32::try_from(*place).unwrap_or(u32::MAX));
        let of_part = looks.entry(*part).or_default();
        thumbnails.push((*part, of_part.len(), seen.thumbnail));
        of_part.push(seen.look);
        names.entry(*part).or_default().push(picture.name.clone());
    }
    findings.sort();
    refuse_if_strict(settings, &findings)?;
    if !kept.contains_key(&Part::Train) {
        return Err(nothing_left(settings, tasks.len(), &findings));
    }
    let members = |(part, names): (Part, Vec<String>)| {
        let members = Members {
            n: names.len(),
            labels: kept[&part].labels.clone(),
            origin: Origin::Files(names),
        };
        (part, members)
    };
    let contents = Contents {
        info: scan.info,
        parts: names.into_iter().map(members).collect(),
    };
    findings.extend(near(&contents, &looks, &thumbnails));
    Ok(Converted {
        contents,
        kept,
        looks,
        findings,
    })
}

/// One picture as an image, whose bytes must be those that were hashed.
fn decoded(settings: &Prepare, picture: &Picture) -> Result<Result<Decoded, Refused>, Failure> {
    let changed = || {
        Failure::input(Error::Changed {
            path: picture.path.clone(),
        })
    };
    let bytes = read_file(&picture.path)
        .ok()
        .flatten()
        .ok_or_else(changed)?;
    if Sha256::digest(&bytes).as_slice() != picture.sha256 {
        return Err(changed());
    }
    Ok(decode(&bytes, &picture.header, &settings.pictures).map_err(refused_by))
}

/// Near duplicates; blank images and equal ones are findings of the audit already.
fn near(
    contents: &Contents,
    looks: &BTreeMap<Part, Vec<Look>>,
    thumbnails: &[(Part, usize, Thumbnail)],
) -> Vec<Finding> {
    let mut digests = BTreeSet::new();
    let eligible: Vec<&(Part, usize, Thumbnail)> = thumbnails
        .iter()
        .filter(|(part, at, _)| {
            let look = &looks[part][*at];
            !look.is_blank() && digests.insert(look.digest)
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
