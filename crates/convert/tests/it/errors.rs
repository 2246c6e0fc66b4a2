//! What goes wrong is named, with the exit code of the contract, and nothing is written.

use crate::support::{Place, labelled};
use dcgan_artifacts::write_atomic;
use std::fs;

#[test]
fn a_damaged_model_is_refused() {
    let place = Place::checkpoint(&labelled());
    let path = place.path("model.safetensors");
    let bytes = place.bytes("model.safetensors");
    for at in [bytes.len() - 1, bytes.len() / 2, 40] {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        write_atomic(&path, &damaged).unwrap();
        let failure = place.convert("out", &[]).failure();
        assert!(failure.starts_with("exit code 3\nerror: "), "{failure}");
        assert!(failure.contains("[DIR]/model.safetensors"), "{failure}");
        assert!(!place.path("out").exists());
    }
    write_atomic(&path, &bytes[..bytes.len() / 2]).unwrap();
    let failure = place.convert("out", &[]).failure();
    assert!(failure.starts_with("exit code 3\nerror: "), "{failure}");
}

#[test]
fn a_missing_model_and_one_without_averages_are_named() {
    let place = Place::checkpoint(&labelled());
    let failure = place
        .convert("out", &["--set", "sample.ema=true"])
        .failure();
    insta::assert_snapshot!(failure, @r"
    exit code 3
    error: checkpoint `[DIR]/model.safetensors` does not fit: expected averaged weights `ema/generator/...`, got none
    hint: give another file; `make train` makes that of a run, `dcgan-train --out FOLDER` one elsewhere
    ");
    fs::remove_file(place.path("model.safetensors")).unwrap();
    insta::assert_snapshot!(place.convert("out", &[]).failure(), @r"
    exit code 3
    error: generator `[DIR]/model.safetensors` does not exist
    hint: `make train` makes that of a run, `dcgan-train --out FOLDER` one elsewhere; or give another path
    ");
    assert!(!place.path("out").exists());
}

#[test]
fn a_weight_that_half_precision_cannot_hold_is_named() {
    let place = Place::generator(&labelled());
    place.change(|model| {
        let (_, values) = model.weights.get_mut("generator/g_h3/w").unwrap();
        values[3] = 1e6;
    });
    insta::assert_snapshot!(place.convert("out", &["--half"]).failure(), @r"
    exit code 3
    error: `[DIR]/model.safetensors`: weight `g_h3/weight` has a value that float16 can't hold
    hint: leave `--half` out; for a page, or if that does not help, give an earlier checkpoint
    ");
    place.converted("out", &[]);
    place.change(|model| {
        let (_, values) = model.weights.get_mut("generator/g_bn0/beta").unwrap();
        values[0] = f32::NAN;
    });
    let failure = place.convert("other", &[]).failure();
    insta::assert_snapshot!(failure, @r"
    exit code 3
    error: `[DIR]/model.safetensors`: weight `g_h0_lin/bias` has a value that float32 can't hold
    hint: give an earlier checkpoint: this training has diverged
    ");
}

#[test]
fn figures_that_are_none_are_refused() {
    let place = Place::generator(&labelled());
    let metrics = place.path("metrics.json");
    let options = ["--metrics", metrics.to_str().unwrap()];
    insta::assert_snapshot!(place.convert("out", &options).failure(), @r"
    exit code 3
    error: could not read `[DIR]/metrics.json`
    caused by: No such file or directory (os error 2)
    hint: check the path and its permissions
    ");
    for text in ["{", "[]", "{ \"quality\": 3 "] {
        place.put("metrics.json", text);
        let failure = place.convert("out", &options).failure();
        assert!(
            failure.starts_with("exit code 3\nerror: `[DIR]/metrics.json` is not"),
            "{failure}"
        );
    }
    place.put("metrics.json", "{}");
    insta::assert_snapshot!(place.convert("out", &options).failure(), @r"
    exit code 3
    error: `[DIR]/metrics.json` is not the `metrics.json` of an evaluation: expected a key `quality` or `pixels`
    hint: give the file that `make eval` writes, or leave `--metrics` out
    ");
    assert!(!place.path("out").exists());
    assert!(place.folder().exists());
}
