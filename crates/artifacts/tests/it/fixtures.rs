//! Committed files of each format version, which every later version of the program must read.
//!
//! A new version of a format gets its own folder (`v2`); old ones stay readable.
//! `DCGAN_WRITE_FIXTURES=1 cargo test -p dcgan-artifacts fixtures` writes missing files and never
//! replaces one.

use crate::examples::{self, FORMATS};
use dcgan_artifacts::{
    Checkpoint, ClassifierFile, DatasetReader, Manifest, NeighboursFile, Part, Role, Samples,
    read_discriminator, read_generator,
};
use std::path::PathBuf;

fn of_version(version: &str, name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(version)
        .join(name)
}

fn fixture(name: &str) -> PathBuf {
    of_version("v1", name)
}

#[test]
fn what_is_written_today_is_the_newest_version_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    for format in FORMATS {
        let kept = of_version(format.version, format.name);
        let today = folder.path().join(format.name);
        (format.write)(&today);
        if std::env::var_os("DCGAN_WRITE_FIXTURES").is_some() && !kept.exists() {
            examples::put(&kept, &std::fs::read(&today).unwrap());
        }
        let kept = std::fs::read(&kept).unwrap();
        assert!(
            std::fs::read(&today).unwrap() == kept,
            "`{}` has changed",
            format.name
        );
        // And a second time.
        (format.write)(&today);
        assert!(
            std::fs::read(&today).unwrap() == kept,
            "`{}` is not stable",
            format.name
        );
    }
}

#[test]
fn version_1_is_read() {
    let dataset = DatasetReader::open(&fixture("dataset.safetensors")).unwrap();
    assert_eq!(*dataset.info(), examples::dataset_info());
    for (part, expected) in examples::parts() {
        assert_eq!(dataset.read_part(part).unwrap(), expected);
    }
    assert_eq!(dataset.len(Part::Test), Some(2));

    let checkpoint = Checkpoint::read(&fixture("checkpoint.safetensors")).unwrap();
    assert_eq!(checkpoint, examples::checkpoint(5));
    // Equal as numbers is not enough: -0 is not 0.
    for (name, (_, values)) in &checkpoint.weights {
        let expected = &examples::checkpoint(5).weights[name].1;
        assert!(
            values
                .iter()
                .map(|v| v.to_bits())
                .eq(expected.iter().map(|v| v.to_bits()))
        );
    }

    let generator = read_generator(&fixture("generator.safetensors")).unwrap();
    assert_eq!(generator, examples::model(Role::Generator));
    let discriminator = read_discriminator(&fixture("discriminator.safetensors")).unwrap();
    assert_eq!(discriminator, examples::model(Role::Discriminator));
    let samples = Samples::read(&fixture("samples.safetensors")).unwrap();
    assert_eq!(samples, examples::samples());
    let classifier = ClassifierFile::read(&fixture("classifier.safetensors")).unwrap();
    assert_eq!(classifier, examples::classifier());
    let neighbours = NeighboursFile::read(&fixture("neighbours.safetensors")).unwrap();
    // Version 1 only had the first training images.
    let mut expected = examples::neighbours();
    expected.info.draw = None;
    assert_eq!(neighbours, expected);
    let manifest = Manifest::read(fixture(Manifest::NAME).parent().unwrap())
        .unwrap()
        .unwrap();
    let mut expected = examples::manifest();
    expected.outputs.sort();
    assert_eq!(manifest, expected);
}

#[test]
fn version_2_is_read() {
    let path = of_version("v2", "neighbours.safetensors");
    let neighbours = NeighboursFile::read(&path).unwrap();
    assert_eq!(neighbours, examples::neighbours());
}

#[test]
fn the_digest_that_a_writer_returns_is_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("samples.safetensors");
    let returned = examples::samples().write(&path).unwrap();
    assert_eq!(returned, dcgan_artifacts::digest_file(&path).unwrap());
}
