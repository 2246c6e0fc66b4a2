//! A run whose manifests fit together, and what each break of the chain says.

use crate::examples::{self, FORMATS, put};
use dcgan_artifacts::{
    DatasetReader, Error, FileRecord, Link, Manifest, checkpoint_path, create_folder, verify_run,
};
use std::path::Path;

fn stage(run: &Path, stage: &str, inputs: Vec<FileRecord>, outputs: &[&str]) {
    let folder = run.join(stage);
    let outputs = outputs
        .iter()
        .map(|name| FileRecord::of_file(&folder, name).unwrap());
    Manifest {
        stage: format!("dcgan-{stage}"),
        version: "0.1.0".into(),
        settings: serde_json::json!({}),
        inputs,
        outputs: outputs.collect(),
    }
    .write(&folder)
    .unwrap();
}

/// Sources, dataset, checkpoint and figures of a small run in `folder`.
fn make(folder: &Path) {
    let run = folder.join("run");
    for name in [
        "sources",
        "run/prepare",
        "run/train/checkpoints",
        "run/eval",
    ] {
        create_folder(&folder.join(name)).unwrap();
    }
    put(&folder.join("sources/images"), b"source");
    (FORMATS[0].write)(&run.join("prepare/dataset.safetensors"));
    let source = FileRecord::of_file(&folder.join("sources"), "images").unwrap();
    stage(&run, "prepare", vec![source], &["dataset.safetensors"]);

    let dataset = DatasetReader::open(&run.join("prepare/dataset.safetensors")).unwrap();
    let mut checkpoint = examples::checkpoint(5);
    checkpoint.info.dataset_sha256 = dataset.content_sha256().into();
    checkpoint
        .write(&checkpoint_path(&run.join("train/checkpoints"), 5))
        .unwrap();
    let input = |folder, name| FileRecord::of_file(&run.join(folder), name).unwrap();
    let dataset = input("prepare", "dataset.safetensors");
    let name = "step-00000005.safetensors";
    let outputs = [format!("checkpoints/{name}")];
    stage(&run, "train", vec![dataset.clone()], &[&outputs[0]]);

    put(&run.join("eval/metrics.json"), b"{}");
    let inputs = vec![dataset, input("train/checkpoints", name)];
    stage(&run, "eval", inputs, &["metrics.json"]);
}

#[test]
fn a_sound_run_is_walked_from_its_figures_to_its_sources() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path());
    let run = folder.path().join("run");
    let sources = folder.path().join("sources");
    let links = |sources| -> Vec<(String, Link)> {
        let verified = verify_run(&run, sources).unwrap().into_iter();
        verified.map(|file| (file.record.name, file.link)).collect()
    };
    let with = links(Some(&sources));
    assert_eq!(
        with[0],
        ("images".into(), Link::Source(sources.join("images")))
    );
    let dataset = Link::Input(run.join("prepare/dataset.safetensors"));
    assert_eq!(with[2], ("dataset.safetensors".into(), dataset));
    assert_eq!(with.len(), 7);
    assert_eq!(links(None)[0].1, Link::Unseen);
}

#[test]
fn every_break_of_the_chain_is_named() {
    for (name, bytes) in [
        ("sources/images", &b"other!"[..]),
        ("run/prepare/dataset.safetensors", b"other"),
        ("run/train/checkpoints/step-00000005.safetensors", b"other"),
        ("run/eval/metrics.json", b"[]"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        make(folder.path());
        put(&folder.path().join(name), bytes);
        let run = folder.path().join("run");
        let error = verify_run(&run, Some(&folder.path().join("sources"))).unwrap_err();
        let file = name.rsplit('/').next().unwrap();
        assert!(error.to_string().contains(file), "{error}");
        assert!(!error.is_output(), "{error}");
    }
}

#[test]
fn a_stage_that_was_run_on_another_file_breaks_the_chain() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path());
    let run = folder.path().join("run");
    // A dataset made anew, sound in itself: what was trained on the old one no longer belongs to it.
    put(&run.join("prepare/dataset.safetensors"), b"another");
    stage(&run, "prepare", Vec::new(), &["dataset.safetensors"]);
    match verify_run(&run, None).unwrap_err() {
        Error::BrokenChain { path, name, .. } => {
            assert_eq!(path, run.join("train/manifest.json"));
            assert_eq!(name, "dataset.safetensors");
        }
        other => panic!("{other:?}"),
    }
}

/// A classifier lies outside the run, under a name of its own.
#[test]
fn a_classifier_is_named_and_not_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path());
    let run = folder.path().join("run");
    put(&folder.path().join("mnist.safetensors"), b"classifier");
    let classifier = FileRecord::of_file(folder.path(), "mnist.safetensors").unwrap();
    let inputs = vec![classifier.clone()];
    stage(&run, "eval", inputs, &["metrics.json"]);
    let verified = verify_run(&run, None).unwrap();
    let seen = verified.iter().find(|file| file.record == classifier);
    assert_eq!(seen.map(|file| &file.link), Some(&Link::Unseen));
}

#[test]
fn a_checkpoint_of_another_dataset_breaks_the_chain() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path());
    let run = folder.path().join("run");
    let path = checkpoint_path(&run.join("train/checkpoints"), 6);
    examples::checkpoint(6).write(&path).unwrap();
    let error = verify_run(&run, None).unwrap_err();
    assert!(matches!(error, Error::Unfit { .. }), "{error:?}");
}

#[test]
fn a_folder_without_manifests_is_no_run() {
    let folder = tempfile::tempdir().unwrap();
    let error = verify_run(folder.path(), None).unwrap_err();
    assert!(matches!(error, Error::Missing { .. }), "{error:?}");
}
