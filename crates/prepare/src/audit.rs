//! What a dataset holds, and what is odd about it: totals for `audit.json`, a row per finding for
//! `audit.csv`.

use crate::Error;
use crate::source::Loaded;
use dcgan_artifacts::{Part, PartData};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hasher};

/// Name of the table of findings.
pub(crate) const TABLE: &str = "audit.csv";

/// Something odd about one image or class.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    part: Part,
    /// Place in the source; `None` when the finding is not about one image.
    index: Option<usize>,
    kind: Kind,
    source: String,
    detail: String,
}

/// What is odd.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// All pixels have one value.
    Blank,
    /// The same pixels as an earlier image of the part.
    Duplicate,
    /// The same pixels as an image of an earlier part.
    InOtherPart,
    /// A class without images.
    EmptyClass,
}

impl Kind {
    const ALL: [Kind; 4] = [
        Kind::Blank,
        Kind::Duplicate,
        Kind::InOtherPart,
        Kind::EmptyClass,
    ];

    fn name(self) -> &'static str {
        match self {
            Kind::Blank => "blank",
            Kind::Duplicate => "duplicate",
            Kind::InOtherPart => "in_other_part",
            Kind::EmptyClass => "empty_class",
        }
    }
}

/// The totals of one part.
#[derive(Debug, PartialEq)]
pub(crate) struct Totals {
    pub(crate) images: usize,
    /// Images of each class; `None` without labels.
    pub(crate) per_class: Option<Vec<usize>>,
    /// Smallest, largest and mean value of all pixels.
    pub(crate) min: u8,
    pub(crate) max: u8,
    pub(crate) mean: f64,
}

/// Everything there is to say of a dataset.
#[derive(Debug)]
pub(crate) struct Audit {
    pub(crate) totals: BTreeMap<Part, Totals>,
    /// Sorted by part, place and kind.
    pub(crate) findings: Vec<Finding>,
    /// For two parts, the images of the first that are in the second, too.
    shared: BTreeMap<(Part, Part), usize>,
}

/// Looks at every image once.
pub(crate) fn audit(loaded: &Loaded) -> Audit {
    let mut audit = Audit {
        totals: BTreeMap::new(),
        findings: Vec::new(),
        shared: BTreeMap::new(),
    };
    let mut hashes = Vec::with_capacity(loaded.parts.values().map(|part| part.n).sum());
    for (part, data) in &loaded.parts {
        let totals = look_at(*part, data, loaded, &mut audit.findings, &mut hashes);
        audit.totals.insert(*part, totals);
        for earlier in loaded.parts.keys().filter(|earlier| *earlier < part) {
            audit.shared.insert((*part, *earlier), 0);
        }
    }
    compare(loaded, hashes, &mut audit);
    audit.findings.sort();
    audit
}

/// An image by the hash of its pixels, its part and its place there.
type Hashed = (u64, Part, usize);

/// Totals of one part; findings about single images and classes, and hashes, on the way.
fn look_at(
    part: Part,
    data: &PartData,
    loaded: &Loaded,
    findings: &mut Vec<Finding>,
    hashes: &mut Vec<Hashed>,
) -> Totals {
    let (mut min, mut max, mut sum) = (u8::MAX, u8::MIN, 0u64);
    for (image_idx, image) in data.images.chunks_exact(loaded.image_bytes()).enumerate() {
        let (darkest, brightest) = image.iter().fold((u8::MAX, u8::MIN), |(low, high), value| {
            (low.min(*value), high.max(*value))
        });
        if darkest == brightest {
            findings.push(finding(
                loaded,
                part,
                image_idx,
                Kind::Blank,
                format!("every value is {darkest}"),
            ));
        }
        (min, max) = (min.min(darkest), max.max(brightest));
        sum += sum_of(image);
        // Only a first sieve: pixels are compared before anything is called equal.
        let mut hasher = DefaultHasher::new();
        hasher.write(image);
        hashes.push((hasher.finish(), part, image_idx));
    }
    let per_class = data.labels.as_ref().map(|labels| {
        let mut counts = vec![0; loaded.class_names.len()];
        for label in labels {
            counts[usize::from(*label)] += 1;
        }
        counts
    });
    for (class, _) in per_class
        .iter()
        .flatten()
        .enumerate()
        .filter(|(_, count)| **count == 0)
    {
        findings.push(Finding {
            part,
            index: None,
            kind: Kind::EmptyClass,
            source: loaded.origins[&part].source.clone(),
            detail: format!("no image of class `{}`", loaded.class_names[class]),
        });
    }
    let mean = sum as f64 / data.images.len().max(1) as f64;
    Totals {
        images: data.n,
        per_class,
        min,
        max,
        mean,
    }
}

/// Sum of the values, in lanes wide enough for a block and narrow enough to be quick.
fn sum_of(image: &[u8]) -> u64 {
    let block_sum = |block: &[u8]| u64::from(block.iter().map(|v| u32::from(*v)).sum::<u32>());
    image.chunks(1 << 16).map(block_sum).sum()
}

/// Finds equal images: those of equal hash lie together once sorted, in order of part and place.
fn compare(loaded: &Loaded, mut hashes: Vec<Hashed>, audit: &mut Audit) {
    hashes.sort_unstable();
    let image_bytes = loaded.image_bytes();
    let pixels = |(_, part, image_idx): &Hashed| {
        &loaded.parts[part].images[image_idx * image_bytes..][..image_bytes]
    };
    for same_hash in hashes
        .chunk_by(|a, b| a.0 == b.0)
        .filter(|group| group.len() > 1)
    {
        // Nearly always one kind of image; then each is compared once.
        let mut kinds: Vec<Vec<&Hashed>> = Vec::new();
        for image in same_hash {
            match kinds
                .iter_mut()
                .find(|equal| pixels(equal[0]) == pixels(image))
            {
                Some(equal) => equal.push(image),
                None => kinds.push(vec![image]),
            }
        }
        for equal in &kinds {
            report(loaded, equal, audit);
        }
    }
}

/// Reports images of equal pixels: each against the first of every part up to its own.
fn report(loaded: &Loaded, equal: &[&Hashed], audit: &mut Audit) {
    let mut firsts: BTreeMap<Part, usize> = BTreeMap::new();
    for (_, part, image_idx) in equal.iter().copied() {
        let (part, image_idx) = (*part, *image_idx);
        for (other, first) in &firsts {
            let kind = if *other == part {
                Kind::Duplicate
            } else {
                Kind::InOtherPart
            };
            if let Some(count) = audit.shared.get_mut(&(part, *other)) {
                *count += 1;
            }
            let origin = &loaded.origins[other];
            let mut detail = format!(
                "same pixels as image {} of `{}` in {other}",
                origin.index(*first),
                origin.source
            );
            let class_of = |part: Part, image_idx: usize| {
                let labels = loaded.parts[&part].labels.as_ref()?;
                loaded.class_names.get(usize::from(labels[image_idx]))
            };
            if let (Some(here), Some(there)) = (class_of(part, image_idx), class_of(*other, *first))
                && here != there
            {
                // Writing to a String can't fail.
                let _ = write!(detail, ", class `{here}` here and `{there}` there");
            }
            audit
                .findings
                .push(finding(loaded, part, image_idx, kind, detail));
        }
        firsts.entry(part).or_insert(image_idx);
    }
}

fn finding(loaded: &Loaded, part: Part, image_idx: usize, kind: Kind, detail: String) -> Finding {
    let origin = &loaded.origins[&part];
    let (index, source) = (Some(origin.index(image_idx)), origin.source.clone());
    Finding {
        part,
        index,
        kind,
        source,
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

    /// The totals, as they stand in `audit.json`.
    pub(crate) fn json(&self, name: &str, loaded: &Loaded) -> Value {
        let parts: BTreeMap<&str, Value> = self
            .totals
            .iter()
            .map(|(part, totals)| {
                let value = json!({
                    "images": totals.images,
                    "per_class": totals.per_class,
                    "min": totals.min,
                    "max": totals.max,
                    "mean": totals.mean,
                    "blank": self.count(Kind::Blank, Some(*part)),
                    "duplicates": self.count(Kind::Duplicate, Some(*part)),
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
            "name": name,
            "height": loaded.height,
            "width": loaded.width,
            "channels": loaded.channels,
            "class_names": loaded.class_names,
            "parts": parts,
            "duplicates_across_parts": shared,
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
        let mut table = csv::Writer::from_writer(Vec::new());
        table
            .write_record(["part", "source", "index", "finding", "detail"])
            .map_err(failed)?;
        for found in &self.findings {
            let index = found
                .index
                .map(|index| index.to_string())
                .unwrap_or_default();
            table
                .write_record([
                    found.part.name(),
                    &found.source,
                    &index,
                    found.kind.name(),
                    &found.detail,
                ])
                .map_err(failed)?;
        }
        table
            .into_inner()
            .map_err(|error| failed(error.into_error().into()))
    }

    /// One line for the terminal.
    pub(crate) fn summary(&self) -> String {
        let counts: Vec<String> = Kind::ALL
            .iter()
            .map(|kind| (kind.name(), self.count(*kind, None)))
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| format!("{count} {name}"))
            .collect();
        if counts.is_empty() {
            "nothing odd".into()
        } else {
            counts.join(", ")
        }
    }
}
