//! Kept neighbours: there and back, and what is refused.

use crate::examples::model;
use dcgan_artifacts::{Error, NeighboursFile, NeighboursInfo, Role};

fn neighbours() -> NeighboursFile {
    NeighboursFile {
        info: NeighboursInfo {
            dataset_sha256: "0".repeat(64),
            first: 5,
        },
        // Beyond what a 32-bit number or a float holds exactly.
        all: vec![(7, (1 << 53) + 1), (0, 0)],
        first: vec![(4, u64::MAX), (0, 0)],
    }
}

#[test]
fn neighbours_come_back_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("neighbours.safetensors");
    neighbours().write(&path).unwrap();
    assert_eq!(NeighboursFile::read(&path).unwrap(), neighbours());
}

#[test]
fn unequal_columns_another_kind_and_any_flipped_byte_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let mut uneven = neighbours();
    uneven.first.pop();
    uneven.write(&path).unwrap();
    let error = NeighboursFile::read(&path).unwrap_err();
    assert!(matches!(error, Error::Unfit { .. }), "{error:?}");
    model(Role::Generator).write(&path).unwrap();
    let error = NeighboursFile::read(&path).unwrap_err();
    assert!(matches!(error, Error::Unfit { .. }), "{error:?}");
    neighbours().write(&path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    for place in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[place] ^= 1;
        dcgan_artifacts::write_atomic(&path, &flipped).unwrap();
        assert!(NeighboursFile::read(&path).is_err(), "byte {place}");
    }
}
