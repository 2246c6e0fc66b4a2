//! Divergence, damage and loss.

use crate::program::{Place, assert_same, damage, text};
use std::fs;

#[test]
fn divergence_before_the_first_checkpoint_says_so() {
    let source = dcgan_networks::Error::NonFinite {
        what: "loss",
        name: "d_loss".into(),
    };
    let error = dcgan_train::Error::Diverged {
        step: 3,
        checkpoint: None,
        source,
    };
    assert_eq!(
        error.to_string(),
        "training diverged at step 3; there is no checkpoint yet"
    );
}

#[test]
fn divergence_names_step_tensor_and_the_last_good_checkpoint() {
    let place = Place::new();
    place.train("run", &["train.epochs=1"]);
    // No setting that is allowed diverges within a few steps, so a weight is spoilt by hand.
    let path = place.path("run/checkpoints/step-00000006.safetensors");
    let mut checkpoint = dcgan_artifacts::Checkpoint::read(&path).unwrap();
    let weight = checkpoint.weights.get_mut("generator/g_h3/biases").unwrap();
    weight.1[0] = f32::NAN;
    checkpoint.write(&path).unwrap();
    insta::assert_snapshot!(place.fail("run", &["train.epochs=2"], &[]), @"
    exit code 4
    going on after step 6, from `run/checkpoints/step-00000006.safetensors`
    error: training diverged at step 7; the last good checkpoint is `run/checkpoints/step-00000006.safetensors`
    caused by: loss `d_loss_fake` is not finite
    hint: lower `train.learning_rate` or take another `train.seed`, in another `--out`
    ");
    assert_eq!(place.checkpoints("run").len(), 2);
}

#[test]
fn a_damaged_latest_checkpoint_falls_back_to_the_one_before() {
    let place = Place::new();
    place.train("run", &["train.epochs=2"]);
    let expected = place.files("run");
    damage(&place.path("run/checkpoints/step-00000012.safetensors"));
    let output = place.train("run", &["train.epochs=2"]);
    let warnings = text(&output.stderr);
    assert!(warnings.contains("step-00000012.safetensors"), "{warnings}");
    assert_same(&expected, &place.files("run"));
}

#[test]
fn no_good_checkpoint_at_all() {
    let place = Place::new();
    place.train("run", &["train.epochs=1"]);
    for name in place.checkpoints("run") {
        damage(&place.path("run/checkpoints").join(name));
    }
    let report = place.fail("run", &["train.epochs=2"], &["--quiet"]);
    assert!(report.starts_with("exit code 3\n"), "{report}");
    assert!(report.contains("checkpoint `run/checkpoints/step-00000006.safetensors` is damaged"));
}

#[test]
fn a_damaged_metrics_table_is_refused() {
    let place = Place::new();
    place.train("run", &["train.epochs=1"]);
    damage(&place.path("run/metrics.csv"));
    let report = place.fail("run", &["train.epochs=2"], &[]);
    assert!(report.starts_with("exit code 3\n"), "{report}");
    assert!(
        report.contains("table `run/metrics.csv` is damaged"),
        "{report}"
    );
}

#[test]
fn a_finished_run_that_lost_a_file_is_mended() {
    let place = Place::new();
    place.train("run", &["train.epochs=1"]);
    let expected = place.files("run");
    for name in [
        "generator.safetensors",
        "checkpoints/step-00000006.safetensors",
    ] {
        fs::remove_file(place.path("run").join(name)).unwrap();
        place.train("run", &["train.epochs=1"]);
        assert_same(&expected, &place.files("run"));
    }
}

#[test]
fn a_damaged_run_json_is_refused_and_force_moves_it_aside() {
    let place = Place::new();
    place.train("run", &["train.epochs=1"]);
    #[expect(
        clippy::disallowed_methods,
        reason = "a damaged file is what is wanted"
    )]
    fs::write(place.path("run/run.json"), "{").unwrap();
    insta::assert_snapshot!(place.fail("run", &["train.epochs=1"], &[]), @"
    exit code 3
    error: `run/run.json` is damaged: its JSON can't be read
    caused by: EOF while parsing an object at line 1 column 1
    hint: give `--force` to move the old run aside and start afresh
    ");
    let mut command = place.command("run", &["train.epochs=1"]);
    assert!(command.arg("--force").status().unwrap().success());
    assert!(place.path("run.old-1").exists());
}
