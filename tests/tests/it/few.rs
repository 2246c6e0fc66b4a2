//! A few pictures of one's own through prepare, train and eval: it ends well, and whatever the
//! evaluation leaves out was said from the start.

use crate::programs::{Run, put};
use dcgan_figures::{Picture, encode_png};
use dcgan_random::{Purpose, Stream};
use serde_json::Value;
use std::path::Path;

/// Puts `n` pictures of 16x16 noise into `folder`.
fn put_pictures(folder: &Path, n: usize, seed: u64) {
    std::fs::create_dir_all(folder).expect("a folder of ours");
    let mut noise = Stream::new(seed, Purpose::Synthetic, 0);
    for i in 0..n {
        let pixels = (0..16 * 16 * 3).map(|_| u8::try_from(noise.below(256)).expect("a byte"));
        let picture = Picture::new(16, 16, 3, pixels.collect()).expect("a picture");
        let bytes = encode_png(&picture).expect("a PNG");
        put(&folder.join(format!("{i:03}.png")), &bytes);
    }
}

/// Prepares, trains and evaluates, and gives what the evaluation left out.
fn left_out(folder: &Path, settings: &[String]) -> Vec<Value> {
    let mut all = vec![
        "prepare.source=folder".to_owned(),
        format!("prepare.folder={}", folder.join("photos").display()),
        "prepare.pictures.height=16".to_owned(),
        "prepare.pictures.width=16".to_owned(),
        "prepare.pictures.test_share=0.1".to_owned(),
        "train.epochs=1".to_owned(),
        "eval.classifier_epochs=1".to_owned(),
    ];
    all.extend_from_slice(settings);
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let run = Run::new(&folder.join("run"), &all);
    let said = run.stage("prepare", &["--json"]);
    let prepared: Value = serde_json::from_str(&said.stdout).expect("JSON");
    let foretold = prepared["missing_figures"].as_array().expect("a list");
    run.stage("train", &[]);
    let said = run.stage("eval", &[]).stdout;
    let metrics = std::fs::read(run.folder.join("eval/metrics.json")).expect("figures");
    let metrics: Value = serde_json::from_slice(&metrics).expect("JSON");
    let missing = metrics["missing"].as_array().cloned().unwrap_or_default();
    assert_eq!(*foretold, missing, "{settings:?}");
    let again = run.stage("prepare", &["--force"]).stdout;
    for figure in &missing {
        let reason = figure["reason"].as_str().expect("a reason");
        assert!(again.contains(&format!("\n  {reason}: ")), "{again}");
        assert!(
            said.contains(&format!("left out because {reason}: ")),
            "{said}"
        );
    }
    missing
}

fn names(missing: &[Value]) -> Vec<&str> {
    let name = |missing: &'_ Value| missing["figure"].as_str().map(str::len);
    assert!(missing.iter().all(|missing| name(missing).is_some()));
    missing
        .iter()
        .filter_map(|missing| missing["figure"].as_str())
        .collect()
}

fn unlabelled(batch: usize, n: usize) -> Vec<String> {
    vec![
        "train.network=unlabelled".to_owned(),
        format!("train.batch_size={batch}"),
        format!("eval.n={n}"),
    ]
}

#[test]
fn twenty_pictures() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    put_pictures(&folder.path().join("photos"), 20, 1);
    let missing = left_out(folder.path(), &unlabelled(5, 64));
    let names = names(&missing);
    for figure in [
        "discriminator.train",
        "discriminator.test",
        "quality.frechet_distance",
    ] {
        assert!(names.contains(&figure), "{names:?}");
    }
    assert!(!names.contains(&"discriminator.generated"), "{names:?}");
}

#[test]
fn five_hundred_pictures_with_a_tenth_held_out() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    put_pictures(&folder.path().join("photos"), 500, 2);
    let missing = left_out(folder.path(), &unlabelled(64, 100));
    let names = names(&missing);
    // Some fifty test pictures: too few for the discriminator alone, and for halves of them.
    let expected = [
        "discriminator.test",
        "discriminator.roc_auc.test_vs_generated",
        "discriminator.calibration_error.test_vs_generated",
        "discriminator.train_minus_test",
        "alarms.overfitting",
        "quality.frechet_distance.halves",
    ];
    assert_eq!(names, expected);
}

/// 51 pictures of two classes: the trained network and the classes of the dataset have labels.
#[test]
fn fifty_one_pictures_of_two_classes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    put_pictures(&folder.path().join("photos/cats"), 30, 3);
    put_pictures(&folder.path().join("photos/dogs"), 21, 4);
    for network in ["labelled", "unlabelled"] {
        let folder = folder.path();
        let settings = [
            "prepare.pictures.labels=folder".to_owned(),
            format!("train.network={network}"),
            "train.batch_size=16".to_owned(),
            "eval.n=64".to_owned(),
        ];
        let missing = left_out(folder, &settings);
        let names = names(&missing);
        // Fewer than 64 training pictures teach no classifier.
        assert!(names.contains(&"quality.class_accuracy"), "{names:?}");
        assert!(names.contains(&"quality.diversity_by_class"), "{names:?}");
        std::fs::remove_dir_all(folder.join("run")).expect("a run of ours");
    }
}
