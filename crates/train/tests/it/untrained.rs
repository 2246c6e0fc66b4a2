//! Classes without training pictures: neither drawn nor scored, with a warning.

use crate::program::{Place, text};
use dcgan::{Generator, ZDistribution};
use dcgan_artifacts::{
    Checkpoint, DatasetInfo, Part, PartData, checkpoint_path, read_generator, write_dataset,
};
use dcgan_checkpoints::images_from_latents;
use dcgan_random::{Purpose, Stream};
use std::collections::BTreeMap;
use std::fs;

/// Pictures of 8x8 with alternating classes.
fn part(n: usize, classes: &[u8], index: u64) -> PartData {
    let mut stream = Stream::new(9, Purpose::Synthetic, index);
    PartData {
        images: (0..n * 64)
            .map(|_| u8::try_from(stream.below(256)).unwrap())
            .collect(),
        labels: Some(classes.iter().copied().cycle().take(n).collect()),
        n,
    }
}

/// A dataset of three classes; no training picture has the first.
fn write(place: &Place, validation: PartData) {
    let info = DatasetInfo {
        name: "test".into(),
        class_names: (0..3).map(|class| format!("class {class}")).collect(),
        height: 8,
        width: 8,
        channels: 1,
        sources: Vec::new(),
    };
    let parts = BTreeMap::from([
        (Part::Train, part(26, &[1, 2], 0)),
        (Part::Validation, validation),
    ]);
    write_dataset(&place.path("dataset.safetensors"), &info, &parts).unwrap();
}

const WARNING: &str = "warning: no training picture of `dataset.safetensors` has class `class 0`: \
                       never trained, drawn or scored\n";

#[test]
fn files_tell_of_them_and_grids_do_not_show_them() {
    let place = Place::new();
    write(&place, part(4, &[1, 2], 1));
    let output = place
        .command("run", &["train.epochs=1"])
        .arg("--json")
        .output()
        .unwrap();
    assert!(
        text(&output.stderr).starts_with(WARNING),
        "{}",
        text(&output.stderr)
    );
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["untrained_classes"], serde_json::json!(["class 0"]));
    let file = read_generator(&place.path("run/generator.safetensors")).unwrap();
    assert_eq!(file.network.untrained_classes, [0]);
    let path = checkpoint_path(&place.path("run/checkpoints"), 6);
    let checkpoint = Checkpoint::read(&path).unwrap();
    assert_eq!(checkpoint.info.network, file.network);

    let config = dcgan_checkpoints::network_config(&file.network).unwrap();
    let generator = Generator::from_arrays(&config, &file.weights).unwrap();
    let z = ZDistribution::Uniform.rows(4, 0, Purpose::GridLatent, 0, 100);
    let rows = [[1; 10], [2; 10]].concat().repeat(5);
    let images = images_from_latents(&generator, &z, Some(&rows)).unwrap();
    let picture = dcgan_figures::grid(&images, 100, 8, 8, 1, 10, 2).unwrap();
    let drawn = fs::read(place.path("run/samples/step-00000006.png")).unwrap();
    assert!(drawn == dcgan_figures::encode_png(&picture).unwrap());
}

#[test]
fn a_dataset_whose_classes_all_have_pictures_leaves_no_trace_in_files() {
    let place = Place::new();
    let output = place.train("run", &["train.epochs=1"]);
    assert!(!text(&output.stderr).contains("warning"));
    for (name, bytes) in place.files("run") {
        let says = String::from_utf8_lossy(&bytes).contains("untrained");
        assert!(!says, "{name}");
    }
}

#[test]
fn scores_are_those_of_a_validation_part_without_them() {
    let settings = [
        "train.epochs=1",
        "train.score_every=2",
        "train.classifier=classifier.safetensors",
    ];
    let scores = |validation, expected: &str| {
        let place = Place::new();
        write(&place, validation);
        place.write_classifier("classifier.safetensors", 1);
        let output = place.train("run", &settings);
        assert!(
            text(&output.stderr).starts_with(expected),
            "{}",
            text(&output.stderr)
        );
        fs::read_to_string(place.path("run/scores.csv")).unwrap()
    };
    let pure = part(66, &[1, 2], 1);
    let expected = scores(pure.clone(), WARNING);
    let others = part(7, &[0], 2);
    let mixed = PartData {
        images: [pure.images, others.images].concat(),
        labels: pure.labels.zip(others.labels).map(|(a, b)| [a, b].concat()),
        n: 73,
    };
    let warning = "7 validation pictures of `dataset.safetensors` have a class that no training \
                   picture has: no score looks at them\n";
    assert_eq!(
        scores(mixed, &format!("{WARNING}warning: {warning}")),
        expected
    );
}

/// Checkpoints written before this key existed lack it.
#[test]
fn an_older_run_goes_on() {
    let place = Place::new();
    write(&place, part(4, &[1, 2], 1));
    place.train("run", &["train.epochs=1"]);
    let of = |step| checkpoint_path(&place.path("run/checkpoints"), step);
    for step in [4, 6] {
        let mut checkpoint = Checkpoint::read(&of(step)).unwrap();
        checkpoint.info.network.untrained_classes.clear();
        checkpoint.write(&of(step)).unwrap();
    }
    place.train("run", &["train.epochs=2"]);
    let newest = Checkpoint::read(&of(12)).unwrap();
    assert_eq!(newest.info.network.untrained_classes, [0]);
}
