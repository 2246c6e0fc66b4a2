//! Ranges of the settings of `sources`.

use crate::fault::{Fault, channels, named, within};
use crate::keys::{join, nearest_name};
use crate::{CsvFiles, Labels, NpzFiles, Prepare, SourceKind};
use std::path::PathBuf;

/// The arrays of an `.npz`, by key.
const ARRAYS: [&str; 6] = [
    "train_images",
    "train_labels",
    "validation_images",
    "validation_labels",
    "test_images",
    "test_labels",
];

/// Checks the sections of `prepare` for the formats of other programs.
pub(crate) fn check(prepare: &Prepare) -> Result<(), Fault> {
    npz(&prepare.npz)?;
    csv(&prepare.csv)?;
    let (archive, parquet) = (&prepare.archive, &prepare.parquet);
    paths("prepare.archive.train", &archive.train)?;
    paths("prepare.archive.test", &archive.test)?;
    paths("prepare.parquet.train", &parquet.train)?;
    paths("prepare.parquet.test", &parquet.test)?;
    named("prepare.parquet.image", &parquet.image)?;
    named("prepare.parquet.label", &parquet.label)?;
    labels(prepare)?;
    let share = prepare.pictures.test_share;
    if share > 0.0 && !parquet.test.is_empty() {
        let expected = "0, as `prepare.parquet.test` is the test part";
        return Err(Fault::new(
            "prepare.pictures.test_share",
            expected,
            share.to_string(),
        ));
    }
    if share > 0.0 && !archive.test.is_empty() {
        let expected = "0, as `prepare.archive.test` is the test part";
        return Err(Fault::new(
            "prepare.pictures.test_share",
            expected,
            share.to_string(),
        ));
    }
    match &prepare.cifar.path {
        Some(path) => named("prepare.cifar.path", &path.to_string_lossy()),
        None => Ok(()),
    }
}

/// Checks that the source has such labels.
fn labels(prepare: &Prepare) -> Result<(), Fault> {
    let (name, source, kind) = match prepare.pictures.labels {
        Labels::DatasetJson => ("dataset_json", "archive", SourceKind::Archive),
        Labels::Cls => ("cls", "archive", SourceKind::Archive),
        Labels::Column => ("column", "parquet", SourceKind::Parquet),
        Labels::None | Labels::Folder | Labels::Csv => return Ok(()),
    };
    if prepare.source == kind {
        return Ok(());
    }
    let expected = format!("another value, as `prepare.source` is not `{source}`");
    Err(Fault::new(
        "prepare.pictures.labels",
        expected,
        format!("`{name}`"),
    ))
}

fn csv(csv: &CsvFiles) -> Result<(), Fault> {
    paths("prepare.csv.train", &csv.train)?;
    paths("prepare.csv.test", &csv.test)?;
    within("prepare.csv.height", csv.height, 0..=4096, "")?;
    within("prepare.csv.width", csv.width, 0..=4096, "")?;
    // Name the key that is present, because that is where its writer looks.
    for (key, given, other, missing) in [
        ("height", csv.height, "width", csv.width),
        ("width", csv.width, "height", csv.height),
    ] {
        if given > 0 && missing == 0 {
            let expected = format!("`prepare.csv.{other}` with it");
            return Err(Fault::new(&join("prepare.csv", key), expected, "none"));
        }
    }
    channels("prepare.csv.channels", csv.channels)?;
    test_share("prepare.csv", csv.test_share, &csv.test)
}

fn npz(npz: &NpzFiles) -> Result<(), Fault> {
    for (images, labels, files, label_files) in [
        ("train", "train_labels", &npz.train, &npz.train_labels),
        ("test", "test_labels", &npz.test, &npz.test_labels),
    ] {
        paths(&join("prepare.npz", images), files)?;
        paths(&join("prepare.npz", labels), label_files)?;
        if !label_files.is_empty() && label_files.len() != files.len() {
            let expected = format!("{} paths, as many as `prepare.npz.{images}`", files.len());
            let found = label_files.len().to_string();
            return Err(Fault::new(&join("prepare.npz", labels), expected, found));
        }
    }
    for (name, array) in &npz.arrays {
        let key = join("prepare.npz.arrays", name);
        if !ARRAYS.contains(&name.as_str()) {
            let near = nearest_name(name, &ARRAYS);
            let expected = near.map_or_else(
                || format!("one of the keys `{}`", ARRAYS.join("`, `")),
                |near| format!("the key `{near}`"),
            );
            return Err(Fault::new(&key, expected, format!("`{name}`")));
        }
        named(&key, array)?;
    }
    test_share("prepare.npz", npz.test_share, &npz.test)
}

/// Checks a list of paths.
fn paths(key: &str, paths: &[PathBuf]) -> Result<(), Fault> {
    within(key, paths.len(), 0..=1000, " paths")?;
    for path in paths {
        named(key, &path.to_string_lossy())?;
    }
    Ok(())
}

/// Checks a share for the test part, which must be 0 if the part is given as files.
fn test_share(section: &str, share: f64, test: &[PathBuf]) -> Result<(), Fault> {
    let key = join(section, "test_share");
    if !(0.0..1.0).contains(&share) {
        let expected = "at least 0 and less than 1";
        return Err(Fault::new(&key, expected, share.to_string()));
    }
    if share > 0.0 && !test.is_empty() {
        let expected = format!("0, as `{section}.test` is the test part");
        return Err(Fault::new(&key, expected, share.to_string()));
    }
    Ok(())
}
