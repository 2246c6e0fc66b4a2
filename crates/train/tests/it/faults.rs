//! Divergence, damage and loss.

use crate::program::{Place, assert_same, damage, report, text};
use dcgan_random::{Purpose, Stream};
use std::fs;

#[test]
fn divergence_before_the_first_checkpoint_says_so() {
    let source = dcgan::Error::NonFinite {
        what: "loss",
        name: "d_loss".into(),
    };
    let error = dcgan_train::Error::Diverged {
        step: 3,
        rollbacks: 2,
        checkpoint: None,
        source,
    };
    assert_eq!(
        error.to_string(),
        "training diverged at step 3 after 2 roll-backs; there is no checkpoint yet"
    );
}

#[test]
fn divergence_names_step_tensor_and_the_last_good_checkpoint() {
    let place = Place::new();
    place.train("run", &["train.epochs=1"]);
    // No allowed setting diverges within a few steps, so the test changes a weight.
    let path = place.path("run/checkpoints/step-00000006.safetensors");
    let mut checkpoint = dcgan_artifacts::Checkpoint::read(&path).unwrap();
    let weight = checkpoint.weights.get_mut("generator/g_h3/biases").unwrap();
    weight.1[0] = f32::NAN;
    checkpoint.write(&path).unwrap();
    insta::assert_snapshot!(place.fail("run", &["train.epochs=2"], &[]), @"
    exit code 4
    resuming after step 6, from `run/checkpoints/step-00000006.safetensors`
    error: training diverged at step 7; the last good checkpoint is `run/checkpoints/step-00000006.safetensors`
    caused by: mean or variance of `discriminator/d_bn1` is not finite, and the first that is not is weight `generator/g_h3/biases`
    hint: lower `train.learning_rate`, take another `train.seed` or set `train.on_divergence: rollback`, in another `--out`
    ");
    assert_eq!(place.checkpoints("run").len(), 2);
}

/// Changes the weights in a checkpoint of the run in `out`.
fn spoil(place: &Place, out: &str, step: u64, change: impl Fn(&str, &mut [f32])) {
    let path = dcgan_artifacts::checkpoint_path(&place.path(out).join("checkpoints"), step);
    let mut checkpoint = dcgan_artifacts::Checkpoint::read(&path).unwrap();
    for (name, (_, values)) in &mut checkpoint.weights {
        change(name, values);
    }
    checkpoint.write(&path).unwrap();
}

/// Losses and weights are finite but a gradient is not: batch norm divides by the small deviation
/// of its input and multiplies by a large gamma.
#[test]
fn a_gradient_that_is_not_finite_is_named_with_the_last_good_checkpoint() {
    let place = Place::new();
    place.train("run", &["train.epochs=1"]);
    spoil(&place, "run", 6, |name, values| match name {
        "discriminator/d_h2_lin/Matrix" => values.iter_mut().for_each(|value| *value *= 1e-6),
        "discriminator/d_bn2/gamma" => values.fill(1e35),
        "discriminator/d_h3_lin/Matrix" => values.fill(50.0),
        _ => {}
    });
    insta::assert_snapshot!(place.fail("run", &["train.epochs=2"], &[]), @"
    exit code 4
    resuming after step 6, from `run/checkpoints/step-00000006.safetensors`
    error: training diverged at step 7; the last good checkpoint is `run/checkpoints/step-00000006.safetensors`
    caused by: gradient of `discriminator/d_h3_lin/Matrix` is not finite
    hint: lower `train.learning_rate`, take another `train.seed` or set `train.on_divergence: rollback`, in another `--out`
    ");
    let events = fs::read_to_string(place.path("run/events.csv")).unwrap();
    assert_eq!(
        events,
        "step,event,back_to,attempt,detail\n\
         7,stop,,0,gradient of `discriminator/d_h3_lin/Matrix` is not finite\n"
    );
    assert_eq!(place.checkpoints("run").len(), 2);
}

/// Weights and statistics are finite, but the logits overflow.
#[test]
fn a_loss_that_is_no_number_is_named_with_its_layer() {
    let place = Place::new();
    place.train("run", &["train.epochs=1"]);
    spoil(&place, "run", 6, |name, values| {
        if name == "discriminator/d_h3_lin/Matrix" {
            values.fill(3e38);
        }
    });
    let report = place.fail("run", &["train.epochs=2"], &[]);
    assert!(report.starts_with("exit code 4\n"), "{report}");
    assert!(report.contains("diverged at step 7"), "{report}");
    assert!(report.contains("caused by: loss `"), "{report}");
    assert!(report.contains("d_h3_lin"), "{report}");
}

/// One picture in the batch after the checkpoint makes the changed discriminator diverge; with
/// another order of the pictures it does not.
#[test]
fn a_roll_back_goes_on_with_other_batches() {
    let place = Place::new();
    let order = Stream::new(0, Purpose::BatchOrder, 1).permutation(26);
    let poison = order[17];
    place.write_pictures("dark.safetensors", [8, 8, 1], 26, 3, |image, _| {
        u8::from(image == poison as usize) * 255
    });
    let settings = |more: &'static str| [more, "train.epochs=1", "train.max_rollbacks=20"];
    let rollback = settings("train.on_divergence=rollback");
    let train = |out: &str| {
        let output = place
            .command_on("dark.safetensors", out, &rollback)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        output
    };
    let unfinish = |out: &str| {
        fs::remove_file(place.path(out).join("manifest.json")).unwrap();
        fs::remove_file(
            place
                .path(out)
                .join("checkpoints/step-00000006.safetensors"),
        )
        .unwrap();
    };
    train("run");
    assert!(!place.path("run/events.csv").exists());
    unfinish("run");
    // Generated images are all dark, and so is every real one except the poison.
    spoil(&place, "run", 4, |name, values| match name {
        "generator/g_h3/biases" => values.fill(-500.0),
        // Of the four input planes the first is the picture, the others are the class.
        "discriminator/d_h0_conv/w" => {
            for of_plane in values.chunks_exact_mut(4 * 4) {
                of_plane[..4].fill(3e38);
            }
        }
        _ => {}
    });
    let output = train("run");
    let warning = text(&output.stderr);
    assert!(
        warning.contains("training diverged at step 5")
            && warning.contains("roll-back 1 of at most 20, to step 4"),
        "{warning}"
    );
    let events = fs::read_to_string(place.path("run/events.csv")).unwrap();
    let first = events.lines().nth(1).unwrap();
    assert!(first.starts_with("5,rollback,4,1,"), "{events}");
    let path = place.path("run/checkpoints/step-00000006.safetensors");
    let info = dcgan_artifacts::read_checkpoint_info(&path).unwrap();
    assert_eq!(info.attempt as usize, events.lines().count() - 1);
    assert_eq!(place.rows("run"), 7);

    // Stopped after the roll-back and started again: the same bytes.
    let expected = place.files("run");
    unfinish("run");
    train("run");
    assert_same(&expected, &place.files("run"));

    // The checkpoint after the roll-back records the position in the table of events.
    fs::remove_file(place.path("run/manifest.json")).unwrap();
    damage(&place.path("run/events.csv"));
    let refusal = report(&mut place.command_on("dark.safetensors", "run", &rollback));
    assert!(refusal.starts_with("exit code 3\n"), "{refusal}");
    assert!(
        refusal.contains("table `run/events.csv` is damaged"),
        "{refusal}"
    );
    damage(&place.path("run/events.csv"));
    train("run");
    assert_same(&expected, &place.files("run"));

    // As often as the settings allow.
    spoil(&place, "run", 4, |name, values| {
        if name == "generator/g_h3/biases" {
            values.fill(f32::NAN);
        }
    });
    unfinish("run");
    let report = report(&mut place.command_on("dark.safetensors", "run", &rollback));
    assert!(report.starts_with("exit code 4\n"), "{report}");
    assert!(
        report.contains("diverged at step 5 after 20 roll-backs; the last good checkpoint is"),
        "{report}"
    );
}

/// In its first steps D of this tiny network does not separate the pictures.
#[test]
fn a_discriminator_that_does_not_separate_gives_a_warning() {
    let place = Place::new();
    let warnings = |out: &str, setting: &'static str| {
        let output = place.train(out, &["train.epochs=1", setting]);
        text(&output.stderr)
    };
    let watched = warnings("watched", "train.collapse_watch=2");
    assert!(
        watched.contains("warning: step 2: the discriminator does not separate real from"),
        "{watched}"
    );
    let unwatched = warnings("unwatched", "train.collapse_watch=0");
    assert!(!unwatched.contains("warning"), "{unwatched}");
    let rows = |out: &str| fs::read(place.path(out).join("metrics.csv")).unwrap();
    assert_eq!(rows("watched"), rows("unwatched"));
}

#[test]
fn a_run_from_before_a_setting_existed_goes_on() {
    let place = Place::new();
    place.train("run", &["train.epochs=2"]);
    let expected = place.files("run");
    fs::remove_file(place.path("run/manifest.json")).unwrap();
    let path = place.path("run/run.json");
    let mut run: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    for key in ["ema", "flip", "depth", "on_divergence", "kernels"] {
        assert!(run["train"].as_object_mut().unwrap().remove(key).is_some());
    }
    dcgan_artifacts::write_atomic(&path, run.to_string().as_bytes()).unwrap();
    place.train("run", &["train.epochs=2"]);
    assert_same(&expected, &place.files("run"));
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

/// The table of histograms goes on from the checkpoint before, as the run does.
#[test]
fn a_cut_latest_checkpoint_falls_back_with_all_tables() {
    let place = Place::new();
    place.train("run", &["train.epochs=2"]);
    let whole = place.files("run");
    let newest = place.checkpoints("run").pop().unwrap();
    fs::remove_file(place.path("run/manifest.json")).unwrap();
    dcgan_artifacts::write_atomic(&place.path("run/checkpoints").join(newest), b"").unwrap();
    place.train("run", &["train.epochs=2"]);
    assert_same(&whole, &place.files("run"));
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

/// The same command neither restores the table nor starts over: the hint names two ways out.
#[test]
fn a_lost_metrics_table_is_put_back_or_the_folder_moved_away() {
    let place = Place::new();
    place.train("run", &["train.epochs=1"]);
    let expected = place.files("run");
    let table = fs::read(place.path("run/metrics.csv")).unwrap();
    fs::remove_file(place.path("run/metrics.csv")).unwrap();
    insta::assert_snapshot!(place.fail("run", &["train.epochs=1"], &["--quiet"]), @"
    exit code 3
    warning: file `run/metrics.csv` does not exist: treating the folder as incomplete
    error: table `run/metrics.csv` does not exist
    hint: restore the table from a copy to resume the run; or, to start over, move the whole folder away and run the same command again
    ");
    dcgan_artifacts::write_atomic(&place.path("run/metrics.csv"), &table).unwrap();
    place.train("run", &["train.epochs=1"]);
    assert_same(&expected, &place.files("run"));

    fs::remove_file(place.path("run/metrics.csv")).unwrap();
    place.fail("run", &["train.epochs=1"], &["--quiet"]);
    #[expect(clippy::disallowed_methods, reason = "what the hint says")]
    fs::rename(place.path("run"), place.path("away")).unwrap();
    place.train("run", &["train.epochs=1"]);
    assert_same(&expected, &place.files("run"));
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
    hint: use `--force` to move the old run aside and start over
    ");
    let mut command = place.command("run", &["train.epochs=1"]);
    assert!(command.arg("--force").status().unwrap().success());
    assert!(place.path("run.old-1").exists());
}
