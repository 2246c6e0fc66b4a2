//! Manifests: verified outputs, differences of settings.

use crate::examples::{self, put};
use dcgan_artifacts::{Difference, Error, FileRecord, Manifest, differences, with_defaults};
use serde_json::json;

#[test]
fn a_folder_without_a_manifest_is_not_complete() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Manifest::read(folder.path()).unwrap(), None);
}

#[test]
fn keys_and_records_are_sorted() {
    let folder = tempfile::tempdir().unwrap();
    examples::manifest().write(folder.path()).unwrap();
    let text = std::fs::read_to_string(folder.path().join(Manifest::NAME)).unwrap();
    let at = |word: &str| text.find(word).unwrap();
    let order = [
        "format",
        "inputs",
        "outputs",
        "checkpoints/",
        "metrics.csv",
        "seal",
        "settings",
    ];
    assert!(order.map(at).is_sorted(), "{text}");
    assert!(
        [
            "beta1",
            "epochs",
            "learning_rate",
            "\"stage\"",
            "\"version\""
        ]
        .map(at)
        .is_sorted()
    );
}

#[test]
fn outputs_are_compared_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    put(&folder.path().join("a.csv"), b"1,2\n");
    let outputs = vec![FileRecord::of_file(folder.path(), "a.csv").unwrap()];
    let manifest = Manifest {
        outputs,
        ..examples::manifest()
    };
    manifest.verify_outputs(folder.path()).unwrap();

    put(&folder.path().join("a.csv"), b"1,3\n");
    let error = manifest.verify_outputs(folder.path()).unwrap_err();
    assert!(matches!(error, Error::Damaged { .. }), "{error:?}");
    std::fs::remove_file(folder.path().join("a.csv")).unwrap();
    let error = manifest.verify_outputs(folder.path()).unwrap_err();
    assert!(matches!(error, Error::Missing { .. }), "{error:?}");
}

#[test]
fn an_output_outside_the_folder_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["../a", "/etc/hostname", "a/../../b", "."] {
        let manifest = Manifest {
            outputs: vec![examples::record(name)],
            ..examples::manifest()
        };
        manifest.write(folder.path()).unwrap();
        let error = Manifest::read(folder.path()).unwrap_err();
        assert!(matches!(error, Error::Damaged { .. }), "{error:?}");
    }
}

/// A manifest whose seal was removed is refused.
#[test]
fn a_manifest_without_a_seal_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    examples::manifest().write(folder.path()).unwrap();
    let path = folder.path().join(Manifest::NAME);
    let text = std::fs::read_to_string(&path).unwrap();
    let mut object: serde_json::Map<_, _> = serde_json::from_str(&text).unwrap();
    assert!(object.remove("seal").is_some());
    let unsealed = serde_json::Value::Object(object).to_string();
    dcgan_artifacts::write_atomic(&path, unsealed.as_bytes()).unwrap();
    let error = Manifest::read(folder.path()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("expected a key `seal`, got none"),
        "{error}"
    );
}

#[test]
fn a_removed_manifest_may_be_removed_again() {
    let folder = tempfile::tempdir().unwrap();
    examples::manifest().write(folder.path()).unwrap();
    Manifest::remove(folder.path()).unwrap();
    assert_eq!(Manifest::read(folder.path()).unwrap(), None);
    Manifest::remove(folder.path()).unwrap();
}

#[test]
fn differences_are_named_by_dotted_key() {
    let old = json!({ "train": { "epochs": 5, "lr": 1.0, "list": [1, 2], "gone": true }, "n": 1 });
    let new = json!({ "train": { "epochs": 6, "lr": 1, "list": [2, 1], "new": null }, "n": 1 });
    let found = differences(&old, &new);
    let difference = |key: &str, old, new| Difference {
        key: key.into(),
        old,
        new,
    };
    assert_eq!(
        found,
        [
            difference("train.epochs", Some(json!(5)), Some(json!(6))),
            difference("train.gone", Some(json!(true)), None),
            difference("train.list", Some(json!([1, 2])), Some(json!([2, 1]))),
            difference("train.new", None, Some(json!(null))),
        ]
    );
    assert_eq!(differences(&old, &old), []);
}

#[test]
fn a_record_without_a_key_has_its_default() {
    let defaults = json!({ "train": { "seed": 0, "kernels": "auto", "deep": { "a": 1, "b": 2 } } });
    let asked = json!({ "train": { "seed": 3, "kernels": "gemm", "deep": { "a": 5, "b": 6 } } });
    let complete = |old: serde_json::Value| with_defaults(old, &asked, &defaults);
    assert_eq!(
        complete(json!({ "train": { "seed": 7, "deep": { "b": 8 } } })),
        json!({ "train": { "seed": 7, "kernels": "auto", "deep": { "a": 1, "b": 8 } } })
    );
    // Removed keys stay, so that they are named; no other keys are added.
    assert_eq!(
        complete(json!({ "train": { "seed": 0, "gone": 1, "kernels": null, "deep": 2 } })),
        json!({ "train": { "seed": 0, "gone": 1, "kernels": null, "deep": 2 } })
    );
    let little = json!({ "train": { "seed": 3 } });
    let old = json!({ "train": {} });
    assert_eq!(
        with_defaults(old, &little, &defaults),
        json!({ "train": { "seed": 0 } })
    );
    // A record without the section is not a record of this stage.
    for other in [json!({}), json!({ "mine": 1 }), json!([1]), json!(null)] {
        assert_eq!(complete(other.clone()), other);
    }
}

#[test]
fn settings_survive_to_the_last_bit() {
    let folder = tempfile::tempdir().unwrap();
    let settings = json!({ "a": 0.1 + 0.2, "b": 2e-4, "c": 1.0, "d": u64::MAX });
    let manifest = Manifest {
        settings: settings.clone(),
        ..examples::manifest()
    };
    manifest.write(folder.path()).unwrap();
    assert_eq!(
        Manifest::read(folder.path()).unwrap().unwrap().settings,
        settings
    );
}
