//! Warnings about folders that probably don't have the layout of the settings.

use super::picture::Sound;
use dcgan_hints::text_of;
use dcgan_settings::{Labels, Prepare, SourceKind};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

/// Common names of training parts.
const TRAIN: [&str; 3] = ["train", "training", "train_set"];
const TEST: [&str; 9] = [
    "test",
    "testing",
    "test_set",
    "val",
    "valid",
    "validation",
    "dev",
    "eval",
    "evaluation",
];

/// Warns of classes with the names of a dataset's parts, and of a single class whose sub-folders
/// are probably the classes.
pub(super) fn warn(settings: &Prepare, sound: &[Sound], found: &BTreeSet<&str>) {
    if settings.pictures.labels != Labels::Folder || settings.source != SourceKind::Folder {
        return;
    }
    // With several folders or a pattern the user has chosen the layout.
    let folder = match settings.folder.as_slice() {
        [folder] if folder.is_dir() => Some(folder.as_path()),
        _ => None,
    };
    if let Some(warning) = parts(folder, found) {
        log::warn!("{warning}");
    } else if let Some(warning) = one_class(folder, sound, found) {
        log::warn!("{warning}");
    }
}

fn parts(folder: Option<&Path>, found: &BTreeSet<&str>) -> Option<String> {
    let named = |names: &[&str]| {
        let is_part = |class: &&&str| names.contains(&class.to_lowercase().as_str());
        found.iter().find(is_part).copied()
    };
    let (train, test) = (named(&TRAIN), named(&TEST));
    let classes: Vec<&str> = [train, test].into_iter().flatten().collect();
    let place = |class: &str| match folder {
        Some(folder) => text_of(folder.join(class)),
        None => class.to_owned(),
    };
    let mut warning = match classes[..] {
        [] => return None,
        [class] => {
            format!("the class `{class}` has the name of a part of a dataset: if it is one,")
        }
        _ => format!(
            "the classes `{}` have the names of parts of a dataset: if they are,",
            classes.join("` and `")
        ),
    };
    // Writing to a String can't fail.
    let _ = match (train, test) {
        (Some(train), Some(test)) => write!(
            warning,
            " set `prepare.folder` to `{}` and `prepare.test_folder` to `{}`",
            place(train),
            place(test)
        ),
        (Some(train), None) => write!(warning, " set `prepare.folder` to `{}`", place(train)),
        (None, _) => write!(
            warning,
            " move it out of `prepare.folder` and give it as `prepare.test_folder`"
        ),
    };
    Some(warning)
}

fn one_class(folder: Option<&Path>, sound: &[Sound], found: &BTreeSet<&str>) -> Option<String> {
    let (folder, class) = (folder?, found.first()?);
    let mut inner = BTreeSet::new();
    for Sound { entry, .. } in sound {
        let mut below = entry.below.components().skip(1);
        match (below.next(), below.next()) {
            (Some(folder), Some(_)) => inner.insert(folder),
            // A picture next to the folders.
            _ => return None,
        };
    }
    (found.len() == 1 && inner.len() > 1).then(|| {
        let place = folder.join(class);
        format!(
            "every picture is of the one class `{class}`: if its {} folders are the classes, set \
             `prepare.folder` to `{}`",
            inner.len(),
            text_of(place)
        )
    })
}
