//! A run with consistent manifests, and the message for each break of the chain.

use crate::examples::{self, FORMATS, put};
use dcgan_artifacts::{
    DatasetReader, Error, FileRecord, Link, Manifest, Outside, checkpoint_path, create_folder,
    verify_run,
};
use dcgan_hints::Hint;
use std::path::Path;

/// Folders and patterns of pictures are not checked; a table of labels is, even if it is among
/// them.
#[test]
fn a_table_of_labels_is_found_among_the_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let (run, sources) = (folder.path().join("run"), folder.path().join("sources"));
    create_folder(&sources.join("photos/cats")).unwrap();
    create_folder(&run.join("prepare")).unwrap();
    let table = sources.join("photos/labels.csv");
    put(&table, b"0.png,cat");
    let pictures = FileRecord {
        name: "photos/**/*.png".into(),
        bytes: 3,
        sha256: "0".repeat(64),
        count: Some(1),
    };
    let labels = FileRecord::of_file(&sources.join("photos"), "labels.csv").unwrap();
    let manifest = |source: &str| Manifest {
        stage: "dcgan-prepare".into(),
        version: "0.1.0".into(),
        settings: serde_json::json!({ "prepare": { "source": source } }),
        inputs: vec![labels.clone(), pictures.clone()],
        outputs: Vec::new(),
    };
    manifest("folder").write(&run.join("prepare")).unwrap();
    let outside = Outside {
        sources: Some(&sources),
        classifiers: &[],
    };
    let links: Vec<Link> = verify_run(&run, outside)
        .unwrap()
        .into_iter()
        .map(|file| file.link)
        .collect();
    assert_eq!(links, [Link::Source(table.clone()), Link::Unseen]);

    put(&table, b"0.png,dog");
    let changed = verify_run(&run, outside);
    assert!(
        matches!(changed, Err(Error::BrokenChain { .. })),
        "{changed:?}"
    );
    std::fs::remove_file(&table).unwrap();
    let lost = verify_run(&run, outside);
    assert!(matches!(lost, Err(Error::Missing { .. })), "{lost:?}");

    // An IDX file also has a number of images, and is checked.
    put(&table, b"0.png,cat");
    manifest("idx").write(&run.join("prepare")).unwrap();
    let lost = verify_run(&run, outside);
    assert!(matches!(lost, Err(Error::Missing { .. })), "{lost:?}");
}

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

/// Sources, classifier, dataset, checkpoint and figures of a small run in `folder`.
fn make(folder: &Path) {
    let run = folder.join("run");
    for name in [
        "sources",
        "own",
        "run/prepare",
        "run/train/checkpoints",
        "run/eval",
    ] {
        create_folder(&folder.join(name)).unwrap();
    }
    put(&folder.join("sources/images"), b"source");
    put(&folder.join("own/mine.safetensors"), b"classifier");
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
    let classifier = FileRecord::of_file(&folder.join("own"), "mine.safetensors").unwrap();
    let inputs = vec![dataset, input("train/checkpoints", name), classifier];
    stage(&run, "eval", inputs, &["metrics.json"]);
}

#[test]
fn a_sound_run_is_walked_from_its_figures_to_its_sources() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path());
    let run = folder.path().join("run");
    let sources = folder.path().join("sources");
    let classifier = folder.path().join("own/mine.safetensors");
    let links = |outside| -> Vec<(String, Link)> {
        let verified = verify_run(&run, outside).unwrap().into_iter();
        verified.map(|file| (file.record.name, file.link)).collect()
    };
    let with = links(Outside {
        sources: Some(&sources),
        classifiers: std::slice::from_ref(&classifier),
    });
    let source = |path| Link::Source(path);
    assert_eq!(with[0], ("images".into(), source(sources.join("images"))));
    let dataset = Link::Input(run.join("prepare/dataset.safetensors"));
    assert_eq!(with[2], ("dataset.safetensors".into(), dataset));
    assert_eq!(
        with[5],
        ("mine.safetensors".into(), source(classifier.clone()))
    );
    assert_eq!(with.len(), 8);
    let without = links(Outside::default());
    assert_eq!(
        (&without[0].1, &without[5].1),
        (&Link::Unseen, &Link::Unseen)
    );
}

#[test]
fn every_break_of_the_chain_is_named() {
    for (name, bytes) in [
        ("sources/images", &b"other!"[..]),
        ("own/mine.safetensors", b"CLASSIFIER"),
        ("run/prepare/dataset.safetensors", b"other"),
        ("run/train/checkpoints/step-00000005.safetensors", b"other"),
        ("run/eval/metrics.json", b"[]"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        make(folder.path());
        put(&folder.path().join(name), bytes);
        let run = folder.path().join("run");
        let outside = Outside {
            sources: Some(&folder.path().join("sources")),
            classifiers: &[folder.path().join("own/mine.safetensors")],
        };
        let error = verify_run(&run, outside).unwrap_err();
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
    // A remade, valid dataset: a training on the old one no longer belongs to it.
    put(&run.join("prepare/dataset.safetensors"), b"another");
    stage(&run, "prepare", Vec::new(), &["dataset.safetensors"]);
    match verify_run(&run, Outside::default()).unwrap_err() {
        Error::BrokenChain { path, name, .. } => {
            assert_eq!(path, run.join("train/manifest.json"));
            assert_eq!(name, "dataset.safetensors");
        }
        other => panic!("{other:?}"),
    }
}

/// Among files from outside the run only a classifier may have any name.
#[test]
fn an_input_that_a_stage_would_have_made_may_not_lie_outside_the_run() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path());
    let run = folder.path().join("run");
    for name in [
        "samples.safetensors",
        "step-00000009.safetensors",
        "generator.safetensors",
        "metrics.csv",
    ] {
        put(&folder.path().join("own").join(name), b"another");
        let foreign = FileRecord::of_file(&folder.path().join("own"), name).unwrap();
        stage(&run, "eval", vec![foreign], &[]);
        let error = verify_run(&run, Outside::default()).unwrap_err();
        assert!(matches!(error, Error::BrokenChain { .. }), "{error:?}");
    }
}

#[test]
fn a_checkpoint_of_another_dataset_breaks_the_chain() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path());
    let run = folder.path().join("run");
    let path = checkpoint_path(&run.join("train/checkpoints"), 6);
    examples::checkpoint(6).write(&path).unwrap();
    match verify_run(&run, Outside::default()).unwrap_err() {
        Error::BrokenChain { path: at, name, .. } => {
            assert_eq!((at, name.as_str()), (path, "dataset"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_folder_without_manifests_is_no_run() {
    let folder = tempfile::tempdir().unwrap();
    let error = verify_run(folder.path(), Outside::default()).unwrap_err();
    assert!(
        matches!(error, Error::NotARun { run: None, .. }),
        "{error:?}"
    );
    assert!(error.hint().unwrap().contains("give a run's folder"));
}

#[test]
fn the_folder_of_a_stage_leads_to_its_run() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path());
    let run = folder.path().join("run");
    for stage in ["train", "train/", "eval/../eval/."] {
        match verify_run(&run.join(stage), Outside::default()).unwrap_err() {
            Error::NotARun {
                run: Some(above), ..
            } => {
                verify_run(&above, Outside::default()).unwrap();
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Of a training's own files only those that it writes again may be made again.
#[test]
fn a_lost_or_changed_file_of_a_manifest_says_how_it_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path());
    let run = folder.path().join("run");
    for name in ["metrics.csv", "run.json"] {
        put(&run.join("train").join(name), b"1");
    }
    let inputs = vec![FileRecord::of_file(&run.join("prepare"), "dataset.safetensors").unwrap()];
    let checkpoint = "checkpoints/step-00000005.safetensors";
    stage(
        &run,
        "train",
        inputs,
        &["metrics.csv", "run.json", checkpoint],
    );
    verify_run(&run, Outside::default()).unwrap();
    for (name, again) in [
        (
            "train/metrics.csv",
            "move the training's folder away and train again",
        ),
        (
            "train/run.json",
            "move the training's folder away and train again",
        ),
        ("prepare/dataset.safetensors", "run that stage again"),
        ("eval/metrics.json", "run that stage again"),
    ] {
        let path = run.join(name);
        let sound = std::fs::read(&path).unwrap();
        let hint = || {
            verify_run(&run, Outside::default())
                .unwrap_err()
                .hint()
                .unwrap()
        };
        std::fs::remove_file(&path).unwrap();
        let missing = hint();
        assert!(
            missing.starts_with("put it back") && missing.ends_with(again),
            "{missing}"
        );
        put(&path, b"other");
        let changed = hint();
        assert!(
            changed.starts_with("copy it again") && changed.ends_with(again),
            "{changed}"
        );
        put(&path, &sound);
    }
}

#[test]
fn a_classifier_that_is_not_there_is_not_called_a_source() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path());
    let outside = Outside {
        sources: None,
        classifiers: &[folder.path().join("absent.safetensors")],
    };
    let error = verify_run(&folder.path().join("run"), outside).unwrap_err();
    assert!(error.to_string().starts_with("classifier `"), "{error}");
    assert!(error.hint().unwrap().ends_with("or give another path"));
}
