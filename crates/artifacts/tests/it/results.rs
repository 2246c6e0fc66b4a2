//! A stage's folder: complete or not, of these settings or others, replaced whole.

use crate::examples::{put, record};
use dcgan_artifacts::{EarlierResults, Error, ErrorKind, Manifest, Results};
use serde_json::json;
use std::fs;

const STAGE: &str = "dcgan-eval";

fn is_of(folder: &std::path::Path, seed: u32) -> bool {
    let earlier = EarlierResults::read(folder, STAGE).unwrap();
    let settings = json!({ "seed": seed });
    earlier.is_of(&settings, &json!(null), &[record("b"), record("a")])
}

#[test]
fn a_result_is_of_its_settings_and_inputs_as_long_as_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    assert!(!is_of(&out, 1) && !out.exists());
    let mut results = Results::open(&out, STAGE, "1.0").unwrap();
    results.write("figures.json", b"{}").unwrap();
    results.write("below/one.png", b"picture").unwrap();
    assert!(!EarlierResults::read(&out, STAGE).unwrap().is_complete());
    let inputs = vec![record("a"), record("b")];
    let outputs = results.finish(json!({ "seed": 1 }), inputs).unwrap();
    let names: Vec<&str> = outputs.iter().map(|output| output.name.as_str()).collect();
    assert_eq!(names, ["below/one.png", "figures.json"]);
    assert!(is_of(&out, 1) && !is_of(&out, 2));
    let earlier = EarlierResults::read(&out, STAGE).unwrap();
    assert!(!earlier.is_of(&json!({ "seed": 1 }), &json!(null), &[record("a")]));
    put(&out.join("below/one.png"), b"Picture");
    assert!(!is_of(&out, 1));
}

#[test]
fn a_result_from_before_a_setting_existed_is_of_its_default() {
    let folder = tempfile::tempdir().unwrap();
    let results = Results::open(folder.path(), STAGE, "1.0").unwrap();
    let old = json!({ "eval": { "seed": 1, "alarms": { "collapse": 0.5 } } });
    results.finish(old, Vec::new()).unwrap();
    let earlier = EarlierResults::read(folder.path(), STAGE).unwrap();
    let new = |kernels: &str, swing: f64| {
        let alarms = json!({ "collapse": 0.5, "swing": swing });
        json!({ "eval": { "seed": 1, "alarms": alarms, "kernels": kernels } })
    };
    let defaults = new("auto", 0.4);
    assert!(earlier.is_of(&defaults, &defaults, &[]));
    for other in [new("gemm", 0.4), new("auto", 0.5)] {
        assert!(!earlier.is_of(&other, &defaults, &[]), "{other}");
    }
}

#[test]
fn a_new_result_replaces_the_old_one_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut results = Results::open(folder.path(), STAGE, "1.0").unwrap();
    for name in ["old.png", "gone.png"] {
        results.write(name, b"old").unwrap();
    }
    results.finish(json!({}), Vec::new()).unwrap();
    put(&folder.path().join("mine.txt"), b"mine");
    fs::remove_file(folder.path().join("gone.png")).unwrap();

    let mut results = Results::open(folder.path(), STAGE, "1.0").unwrap();
    assert!(folder.path().join("old.png").exists());
    results.clear().unwrap();
    assert!(!folder.path().join(Manifest::NAME).exists());
    assert!(!folder.path().join("old.png").exists());
    results.write("new.png", b"new").unwrap();
    results.finish(json!({}), Vec::new()).unwrap();
    assert_eq!(fs::read(folder.path().join("mine.txt")).unwrap(), b"mine");
    assert_eq!(fs::read(folder.path().join("new.png")).unwrap(), b"new");
}

#[test]
fn the_folder_of_another_program_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let results = Results::open(folder.path(), "dcgan-train", "1.0").unwrap();
    results.finish(json!({}), Vec::new()).unwrap();
    let refused = [
        EarlierResults::read(folder.path(), STAGE).unwrap_err(),
        Results::open(folder.path(), STAGE, "1.0").unwrap_err(),
    ];
    for error in refused {
        assert!(matches!(error, Error::OtherStage { .. }), "{error:?}");
        assert_eq!(error.kind(), ErrorKind::Output);
    }
}

#[test]
fn a_file_in_the_folders_place_is_refused_when_it_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out");
    put(&file, b"mine");
    assert!(!EarlierResults::read(&file, STAGE).unwrap().is_complete());
    let error = Results::open(&file, STAGE, "1.0").unwrap_err();
    assert!(matches!(error, Error::NotOurs { .. }), "{error:?}");
    assert_eq!(fs::read(&file).unwrap(), b"mine");
}
