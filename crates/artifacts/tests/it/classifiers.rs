//! Classifiers: there and back, and what is no classifier.

use crate::examples::{arrays, model};
use dcgan_artifacts::{ClassifierFile, ClassifierInfo, Error, Role};

fn classifier() -> ClassifierFile {
    ClassifierFile {
        info: ClassifierInfo {
            architecture: "linear".into(),
            height: 2,
            width: 3,
            channels: 1,
            class_names: vec!["a".into(), "b".into()],
            dataset: "tiny".into(),
            dataset_sha256: "0".repeat(64),
            epochs: 2,
            recipe: "by hand".into(),
            seed: 7,
            train_accuracy: 0.75,
            test_accuracy: None,
        },
        arrays: arrays(&["f1/w", "f2/w"]),
    }
}

#[test]
fn a_classifier_comes_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("classifier.safetensors");
    let written = classifier();
    written.write(&path).unwrap();
    assert_eq!(ClassifierFile::read(&path).unwrap(), written);
}

#[test]
fn another_kind_and_a_flipped_bit_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    model(Role::Generator).write(&path).unwrap();
    let error = ClassifierFile::read(&path).unwrap_err();
    assert!(matches!(error, Error::Unfit { .. }), "{error:?}");
    classifier().write(&path).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    dcgan_artifacts::write_atomic(&path, &bytes).unwrap();
    let error = ClassifierFile::read(&path).unwrap_err();
    assert!(matches!(error, Error::Damaged { .. }), "{error:?}");
}
