//! Classifiers: round trips, and files that are not classifiers.

use crate::examples::{classifier, model};
use dcgan_artifacts::{ClassifierFile, Error, Role};

#[test]
fn a_classifier_comes_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("classifier.safetensors");
    let written = classifier();
    written.write(&path).unwrap();
    assert_eq!(ClassifierFile::read(&path).unwrap(), written);
}

#[test]
fn another_kind_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    model(Role::Generator).write(&path).unwrap();
    let error = ClassifierFile::read(&path).unwrap_err();
    assert!(matches!(error, Error::Unfit { .. }), "{error:?}");
}
