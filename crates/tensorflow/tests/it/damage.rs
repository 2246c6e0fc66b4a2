//! Cut and changed files.

use crate::support::{fixture, open, write};
use dcgan_tensorflow::{Error, SavedVariables};
use std::path::{Path, PathBuf};

/// A copy of a fixture of which one file is damaged.
struct Copy {
    folder: tempfile::TempDir,
    prefix: PathBuf,
    damaged: PathBuf,
    bytes: Vec<u8>,
}

impl Copy {
    fn new(name: &str, endings: &[&str], damaged: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let prefix = folder.path().join("copy-7");
        let with = |prefix: &Path, ending: &str| format!("{}{ending}", prefix.display());
        for ending in endings {
            std::fs::copy(with(&fixture(name), ending), with(&prefix, ending)).unwrap();
        }
        let damaged = PathBuf::from(with(&prefix, damaged));
        let bytes = std::fs::read(&damaged).unwrap();
        Self {
            folder,
            prefix,
            damaged,
            bytes,
        }
    }

    fn open_with(&self, bytes: &[u8]) -> Result<SavedVariables, Error> {
        assert!(self.damaged.starts_with(self.folder.path()));
        write(&self.damaged, bytes);
        SavedVariables::open(&self.prefix)
    }
}

/// Small files of both formats, of which every byte is damaged.
fn copies() -> [(&'static str, Copy); 3] {
    let v1 = ["-00000-of-00002", "-00001-of-00002"];
    let v2 = [".index", ".data-00000-of-00002", ".data-00001-of-00002"];
    [
        ("unlabelled", Copy::new("unlabelled", &v2, v2[0])),
        ("unlabelled", Copy::new("unlabelled", &v2, v2[2])),
        (
            "unlabelled-d_h3_lin",
            Copy::new("unlabelled-d_h3_lin", &v1, v1[1]),
        ),
    ]
}

#[test]
fn a_file_that_is_cut_anywhere_is_refused() {
    for (_, copy) in copies() {
        for length in 0..copy.bytes.len() {
            let error = copy.open_with(&copy.bytes[..length]).unwrap_err();
            let name = copy.damaged.display().to_string();
            assert!(error.to_string().contains(&name), "{length}: {error}");
        }
    }
}

#[test]
fn a_changed_bit_is_refused_or_changes_nothing() {
    for (name, copy) in copies() {
        let whole = open(name);
        let mut harmless = 0;
        for place in 0..copy.bytes.len() {
            let mut bytes = copy.bytes.clone();
            bytes[place] ^= 1 << (place % 8);
            match copy.open_with(&bytes) {
                Ok(saved) => {
                    assert_eq!(saved.floats(), whole.floats(), "{place}");
                    harmless += 1;
                }
                Err(error) => {
                    let text = error.to_string();
                    assert!(text.contains(&copy.damaged.display().to_string()), "{text}");
                }
            }
        }
        // Nothing but the padding of the footer is free.
        assert!(harmless <= 40, "{}: {harmless}", copy.damaged.display());
    }
}

#[test]
fn another_file_is_no_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model-7");
    write(&path, &[b'x'; 100]);
    let error = SavedVariables::open(&path).unwrap_err();
    let text = crate::support::full_text(&error);
    assert!(
        text.contains("model-7` is not a TensorFlow checkpoint: expected a table of LevelDB's"),
        "{text}"
    );
}
