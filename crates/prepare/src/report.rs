//! The stage's report of a dataset.

use crate::audit::{self, Audit};
use crate::contents::Contents;
use crate::forecast;
use dcgan_artifacts::{DatasetInfo, MissingFigure, Part};
use dcgan_hints::{printable, shown};
use dcgan_stage::Report;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// Number of images of each part, for `--json`.
pub(crate) fn part_counts(counts: &BTreeMap<Part, usize>) -> Value {
    counts.iter().map(|(part, n)| (part.name(), *n)).collect()
}

/// A line such as `60000 train, 10000 test, 28x28x1, 10 classes`.
pub(crate) fn describe(info: &DatasetInfo, counts: &BTreeMap<Part, usize>) -> String {
    let mut text = String::new();
    for (part, n) in counts {
        let _ = write!(text, "{n} {part}, ");
    }
    let (height, width, channels) = (info.height, info.width, info.channels);
    let _ = write!(text, "{height}x{width}x{channels}, ");
    let _ = match info.class_names.len() {
        0 => write!(text, "no labels"),
        1 => write!(text, "1 class"),
        classes => write!(text, "{classes} classes"),
    };
    text
}

/// The report of the dataset written as `dataset` into `folder`, with the figures that an
/// evaluation will be `missing`.
pub(crate) fn written(
    folder: &Path,
    dataset: &str,
    contents: &Contents,
    audit: &Audit,
    missing: &[MissingFigure],
) -> Report {
    let counts: BTreeMap<Part, usize> = contents
        .parts
        .iter()
        .map(|(part, members)| (*part, members.n))
        .collect();
    let table = folder.join(audit::TABLE);
    let skipped = audit.skipped();
    if skipped > 0 {
        warn_of_skipped(audit, skipped, &table);
    }
    let mut human = format!(
        "{}: {}\naudit: {}\n{}wrote {}",
        printable(&contents.info.name),
        describe(&contents.info, &counts),
        audit.summary(),
        forecast::told(missing),
        shown(folder.join(dataset))
    );
    // Repeated at the end, where users look.
    let wanted = audit.wanted();
    if skipped * 10 > wanted {
        let _ = write!(
            human,
            "\nmore than a tenth is missing: {skipped} of {wanted} files were skipped, `{}` names \
             each",
            shown(&table)
        );
    }
    Report::new(human)
        .with("parts", part_counts(&counts))
        .with("audit", audit.json(contents))
        .with("missing_figures", json!(missing))
}

fn warn_of_skipped(audit: &Audit, skipped: usize, table: &Path) {
    let files = if skipped == 1 {
        "file was"
    } else {
        "files were"
    };
    log::warn!("{skipped} {files} skipped: `{}` names each", shown(table));
    for (format, n) in audit.unsupported() {
        match n {
            1 => log::warn!("1 file is {format}"),
            n => log::warn!(
                "{n} files are {}",
                format.replace("convert it", "convert them")
            ),
        }
    }
}
