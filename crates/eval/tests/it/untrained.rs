//! Classes without training pictures: neither drawn nor evaluated, with a warning.

use crate::fixture::{Fixture, SIDE, noise};
use dcgan_artifacts::{Checkpoint, DatasetInfo, Part, PartData, Samples, write_dataset};
use dcgan_checkpoints::{ClassChoice, LoadedGenerator};
use dcgan_figures::decode_png;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const SIZE: usize = SIDE * SIDE;

/// Random pictures with alternating classes.
fn part(n: usize, classes: &[u8], index: u64) -> PartData {
    PartData {
        images: noise(n * SIZE, index),
        labels: Some(classes.iter().copied().cycle().take(n).collect()),
        n,
    }
}

fn joined(a: &PartData, b: &PartData) -> PartData {
    PartData {
        images: [&a.images[..], &b.images].concat(),
        labels: a
            .labels
            .clone()
            .zip(b.labels.clone())
            .map(|(a, b)| [a, b].concat()),
        n: a.n + b.n,
    }
}

/// A dataset of three classes; "zero" has no training picture.
fn write(fixture: &Fixture, name: &str, test: PartData) {
    let info = DatasetInfo {
        name: "noise".into(),
        class_names: Fixture::class_names(3),
        height: SIDE,
        width: SIDE,
        channels: 1,
        sources: Vec::new(),
    };
    let parts = BTreeMap::from([(Part::Train, part(64, &[1, 2], 1)), (Part::Test, test)]);
    write_dataset(&fixture.path(name), &info, &parts).unwrap();
}

fn samples(fixture: &Fixture, name: &str, of: &PartData) {
    let samples = Samples {
        images: of.images.clone(),
        labels: of.labels.clone(),
        n: of.n,
        height: SIDE,
        width: SIDE,
        channels: 1,
        seeds: Vec::new(),
        model_sha256: None,
    };
    samples.write(&fixture.path(name)).unwrap();
}

/// `metrics.json` of an evaluation, and stderr.
fn evaluate(fixture: &Fixture, dataset: &str, more: &[&str]) -> (Value, String) {
    let options = ["--dataset", dataset, "--out", "out", "--force"];
    let epochs = ["--set", "eval.classifier_epochs=1"];
    let said = fixture.warnings(&[&options[..], &epochs, more].concat());
    (fixture.json("out/metrics.json"), said)
}

#[test]
fn samples_and_test_images_of_them_change_no_figure() {
    let fixture = Fixture::new();
    let test = part(64, &[1, 2], 2);
    write(&fixture, "pure", test.clone());
    write(&fixture, "mixed", joined(&part(5, &[0], 4), &test));
    let own = part(90, &[2, 1], 3);
    samples(&fixture, "own", &own);
    samples(&fixture, "more", &joined(&own, &part(9, &[0], 5)));
    fixture.checkpoint("c", SIDE, 3);

    let both = |samples| ["--samples", samples, "--checkpoint", "c"];
    let (expected, said) = evaluate(&fixture, "pure", &both("own"));
    let warning =
        "warning: no training image of `pure` has class `zero`: not drawn, not evaluated\n";
    assert!(said.contains(warning), "{said}");
    assert_eq!(
        expected["left_out"],
        json!({ "classes": ["zero"], "images": {} })
    );
    assert_eq!(
        expected["images"],
        json!({ "generated": 90, "test": 64, "train": 64 })
    );
    let grid = fixture.files("out").remove("grid-classes.png").unwrap();
    assert_eq!(decode_png(&grid).unwrap().height(), 2 * SIDE);

    let classifier = [&both("more")[..], &["--classifier", "kept"]].concat();
    std::fs::copy(
        fixture.path("out/classifier.safetensors"),
        fixture.path("kept"),
    )
    .unwrap();
    let (mut mixed, said) = evaluate(&fixture, "mixed", &classifier);
    assert!(
        said.contains("not drawn, not evaluated, 9 generated images and 5 test images left out\n"),
        "{said}"
    );
    let left_out = json!({ "classes": ["zero"], "images": { "generated": 9, "test": 5 } });
    assert_eq!(mixed["left_out"], left_out);
    let page = String::from_utf8(fixture.files("out").remove("report.html").unwrap()).unwrap();
    let line = "as no training image has them: <b>zero</b>. 9 generated images and 5 test images left out.";
    assert!(page.contains(line), "{page}");
    // The classifier is of another dataset.
    mixed["left_out"] = expected["left_out"].clone();
    mixed["quality"]["extractor"] = expected["quality"]["extractor"].clone();
    assert!(mixed["quality"]["sets"]["real"]["taught_the_classifier"].is_null());
    mixed["quality"]["sets"] = expected["quality"]["sets"].clone();
    assert_eq!(mixed, expected);
}

#[test]
fn a_generator_is_not_asked_for_them() {
    let fixture = Fixture::new();
    write(&fixture, "d", part(64, &[1, 2], 2));
    // A file without the key for such classes, and one with it.
    let old = fixture.checkpoint("old", SIDE, 3);
    let mut checkpoint = Checkpoint::read(&old).unwrap();
    checkpoint.info.network.untrained_classes = vec![0];
    checkpoint.write(&fixture.path("new")).unwrap();
    let generator = LoadedGenerator::load(&old).unwrap();
    let images = generator
        .images(0, 0, 64, &ClassChoice::Cycle(vec![1, 2]))
        .unwrap();
    let mut metrics = Vec::new();
    for name in ["old", "new"] {
        let more = ["--checkpoint", name, "--set", "eval.n=64"];
        metrics.push(evaluate(&fixture, "d", &more).0);
        let picture = |name: &str| {
            let bytes = std::fs::read(fixture.path("out").join(name)).unwrap();
            decode_png(&bytes).unwrap()
        };
        let grid = picture("grid.png");
        let first: Vec<u8> = (0..SIDE)
            .flat_map(|y| grid.pixels()[y * grid.width()..][..SIDE].to_vec())
            .collect();
        assert_eq!(first, images[..SIZE]);
        assert_eq!(picture("grid-classes.png").height(), 2 * SIDE);
        assert_eq!(picture("interpolation.png").height(), 2 * SIDE);
    }
    assert_eq!(metrics[0], metrics[1]);
    let by_class = metrics[0]["quality"]["class_accuracy_by_class"]
        .as_object()
        .unwrap();
    assert_eq!(by_class.keys().collect::<Vec<_>>(), ["one", "two"]);
}

#[test]
fn samples_of_nothing_else_and_a_network_of_other_classes_are_refused() {
    let fixture = Fixture::new();
    write(&fixture, "d", part(64, &[1, 2], 2));
    samples(&fixture, "s", &part(70, &[0], 3));
    let options = ["--dataset", "d", "--out", "out"];
    let failure = fixture.fail(&[&options[..], &["--samples", "s"]].concat());
    insta::assert_snapshot!(failure, @"
    exit code 3
    error: `s` without the classes that have no training images has 0 images, expected at least 1
    hint: give a file or a folder with images of the dataset's classes in it
    ");
    let path = fixture.checkpoint("c", SIDE, 3);
    let mut checkpoint = Checkpoint::read(&path).unwrap();
    checkpoint.info.network.untrained_classes = vec![1, 2];
    checkpoint.write(&path).unwrap();
    let failure = fixture.fail(&[&options[..], &["--checkpoint", "c"]].concat());
    insta::assert_snapshot!(failure, @"
    exit code 3
    error: `c` was not trained on any class that has training images in `d`
    hint: give the dataset that the network was trained on; `dcgan-eval classifier` makes a classifier of it, or leave `--classifier` out and set `eval.classifier=null`
    ");
}
