//! The labels of IDX files: from numbers to classes.

use crate::Error;
use crate::idx::Idx;
use dcgan_artifacts::Part;
use dcgan_settings::Prepare;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// The label files of both parts.
pub(crate) type LabelFiles = BTreeMap<Part, (PathBuf, Idx<1>)>;

/// Converts labels, which start at the setting's first one, to class numbers.
///
/// # Errors
/// [`Error::LabelBelow`].
pub(crate) fn count_from_zero(settings: &Prepare, labels: &mut LabelFiles) -> Result<(), Error> {
    let first = first_label(settings);
    for (path, labels) in labels.values_mut() {
        for (image_idx, label) in labels.values.iter_mut().enumerate() {
            *label = label.checked_sub(first).ok_or_else(|| Error::LabelBelow {
                path: path.clone(),
                image_idx,
                label: *label,
                first,
            })?;
        }
    }
    Ok(())
}

/// Whether the labels are exactly the numbers from 1 to the largest.
fn count_from_one(labels: &LabelFiles) -> bool {
    let values = labels.values().flat_map(|(_, labels)| &labels.values);
    let distinct: BTreeSet<u8> = values.copied().collect();
    distinct.first() == Some(&1)
        && distinct.last().map(|last| usize::from(*last)) == Some(distinct.len())
}

/// The given names, which must cover every class, or the labels from the first to the largest.
///
/// # Errors
/// [`Error::Label`].
pub(crate) fn class_names(settings: &Prepare, labels: &LabelFiles) -> Result<Vec<String>, Error> {
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
fn check_classes(settings: &Prepare, labels: &LabelFiles, from_one: bool) -> Result<(), Error> {
    let (first, classes) = (first_label(settings), settings.class_names.len());
    for (path, labels) in labels.values() {
        let beyond = labels
            .values
            .iter()
            .position(|class| usize::from(*class) >= classes);
        if let Some(image_idx) = beyond {
            let label = first + labels.values[image_idx];
            return Err(Error::Label {
                path: path.clone(),
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

/// The label of class 0, below 256 by the settings' range.
fn first_label(settings: &Prepare) -> u8 {
    u8::try_from(settings.idx.first_label).unwrap_or(u8::MAX)
}
