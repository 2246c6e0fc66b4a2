//! Messages for files that don't fit.

use crate::examples::put;
use dcgan_artifacts::{Artifact, DatasetReader, Error, read_generator};
use dcgan_hints::Hint;
use std::path::PathBuf;

#[test]
fn a_missing_dataset_names_the_command_that_makes_it() {
    let error = DatasetReader::open("absent/dataset.safetensors".as_ref()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "dataset `absent/dataset.safetensors` does not exist"
    );
    assert_eq!(
        error.hint().unwrap(),
        "`make prepare` makes it; or give another path"
    );
}

#[test]
fn a_cut_model_says_how_long_it_should_be() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("generator.safetensors");
    put(&path, b"abc");
    let error = read_generator(&path).unwrap_err();
    let text = error.to_string().replace(path.to_str().unwrap(), "PATH");
    assert_eq!(
        text,
        "generator `PATH` is damaged: expected at least 8 bytes, got 3 bytes"
    );
    assert_eq!(
        error.hint().unwrap(),
        "copy it again, or remove it and run `make train`"
    );
}

#[test]
fn a_full_disk_or_quota_says_what_to_free() {
    for kind in [
        std::io::ErrorKind::StorageFull,
        std::io::ErrorKind::QuotaExceeded,
    ] {
        let error = Error::Write {
            path: PathBuf::from("runs/a"),
            action: "write",
            source: kind.into(),
        };
        assert_eq!(error.to_string(), "could not write `runs/a`");
        assert_eq!(
            error.hint().unwrap(),
            "free space on that disk and run the same command again"
        );
        assert!(error.is_output());
    }
}

#[test]
fn every_file_that_a_stage_makes_names_its_command() {
    for artifact in [
        Artifact::Dataset,
        Artifact::Checkpoint,
        Artifact::Generator,
        Artifact::Discriminator,
        Artifact::Samples,
        Artifact::Table,
    ] {
        assert!(
            artifact
                .made_by()
                .is_some_and(|command| command.starts_with("make "))
        );
    }
}
