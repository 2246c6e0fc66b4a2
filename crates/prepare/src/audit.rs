//! The audit of a dataset: totals for `audit.json`, a row per finding for `audit.csv`.

use crate::Error;
use crate::contents::{Contents, Members, Origin};
use dcgan_artifacts::{Part, csv_rows};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Name of the table of findings.
pub(crate) const TABLE: &str = "audit.csv";

/// A finding about an image, file or class.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    pub(crate) part: Part,
    /// Index in the source; `None` if the source has one image, or the finding is not about an
    /// image.
    pub(crate) index: Option<usize>,
    pub(crate) kind: Kind,
    pub(crate) source: String,
    pub(crate) detail: String,
}

/// The kind of finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// All pixels have one value.
    Blank,
    /// The same pixels as an earlier image of the part.
    Duplicate,
    /// The same pixels as an image of another, earlier part.
    InOtherPart,
    /// Nearly the same as an earlier image.
    NearDuplicate,
    /// A class without images.
    EmptyClass,
    /// A picture whose file extension is of another format.
    WrongExtension,
    /// A picture with bytes after its end, or without an end marker, whose pixels are complete.
    OddEnd,
    /// A row of the table of labels without a picture.
    NoPicture,
    /// A file that is not a picture, neither by content nor by name: ignored.
    NotAPicture,
    /// A picture without a class: skipped.
    NoClass,
    /// A file or folder that could not be read: skipped.
    Unreadable,
    /// A link to a folder that contains it: skipped.
    LinkLoop,
    /// A picture of an unsupported format: skipped.
    Unsupported,
    /// A picture above the limits of pixels or bytes: skipped.
    TooLarge,
    /// A picture that could not be decoded: skipped.
    Damaged,
}

impl Kind {
    const ALL: [Kind; 15] = [
        Kind::Blank,
        Kind::Duplicate,
        Kind::InOtherPart,
        Kind::NearDuplicate,
        Kind::EmptyClass,
        Kind::WrongExtension,
        Kind::OddEnd,
        Kind::NoPicture,
        Kind::NotAPicture,
        Kind::NoClass,
        Kind::Unreadable,
        Kind::LinkLoop,
        Kind::Unsupported,
        Kind::TooLarge,
        Kind::Damaged,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Blank => "blank",
            Kind::Duplicate => "duplicate",
            Kind::InOtherPart => "in_other_part",
            Kind::NearDuplicate => "near_duplicate",
            Kind::EmptyClass => "empty_class",
            Kind::WrongExtension => "wrong_extension",
            Kind::OddEnd => "odd_end",
            Kind::NoPicture => "no_picture",
            Kind::NotAPicture => "not_a_picture",
            Kind::NoClass => "no_class",
            Kind::Unreadable => "unreadable",
            Kind::LinkLoop => "link_loop",
            Kind::Unsupported => "unsupported",
            Kind::TooLarge => "too_large",
            Kind::Damaged => "damaged",
        }
    }

    /// Whether a file that should have become an image did not.
    pub(crate) fn is_skipped(self) -> bool {
        self >= Kind::NoClass
    }
}

/// Statistics of an image's pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PixelStats {
    min: u8,
    max: u8,
    sum: u64,
    /// Half of the SHA-256 of the pixels, to compare images.
    pub(crate) digest: u128,
}

impl PixelStats {
    /// Computes the statistics of one image.
    pub(crate) fn of(pixels: &[u8]) -> Self {
        let (min, max) = pixels
            .iter()
            .fold((u8::MAX, u8::MIN), |(low, high), value| {
                (low.min(*value), high.max(*value))
            });
        let mut half = [0; 16];
        half.copy_from_slice(&Sha256::digest(pixels)[..16]);
        Self {
            min,
            max,
            sum: sum_of(pixels),
            digest: u128::from_be_bytes(half),
        }
    }

    /// Whether all pixels have one value.
    pub(crate) fn is_blank(&self) -> bool {
        self.min == self.max
    }
}

/// The totals of one part.
#[derive(Debug, PartialEq)]
pub(crate) struct Totals {
    pub(crate) images: usize,
    /// Images of each class; `None` without labels.
    pub(crate) per_class: Option<Vec<usize>>,
    /// Smallest value of all pixels.
    pub(crate) min: u8,
    pub(crate) max: u8,
    pub(crate) mean: f64,
}

/// The audit of a dataset.
#[derive(Debug)]
pub(crate) struct Audit {
    pub(crate) totals: BTreeMap<Part, Totals>,
    /// Sorted by part, index and kind.
    pub(crate) findings: Vec<Finding>,
    /// For two parts, the number of images of the first that are also in the second.
    shared: BTreeMap<(Part, Part), usize>,
}

/// Makes the audit from the statistics of every image and earlier findings.
pub(crate) fn audit(
    contents: &Contents,
    stats: &BTreeMap<Part, Vec<PixelStats>>,
    found: Vec<Finding>,
) -> Audit {
    let mut audit = Audit {
        totals: BTreeMap::new(),
        findings: found,
        shared: BTreeMap::new(),
    };
    let mut hashes = Vec::with_capacity(stats.values().map(Vec::len).sum());
    for (part, members) in &contents.parts {
        let stats = stats.get(part).map(Vec::as_slice).unwrap_or_default();
        let totals = totals(contents, members, stats);
        for (image_idx, image) in stats.iter().enumerate() {
            if image.is_blank() {
                let detail = format!("every value is {}", image.min);
                audit
                    .findings
                    .push(finding(contents, *part, image_idx, Kind::Blank, detail));
            }
            hashes.push((image.digest, *part, image_idx));
        }
        let counts = totals.per_class.iter().flatten();
        for (class, _) in counts.enumerate().filter(|(_, count)| **count == 0) {
            audit.findings.push(Finding {
                part: *part,
                index: None,
                kind: Kind::EmptyClass,
                source: members.origin.source(None).to_owned(),
                detail: format!("no image of class `{}`", contents.info.class_names[class]),
            });
        }
        audit.totals.insert(*part, totals);
        for earlier in contents.parts.keys().filter(|earlier| *earlier < part) {
            audit.shared.insert((*part, *earlier), 0);
        }
    }
    hashes.sort_unstable();
    for equal in hashes
        .chunk_by(|a, b| a.0 == b.0)
        .filter(|equal| equal.len() > 1)
    {
        report(contents, equal, &mut audit);
    }
    audit.findings.sort();
    audit
}

/// An image: the hash of its pixels, its part and its index there.
type Hashed = (u128, Part, usize);

fn totals(contents: &Contents, members: &Members, stats: &[PixelStats]) -> Totals {
    let per_class = members.labels.as_ref().map(|labels| {
        let mut counts = vec![0; contents.info.class_names.len()];
        for label in labels {
            counts[usize::from(*label)] += 1;
        }
        counts
    });
    let sum: u64 = stats.iter().map(|image| image.sum).sum();
    let values = members.n * contents.info.image_len();
    Totals {
        images: members.n,
        per_class,
        min: stats.iter().map(|image| image.min).min().unwrap_or(u8::MAX),
        max: stats.iter().map(|image| image.max).max().unwrap_or(u8::MIN),
        mean: sum as f64 / values.max(1) as f64,
    }
}

/// Sum of the values, in lanes wide enough for a block and narrow enough to be fast.
fn sum_of(image: &[u8]) -> u64 {
    let block_sum = |block: &[u8]| u64::from(block.iter().map(|v| u32::from(*v)).sum::<u32>());
    image.chunks(1 << 16).map(block_sum).sum()
}

/// Reports images with equal pixels: each against the first one in every part up to its own.
fn report(contents: &Contents, equal: &[Hashed], audit: &mut Audit) {
    let mut firsts: BTreeMap<Part, usize> = BTreeMap::new();
    for &(_, part, image_idx) in equal {
        for (other, first) in &firsts {
            let kind = if *other == part {
                Kind::Duplicate
            } else {
                Kind::InOtherPart
            };
            if let Some(count) = audit.shared.get_mut(&(part, *other)) {
                *count += 1;
            }
            let first_of = contents.parts[other].origin.describe(*first);
            let mut detail = format!("same pixels as {first_of} in {other}");
            let classes = (
                contents.class_of(part, image_idx),
                contents.class_of(*other, *first),
            );
            if let (Some(here), Some(there)) = classes
                && here != there
            {
                // Writing to a String can't fail.
                let _ = write!(detail, ", class `{here}` here and `{there}` there");
            }
            audit
                .findings
                .push(finding(contents, part, image_idx, kind, detail));
        }
        firsts.entry(part).or_insert(image_idx);
    }
}

/// A finding about one image of the dataset.
pub(crate) fn finding(
    contents: &Contents,
    part: Part,
    image_idx: usize,
    kind: Kind,
    detail: String,
) -> Finding {
    let origin = &contents.parts[&part].origin;
    Finding {
        part,
        index: origin.index(image_idx),
        kind,
        source: origin.source(Some(image_idx)).to_owned(),
        detail,
    }
}

impl Audit {
    /// Findings of one kind, in one part or in all.
    fn count(&self, kind: Kind, part: Option<Part>) -> usize {
        let fits =
            |found: &&Finding| found.kind == kind && part.is_none_or(|part| part == found.part);
        self.findings.iter().filter(fits).count()
    }

    /// Number of files that should have become images but did not.
    pub(crate) fn skipped(&self) -> usize {
        let skipped = |found: &&Finding| found.kind.is_skipped();
        self.findings.iter().filter(skipped).count()
    }

    /// Number of files that should have become images, whether they did or were skipped.
    pub(crate) fn wanted(&self) -> usize {
        let images: usize = self.totals.values().map(|totals| totals.images).sum();
        images + self.skipped()
    }

    /// Number of pictures of unsupported formats, by format and remedy.
    pub(crate) fn unsupported(&self) -> BTreeMap<&str, usize> {
        let mut formats = BTreeMap::new();
        for found in &self.findings {
            if found.kind == Kind::Unsupported {
                *formats.entry(found.detail.as_str()).or_default() += 1;
            }
        }
        formats
    }

    /// The totals for `audit.json`.
    pub(crate) fn json(&self, contents: &Contents) -> Value {
        let info = &contents.info;
        let parts: BTreeMap<&str, Value> = self
            .totals
            .iter()
            .map(|(part, totals)| {
                // Near duplicates are searched only among picture files.
                let is_of_files = matches!(contents.parts[part].origin, Origin::Files(_));
                let near_duplicates =
                    is_of_files.then(|| self.count(Kind::NearDuplicate, Some(*part)));
                let value = json!({
                    "images": totals.images,
                    "per_class": totals.per_class,
                    "min": totals.min,
                    "max": totals.max,
                    "mean": totals.mean,
                    "blank": self.count(Kind::Blank, Some(*part)),
                    "duplicates": self.count(Kind::Duplicate, Some(*part)),
                    "near_duplicates": near_duplicates,
                });
                (part.name(), value)
            })
            .collect();
        let shared: BTreeMap<String, usize> = self
            .shared
            .iter()
            .map(|((part, other), count)| (format!("{part}_in_{other}"), *count))
            .collect();
        json!({
            "name": info.name,
            "height": info.height,
            "width": info.width,
            "channels": info.channels,
            "class_names": info.class_names,
            "parts": parts,
            "duplicates_across_parts": shared,
            "skipped": self.skipped(),
            "findings": self.findings.len(),
        })
    }

    /// The table of findings.
    ///
    /// # Errors
    /// [`Error::Table`].
    pub(crate) fn csv(&self) -> Result<Vec<u8>, Error> {
        let failed = |source| Error::Table {
            name: TABLE,
            source,
        };
        let header = ["part", "source", "index", "finding", "detail"].map(Cow::from);
        let rows = self.findings.iter().map(|found| {
            let index = found.index.map(|index| index.to_string());
            [
                found.part.name().into(),
                found.source.as_str().into(),
                index.unwrap_or_default().into(),
                found.kind.name().into(),
                found.detail.as_str().into(),
            ]
        });
        csv_rows(std::iter::once(header).chain(rows)).map_err(failed)
    }

    /// The line for stdout.
    pub(crate) fn summary(&self) -> String {
        let counts: Vec<String> = Kind::ALL
            .iter()
            .map(|kind| (kind.name(), self.count(*kind, None)))
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| format!("{count} {name}"))
            .collect();
        if counts.is_empty() {
            "no findings".into()
        } else {
            counts.join(", ")
        }
    }
}
