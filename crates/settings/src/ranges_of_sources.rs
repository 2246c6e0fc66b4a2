//! Ranges of the settings of `sources`.

use crate::NpzFiles;
use crate::fault::{Fault, named, within};
use crate::keys::{join, nearest_name};
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

pub(crate) fn npz(npz: &NpzFiles) -> Result<(), Fault> {
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
