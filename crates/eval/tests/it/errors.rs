//! Inputs that cannot be evaluated: exit code, message, nothing written.

use crate::fixture::{Fixture, SIDE};
use dcgan_artifacts::Checkpoint;

fn with_inputs() -> Fixture {
    let fixture = Fixture::new();
    fixture.dataset("d", SIDE, 3, [64, 64]);
    fixture.checkpoint("c", SIDE, 3);
    fixture
}

const CHECKPOINT: [&str; 6] = ["--dataset", "d", "--checkpoint", "c", "--out", "out"];
const SAMPLES: [&str; 6] = ["--dataset", "d", "--samples", "s", "--out", "out"];
const BOTH: [&str; 8] = [
    "--dataset",
    "d",
    "--checkpoint",
    "c",
    "--samples",
    "s",
    "--out",
    "out",
];

#[test]
fn samples_of_another_size() {
    let fixture = with_inputs();
    fixture.samples("s", 12, 3, 64);
    insta::assert_snapshot!(fixture.fail(&SAMPLES), @r"
    exit code 3
    error: `s` has images of 12x12x1, expected 8x8x1 as in the dataset `d`
    hint: give a dataset of these images' size, for a network the one that it was trained on; leave a classifier of another size out, or set `eval.classifier=null`; samples and checkpoint need one size
    ");
}

#[test]
fn dataset_of_another_size_than_the_checkpoint() {
    let fixture = with_inputs();
    fixture.dataset("d", 12, 3, [64, 64]);
    insta::assert_snapshot!(fixture.fail(&CHECKPOINT), @r"
    exit code 3
    error: `c` has images of 8x8x1, expected 12x12x1 as in the dataset `d`
    hint: give a dataset of these images' size, for a network the one that it was trained on; leave a classifier of another size out, or set `eval.classifier=null`; samples and checkpoint need one size
    ");
}

#[test]
fn unlabelled_against_labelled() {
    let fixture = with_inputs();
    fixture.samples("s", SIDE, 0, 64);
    insta::assert_snapshot!(fixture.fail(&BOTH), @r"
    exit code 3
    error: `s` has no labels, but `c` has labels
    hint: a labelled network needs a dataset and samples with labels, and samples with labels need a dataset with the same classes
    ");
    fixture.dataset("d", SIDE, 0, [64, 64]);
    insta::assert_snapshot!(fixture.fail(&CHECKPOINT), @r"
    exit code 3
    error: `c` has labels, but `d` has no labels
    hint: a labelled network needs a dataset and samples with labels, and samples with labels need a dataset with the same classes
    ");
    fixture.samples("s", SIDE, 3, 64);
    insta::assert_snapshot!(fixture.fail(&SAMPLES), @r"
    exit code 3
    error: `s` has labels, but `d` has no labels
    hint: a labelled network needs a dataset and samples with labels, and samples with labels need a dataset with the same classes
    ");
}

#[test]
fn other_classes() {
    let fixture = with_inputs();
    fixture.checkpoint("c", SIDE, 2);
    insta::assert_snapshot!(fixture.fail(&CHECKPOINT), @r#"
    exit code 3
    error: `c` has the classes ["zero", "one"], expected ["zero", "one", "two"] as in the dataset `d`
    hint: give the dataset that the network was trained on; `dcgan-eval classifier` makes a classifier of it, or leave `--classifier` out and set `eval.classifier=null`
    "#);
    fixture.samples("s", SIDE, 4, 64);
    insta::assert_snapshot!(fixture.fail(&SAMPLES), @r"
    exit code 3
    error: image 3 of `s` has label 3, expected one below 3, the number of classes in the dataset `d`
    hint: give samples of the dataset's own classes
    ");
}

#[test]
fn no_images() {
    let fixture = with_inputs();
    fixture.samples("s", SIDE, 3, 0);
    insta::assert_snapshot!(fixture.fail(&SAMPLES), @r"
    exit code 3
    error: `s` has 0 images, expected at least 1
    hint: give a file or a folder with images of the dataset's classes in it
    ");
    std::fs::remove_file(fixture.path("s")).unwrap();
    std::fs::create_dir(fixture.path("s")).unwrap();
    insta::assert_snapshot!(fixture.fail(&SAMPLES), @r"
    exit code 3
    error: `s` has 0 images, expected at least 1
    hint: give a file or a folder with images of the dataset's classes in it
    ");
}

#[test]
fn missing_files() {
    let fixture = Fixture::new();
    insta::assert_snapshot!(fixture.fail(&CHECKPOINT), @r"
    exit code 3
    error: dataset `d` does not exist
    hint: `make prepare` makes that of a run, `dcgan-prepare --out FOLDER` one elsewhere; or give another path
    ");
    fixture.dataset("d", SIDE, 3, [64, 64]);
    insta::assert_snapshot!(fixture.fail(&CHECKPOINT), @r"
    exit code 3
    error: checkpoint `c` does not exist
    hint: `make train` makes that of a run, `dcgan-train --out FOLDER` one elsewhere; or give another path
    ");
    insta::assert_snapshot!(fixture.fail(&SAMPLES), @r"
    exit code 3
    error: samples `s` does not exist
    hint: `make sample` makes that of a run, `dcgan-sample --out FOLDER` one elsewhere; or give another path
    ");
}

#[test]
fn damaged_files() {
    let fixture = with_inputs();
    let whole = std::fs::read(fixture.path("c")).unwrap();
    let mut damaged = whole.clone();
    *damaged.last_mut().unwrap() ^= 1;
    put(&fixture, "c", &damaged);
    insta::assert_snapshot!(without_hashes(&fixture.fail(&CHECKPOINT)), @r"
    exit code 3
    error: discriminator `c` is damaged: expected content of SHA-256 `HASH`, got `HASH`
    hint: copy it again, or remove it and run `make train` (for a file outside a run `dcgan-train --out FOLDER`)
    ");
    put(&fixture, "c", &whole[..whole.len() / 2]);
    insta::assert_snapshot!(fixture.fail(&CHECKPOINT), @r"
    exit code 3
    error: discriminator `c` is damaged: expected 14792 bytes, got 7396 bytes
    hint: copy it again, or remove it and run `make train` (for a file outside a run `dcgan-train --out FOLDER`)
    ");
}

/// A message with every SHA-256 replaced by one word.
fn without_hashes(message: &str) -> String {
    let is_hash = |piece: &&str| piece.trim_end_matches('`').len() == 64;
    let pieces = message.split_inclusive(|c: char| !c.is_ascii_alphanumeric());
    pieces
        .map(|piece| if is_hash(&piece) { "HASH`" } else { piece })
        .collect()
}

#[test]
fn weights_that_are_no_numbers() {
    let fixture = with_inputs();
    let path = fixture.path("c");
    let sound = Checkpoint::read(&path).unwrap();
    for (network, value) in [("discriminator", f32::NAN), ("generator", f32::INFINITY)] {
        let mut checkpoint = sound.clone();
        let weights = checkpoint.weights.iter_mut();
        let mut weights = weights.filter(|(name, _)| name.starts_with(network));
        let (name, (_, values)) = weights.next().unwrap();
        values[1] = value;
        let expected = format!(
            "exit code 3\nerror: value 1 of `{name}` in `c` is {value}, expected a finite number\n\
             hint: the training that made it has diverged: take an earlier checkpoint, or another file\n"
        );
        checkpoint.write(&path).unwrap();
        assert_eq!(fixture.fail(&CHECKPOINT), expected);
    }
}

#[test]
fn samples_of_another_type() {
    let fixture = with_inputs();
    let header = br#"{"images":{"dtype":"BOOL","shape":[1,8,8,1],"data_offsets":[0,64]}}"#;
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header);
    bytes.extend([0; 64]);
    put(&fixture, "s", &bytes);
    insta::assert_snapshot!(fixture.fail(&SAMPLES), @r"
    exit code 3
    error: samples `s` does not fit: expected an array `images` or `arr_0`, or one array alone of 3 or 4 axes, got `images` of type BOOL
    hint: give another file; `make sample` makes that of a run, `dcgan-sample --out FOLDER` one elsewhere
    ");
}

#[test]
fn a_dataset_is_no_checkpoint() {
    let fixture = with_inputs();
    let args = ["--dataset", "d", "--checkpoint", "d", "--out", "out"];
    let message = fixture.fail(&args);
    assert!(message.starts_with("exit code 3\n"), "{message}");
}

#[test]
fn wrong_usage() {
    let fixture = with_inputs();
    assert!(
        fixture
            .fail(&["--dataset", "d", "--out", "out"])
            .starts_with("exit code 2\n")
    );
    let message = fixture.fail(&[&CHECKPOINT[..], &["--set", "eval.sed=1"]].concat());
    assert!(message.starts_with("exit code 2\n"), "{message}");
}

#[test]
fn the_folder_of_another_stage() {
    let fixture = with_inputs();
    std::fs::create_dir(fixture.path("out")).unwrap();
    let manifest = dcgan_artifacts::Manifest {
        stage: "dcgan-train".into(),
        version: "0.1.0".into(),
        settings: serde_json::json!({}),
        inputs: Vec::new(),
        outputs: Vec::new(),
    };
    manifest.write(&fixture.path("out")).unwrap();
    for force in [&[][..], &["--force"]] {
        let outcome = fixture.run(&[&CHECKPOINT[..], force].concat());
        assert_eq!(outcome.code, 5, "{}", outcome.stderr);
    }
}

#[test]
fn a_locked_folder() {
    let fixture = with_inputs();
    std::fs::create_dir(fixture.path("out")).unwrap();
    let lock = dcgan_artifacts::RunLock::acquire(&fixture.path("out")).unwrap();
    let outcome = fixture.run(&CHECKPOINT);
    assert_eq!(outcome.code, 5, "{}", outcome.stderr);
    drop(lock);
    fixture.succeed(&[&CHECKPOINT[..], &["--set", "eval.n=64"]].concat());
}

#[expect(
    clippy::disallowed_methods,
    reason = "a damaged file is what the test wants"
)]
fn put(fixture: &Fixture, name: &str, bytes: &[u8]) {
    std::fs::write(fixture.path(name), bytes).unwrap();
}
