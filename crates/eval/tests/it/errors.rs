//! Inputs that cannot be evaluated: exit code, message, nothing written.

use crate::fixture::{Fixture, SIDE};

fn with_inputs() -> Fixture {
    let fixture = Fixture::new();
    fixture.dataset("d", SIDE, 3, [64, 64]);
    fixture.checkpoint("c", SIDE, 3);
    fixture
}

const CHECKPOINT: [&str; 6] = ["--dataset", "d", "--checkpoint", "c", "--out", "out"];
const SAMPLES: [&str; 6] = ["--dataset", "d", "--samples", "s", "--out", "out"];
const BOTH: [&str; 8] =
    ["--dataset", "d", "--checkpoint", "c", "--samples", "s", "--out", "out"];

#[test]
fn samples_of_another_size() {
    let fixture = with_inputs();
    fixture.samples("s", 12, 3, 64);
    insta::assert_snapshot!(fixture.fail(&SAMPLES), @"");
}

#[test]
fn dataset_of_another_size_than_the_checkpoint() {
    let fixture = with_inputs();
    fixture.dataset("d", 12, 3, [64, 64]);
    insta::assert_snapshot!(fixture.fail(&CHECKPOINT), @"");
}

#[test]
fn unlabelled_against_labelled() {
    let fixture = with_inputs();
    fixture.samples("s", SIDE, 0, 64);
    insta::assert_snapshot!(fixture.fail(&BOTH), @"");
    fixture.dataset("d", SIDE, 0, [64, 64]);
    insta::assert_snapshot!(fixture.fail(&CHECKPOINT), @"");
    fixture.samples("s", SIDE, 3, 64);
    insta::assert_snapshot!(fixture.fail(&SAMPLES), @"");
}

#[test]
fn other_classes() {
    let fixture = with_inputs();
    fixture.checkpoint("c", SIDE, 2);
    insta::assert_snapshot!(fixture.fail(&CHECKPOINT), @"");
    fixture.samples("s", SIDE, 4, 64);
    insta::assert_snapshot!(fixture.fail(&SAMPLES), @"");
}

#[test]
fn too_few_images() {
    let fixture = with_inputs();
    let few = fixture.fail(&[&CHECKPOINT[..], &["--set", "eval.n=63"]].concat());
    insta::assert_snapshot!(few, @"");
    fixture.samples("s", SIDE, 3, 63);
    insta::assert_snapshot!(fixture.fail(&BOTH), @"");
    fixture.dataset("d", SIDE, 3, [64, 10]);
    insta::assert_snapshot!(fixture.fail(&CHECKPOINT), @"");
    fixture.samples("s", SIDE, 3, 0);
    insta::assert_snapshot!(fixture.fail(&SAMPLES), @"");
}

#[test]
fn missing_files() {
    let fixture = Fixture::new();
    insta::assert_snapshot!(fixture.fail(&CHECKPOINT), @"");
    fixture.dataset("d", SIDE, 3, [64, 64]);
    insta::assert_snapshot!(fixture.fail(&CHECKPOINT), @"");
    insta::assert_snapshot!(fixture.fail(&SAMPLES), @"");
}

#[test]
fn damaged_files() {
    let fixture = with_inputs();
    let whole = std::fs::read(fixture.path("c")).unwrap();
    let mut damaged = whole.clone();
    *damaged.last_mut().unwrap() ^= 1;
    put(&fixture, "c", &damaged);
    let message = fixture.fail(&CHECKPOINT);
    assert!(message.starts_with("exit 3\nerror: checkpoint `c` is damaged"), "{message}");
    put(&fixture, "c", &whole[..whole.len() / 2]);
    let message = fixture.fail(&CHECKPOINT);
    assert!(message.starts_with("exit 3\nerror: checkpoint `c` is damaged"), "{message}");
}

#[test]
fn samples_of_another_type() {
    let fixture = with_inputs();
    let header = br#"{"images":{"dtype":"F32","shape":[1,8,8,1],"data_offsets":[0,256]}}"#;
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header);
    bytes.extend([0; 256]);
    put(&fixture, "s", &bytes);
    insta::assert_snapshot!(fixture.fail(&SAMPLES), @"");
}

#[test]
fn a_dataset_is_no_checkpoint() {
    let fixture = with_inputs();
    let args = ["--dataset", "d", "--checkpoint", "d", "--out", "out"];
    let message = fixture.fail(&args);
    assert!(message.starts_with("exit 3\n"), "{message}");
}

#[test]
fn wrong_usage() {
    let fixture = with_inputs();
    assert!(fixture.fail(&["--dataset", "d", "--out", "out"]).starts_with("exit 2\n"));
    let message = fixture.fail(&[&CHECKPOINT[..], &["--set", "eval.sed=1"]].concat());
    assert!(message.starts_with("exit 2\n"), "{message}");
}

#[test]
fn the_folder_of_another_stage() {
    let fixture = with_inputs();
    std::fs::create_dir(fixture.path("out")).unwrap();
    let manifest = dcgan_artifacts::Manifest {
        stage: "train".into(),
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

#[expect(clippy::disallowed_methods, reason = "a damaged file is what the test wants")]
fn put(fixture: &Fixture, name: &str, bytes: &[u8]) {
    std::fs::write(fixture.path(name), bytes).unwrap();
}
