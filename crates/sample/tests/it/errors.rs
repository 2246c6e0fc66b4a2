//! Errors have the right message and exit code, and write nothing.

use crate::support::{Place, labelled_config};
use dcgan::Generator;
use dcgan_artifacts::{Manifest, Role, write_atomic};
use std::fs;

#[test]
fn an_unknown_class_lists_the_names() {
    let place = Place::labelled();
    insta::assert_snapshot!(place.sample("out", &["--class", "three"]).failure(), @r"
    exit code 2
    error: no class `three`: this model has `zero`, `one`, `2`
    hint: give one of these names, or a number from 0 to 2
    ");
    insta::assert_snapshot!(place.sample("out", &["--class", "3"]).failure(), @r"
    exit code 2
    error: no class `3`: this model has `zero`, `one`, `2`
    hint: give one of these names, or a number from 0 to 2
    ");
    assert!(!place.path("out").exists());
}

#[test]
fn a_class_needs_labels() {
    let place = Place::unlabelled();
    insta::assert_snapshot!(place.sample("out", &["--class", "1"]).failure(), @r"
    exit code 2
    error: class `1` was asked for, but this model was trained without labels
    hint: leave the class out, or take a model of `train.network: labelled`
    ");
    assert!(!place.path("out").exists());
}

#[test]
fn a_discriminator_draws_nothing() {
    let place = Place::labelled();
    place.write_discriminator("model.safetensors");
    insta::assert_snapshot!(place.sample("out", &[]).failure(), @r"
    exit code 3
    error: generator `[DIR]/model.safetensors` does not fit: expected kind `generator`, got kind `discriminator`
    hint: give another file; `make train` makes that of a run, `dcgan-train --out FOLDER` one elsewhere
    ");
    assert!(!place.path("out").exists());
}

#[test]
fn a_generator_file_tells_of_no_best_checkpoint_and_has_no_average() {
    let place = Place::labelled();
    for key in ["best", "ema"] {
        let set = format!("sample.{key}=true");
        insta::allow_duplicates! {
            insta::assert_snapshot!(place.sample("out", &["--set", &set]).failure(), @r"
            exit code 3
            error: checkpoint `[DIR]/model.safetensors` does not fit: expected kind `checkpoint`, got kind `generator`
            hint: give another file; `make train` makes that of a run, `dcgan-train --out FOLDER` one elsewhere
            ");
        }
    }
    assert!(!place.path("out").exists());
}

#[test]
fn a_missing_model_is_named() {
    let place = Place::labelled();
    fs::remove_file(place.path("model.safetensors")).unwrap();
    insta::assert_snapshot!(place.sample("out", &[]).failure(), @r"
    exit code 3
    error: generator `[DIR]/model.safetensors` does not exist
    hint: `make train` makes that of a run, `dcgan-train --out FOLDER` one elsewhere; or give another path
    ");
    assert!(!place.path("out").exists());
}

#[test]
fn a_damaged_model_is_refused() {
    let place = Place::labelled();
    let path = place.path("model.safetensors");
    let mut bytes = fs::read(&path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    write_atomic(&path, &bytes).unwrap();
    let flipped = place.sample("out", &[]);
    assert_eq!(flipped.code, 3);
    assert!(
        flipped
            .stderr
            .contains("is damaged: expected content of SHA-256"),
        "{flipped:?}"
    );
    write_atomic(&path, &bytes[..last]).unwrap();
    let cut = place.sample("out", &[]);
    assert_eq!(cut.code, 3);
    assert!(cut.stderr.contains("is damaged"), "{cut:?}");
    assert!(!place.path("out").exists());
}

#[test]
fn a_sound_file_that_makes_no_network_names_the_weight() {
    let place = Place::labelled();
    let config = labelled_config();
    let mut weights = Generator::init(&config, 1).unwrap().arrays().unwrap();
    weights.remove("generator/g_h3/w");
    place.write_model("model.safetensors", &config, Role::Generator, weights);
    insta::assert_snapshot!(place.sample("out", &[]).failure(), @r"
    exit code 3
    error: `[DIR]/model.safetensors` has no usable network
    caused by: array `generator/g_h3/w` is missing, expected shape [5, 5, 1, 11]
    hint: use a file written for the same kind of network, image size and widths
    ");

    let weights = Generator::init(&config, 1).unwrap().arrays().unwrap();
    let odd = dcgan::Config {
        height: 10,
        ..config
    };
    place.write_model("model.safetensors", &odd, Role::Generator, weights);
    insta::assert_snapshot!(place.sample("out", &[]).failure(), @r"
    exit code 3
    error: `[DIR]/model.safetensors` has no usable network
    caused by: network setting `height` is `10`, expected a multiple of 4, at most 4096, for the labelled network
    hint: give a checkpoint or generator file of this version of dcgan-train
    ");
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let place = Place::labelled();
    insta::assert_snapshot!(place.sample("out", &["--seeds", "4-1"]).failure(), @r"
    exit code 2
    error: seeds `4-1`: expected numbers and ranges such as `0,3-6`, found `4-1`
    ");
    insta::assert_snapshot!(place.sample("out", &["--n", "0"]).failure(), @r"
    exit code 2
    error: invalid value '0' for '--n <N>': 0 is not in 1..=10000000

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(place.sample("out", &["--set", "sample.m=3"]).failure(), @r"
    exit code 2
    error: unknown key `sample.m` in `--set sample.m=3`
    hint: did you mean `sample.n`?
    ");
    insta::assert_snapshot!(place.run(&["--out", "[DIR]/out"]).failure(), @r"
    exit code 2
    error: `--mode images` needs `--model FILE`
    hint: `--help` shows an example
    ");
    let film = ["--mode", "film", "--out", "[DIR]/out"];
    insta::assert_snapshot!(place.run(&film).failure(), @r"
    exit code 2
    error: `--mode film` needs `--checkpoints DIR` or `--grids DIR`
    hint: `--help` shows an example
    ");
    assert!(!place.path("out").exists());
}

#[test]
fn the_folder_of_another_program_is_left_alone() {
    let place = Place::labelled();
    fs::create_dir(place.path("out")).unwrap();
    let manifest = Manifest {
        stage: "dcgan-eval".into(),
        version: "0.1.0".into(),
        settings: serde_json::Value::Null,
        inputs: Vec::new(),
        outputs: Vec::new(),
    };
    manifest.write(&place.path("out")).unwrap();
    insta::assert_snapshot!(place.sample("out", &[]).failure(), @r"
    exit code 5
    error: `[DIR]/out` has the results of `dcgan-eval`, expected those of `dcgan-sample` or none
    hint: choose another `--out`
    ");
    assert_eq!(place.names("out"), ["manifest.json"]);
}

#[test]
fn a_file_in_the_way_is_left_alone() {
    let place = Place::labelled();
    write_atomic(&place.path("out"), b"mine").unwrap();
    insta::assert_snapshot!(place.sample("out", &[]).failure(), @r"
    exit code 5
    error: `[DIR]/out` is not ours to write: expected a folder, got a file
    hint: move `[DIR]/out` away, or choose another `--out`
    ");
    assert_eq!(fs::read(place.path("out")).unwrap(), b"mine");
}
