//! Files and their bytes.

use dcgan_random::{Purpose, Stream};
use std::collections::BTreeMap;
use std::path::Path;

/// `n` random bytes, a function of `seed` and `index`: pictures of noise.
pub fn noise(seed: u64, index: u64, n: usize) -> Vec<u8> {
    let mut stream = Stream::new(seed, Purpose::Synthetic, index);
    let mut byte = || u8::try_from(stream.below(256)).unwrap_or(u8::MAX);
    (0..n).map(|_| byte()).collect()
}

/// Every file in `folder` and its sub-folders, by relative path.
///
/// # Panics
///
/// If a file can't be read.
#[track_caller]
pub fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(current) = folders.pop() {
        for entry in std::fs::read_dir(&current).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("inside");
                let bytes = std::fs::read(&path).expect("a readable file");
                found.insert(name.to_string_lossy().into_owned(), bytes);
            }
        }
    }
    found
}

/// Compares files by name, byte for byte.
///
/// # Panics
///
/// If names or bytes differ, with the names of the files that differ, or if there is no file.
#[track_caller]
pub fn assert_same_files(
    left: &BTreeMap<String, Vec<u8>>,
    right: &BTreeMap<String, Vec<u8>>,
    what: &str,
) {
    assert!(!left.is_empty(), "{what}: no files to compare");
    let names: Vec<_> = left.keys().collect();
    let others: Vec<_> = right.keys().collect();
    assert_eq!(names, others, "{what}: the names differ");
    let differing: Vec<_> = names
        .into_iter()
        .filter(|name| left[*name] != right[*name])
        .collect();
    assert!(
        differing.is_empty(),
        "{what}: differing files {differing:?}"
    );
}
