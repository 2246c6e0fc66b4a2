//! What is written, and when.

use crate::support::{Place, labelled, unlabelled};
use dcgan_artifacts::Manifest;
use dcgan_testkit::{assert_same_files, files};
use serde_json::{Value, json};

#[test]
fn a_generator_file_gives_a_network_and_its_card() {
    let place = Place::generator(&labelled());
    let outcome = place.converted("out", &[]);
    let names = ["README.md", "generator.onnx", "manifest.json"];
    assert_eq!(place.names("out"), names);
    assert!(
        outcome
            .stdout
            .starts_with("convert: in `[DIR]/out`:\n  generator.onnx (")
    );
    let manifest = Manifest::read(&place.path("out")).unwrap().unwrap();
    assert_eq!(manifest.stage, "dcgan-convert");
    let expected =
        json!({ "to": "onnx", "half": false, "single": false, "ema": false, "name": "dcgan" });
    assert_eq!(manifest.settings["convert"], expected);
    assert_eq!(manifest.inputs[0].name, "model.safetensors");
    manifest.verify_outputs(&place.path("out")).unwrap();
}

#[test]
fn a_checkpoint_gives_both_networks_and_a_dry_run_names_them() {
    for config in [labelled(), unlabelled()] {
        let place = Place::checkpoint(&config);
        let listed = |outcome: &str| -> Vec<String> {
            let result: Value = serde_json::from_str(outcome).unwrap();
            assert_eq!(result["networks"], json!(["generator", "discriminator"]));
            serde_json::from_value(result["files"].clone()).unwrap()
        };
        let mut planned = listed(&place.converted("out", &["--json", "--dry-run"]).stdout);
        assert!(!place.path("out").exists());
        let mut written = listed(&place.converted("out", &["--json"]).stdout);
        for list in [&mut planned, &mut written] {
            list.sort();
        }
        assert_eq!(planned, written);
        assert_eq!(place.names("out"), written);
        assert!(written.contains(&"discriminator.onnx".to_owned()));
    }
}

#[test]
fn the_same_model_gives_the_same_bytes_and_a_second_call_does_nothing() {
    for config in [labelled(), unlabelled()] {
        let place = Place::checkpoint(&config);
        place.converted("one", &["--threads", "1"]);
        place.converted("two", &["--threads", "3"]);
        let [one, two] = ["one", "two"].map(|name| {
            let mut found = files(&place.path(name));
            found.remove(".lock");
            found
        });
        assert_same_files(&one, &two, "the folders");
        let again = place.converted("one", &[]);
        assert!(
            again.stdout.starts_with("nothing to do"),
            "{}",
            again.stdout
        );
        // Another setting is another result.
        let half = place.converted("one", &["--half"]);
        assert!(half.stdout.starts_with("convert: "), "{}", half.stdout);
        let sizes = ["one", "two"].map(|name| place.bytes(&format!("{name}/generator.onnx")).len());
        assert!(sizes[0] < sizes[1], "{sizes:?}");
    }
}

/// A folder of an earlier result doesn't keep what the new one hasn't.
#[test]
fn a_network_that_the_model_lacks_is_removed() {
    let both = Place::checkpoint(&labelled());
    both.converted("out", &[]);
    let one = Place::generator(&labelled());
    let model = one.path("model.safetensors");
    let options = ["--model", model.to_str().unwrap()];
    assert_eq!(both.convert("out", &options).code, 2, "--model twice");
    std::fs::copy(&model, both.path("model.safetensors")).unwrap();
    both.converted("out", &[]);
    assert_eq!(both.names("out"), one_names());
}

fn one_names() -> [&'static str; 3] {
    ["README.md", "generator.onnx", "manifest.json"]
}
