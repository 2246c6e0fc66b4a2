//! Stored neighbours: round trips, and refused files.

use crate::examples::{model, neighbours};
use dcgan_artifacts::{Error, NeighboursFile, Role};

#[test]
fn neighbours_come_back_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("neighbours.safetensors");
    neighbours().write(&path).unwrap();
    assert_eq!(NeighboursFile::read(&path).unwrap(), neighbours());
}

#[test]
fn unequal_columns_and_another_kind_are_refused() {
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
}
