//! Files written by `tests/python/source_samples.py` with other programs' tools, and their expected
//! content.

use crate::Folder;
use dcgan_artifacts::{DatasetReader, Part};
use std::path::{Path, PathBuf};

/// A folder with the named files of `tests/samples`.
pub(crate) fn folder_of(names: &[&str]) -> Folder {
    let folder = Folder::empty();
    for name in names {
        folder.put(name, &std::fs::read(path(name)).unwrap());
    }
    folder
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/samples")
        .join(name)
}

/// The dataset in `out`.
pub(crate) fn dataset(folder: &Folder) -> DatasetReader {
    DatasetReader::open(&folder.path().join("out/dataset.safetensors")).unwrap()
}

/// The first `n` values of the script's images: value i is 7 i + i / 256 + `first`.
pub(crate) fn values(n: usize, first: usize) -> Vec<u8> {
    let value = |i| u8::try_from((i * 7 + i / 256 + first) % 256).unwrap();
    (0..n).map(value).collect()
}

/// Checks that a part has `n` of the script's images of `size` values, with labels i mod 3.
#[track_caller]
pub(crate) fn assert_part(
    dataset: &DatasetReader,
    part: Part,
    n: usize,
    size: usize,
    first: usize,
) {
    let data = dataset.read_part(part).unwrap();
    assert_eq!(data.images, values(n * size, first), "{part}");
    let labels: Vec<u8> = (0..n).map(|i| u8::try_from(i % 3).unwrap()).collect();
    assert_eq!(data.labels.unwrap(), labels, "{part}");
}

/// Height, width and channels.
pub(crate) fn size(dataset: &DatasetReader) -> [usize; 3] {
    let info = dataset.info();
    [info.height, info.width, info.channels]
}
