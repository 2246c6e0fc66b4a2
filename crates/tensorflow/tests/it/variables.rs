//! Every variable of every fixture.

use crate::support::{fixture, full_text, open, values_of, write};
use dcgan_tensorflow::SavedVariables;
use std::collections::BTreeMap;
use std::path::Path;

const FIXTURES: [(&str, usize); 7] = [
    ("labelled", 36),
    ("labelled-2016-12-03", 36),
    ("labelled-adam", 92),
    ("unlabelled", 48),
    ("unlabelled-d_h3_lin", 48),
    ("unlabelled-2016-05", 54),
    ("unlabelled-2016-01", 38),
];

#[test]
fn all_variables_of_both_formats_are_read() {
    for (name, n) in FIXTURES {
        let saved = open(name);
        assert_eq!(saved.floats().len(), n, "{name}");
        for (variable, (shape, values)) in saved.floats() {
            let expected = values_of(variable, shape.iter().product());
            assert_eq!(*values, expected, "{name}: {variable} {shape:?}");
        }
        assert_eq!(saved.path(), fixture(name));
        assert_eq!(saved.step(), Some(7));
    }
}

#[test]
fn shapes_are_those_of_the_variables() {
    let saved = open("labelled-adam");
    let shape = |name: &str| saved.floats()[name].0.clone();
    assert_eq!(shape("generator/g_h2/w"), [5, 5, 8, 11]);
    assert_eq!(shape("generator/g_h2/w/Adam_1"), [5, 5, 8, 11]);
    assert_eq!(shape("discriminator/d_h2_lin/Matrix"), [27, 5]);
    assert_eq!(shape("discriminator/d_h3_lin/bias"), [1]);
    assert_eq!(shape("beta1_power"), [0; 0]);
    let saved = open("unlabelled");
    assert_eq!(saved.floats()["generator/g_h4/w"].0, [5, 5, 3, 1]);
}

#[test]
fn variables_of_other_types_are_named() {
    let others = BTreeMap::from([("global_step".to_owned(), "int64".to_owned())]);
    assert_eq!(*open("labelled-adam").others(), others);
    assert!(open("labelled").others().is_empty());
}

#[test]
fn a_checkpoint_goes_by_the_name_of_any_of_its_files() {
    for (name, endings) in [
        ("labelled", [".index", ".data-00000-of-00001", ".meta"]),
        (
            "unlabelled",
            [".index", ".data-00000-of-00002", ".data-00001-of-00002"],
        ),
        (
            "unlabelled-d_h3_lin",
            ["-00000-of-00002", "-00001-of-00002", ".meta"],
        ),
    ] {
        for ending in endings {
            let mut typed = fixture(name).into_os_string();
            typed.push(ending);
            let saved = SavedVariables::open(Path::new(&typed)).unwrap();
            assert_eq!(saved.path(), fixture(name));
            assert_eq!(saved.floats(), open(name).floats());
        }
    }
}

#[test]
fn the_files_of_a_checkpoint_are_listed() {
    for (name, endings) in [
        ("labelled-adam", &[""][..]),
        ("labelled", &[".index", ".data-00000-of-00001"]),
        (
            "unlabelled",
            &[".index", ".data-00000-of-00002", ".data-00001-of-00002"],
        ),
        (
            "unlabelled-d_h3_lin",
            &["-00000-of-00002", "-00001-of-00002"],
        ),
    ] {
        let files = SavedVariables::files(&fixture(name)).unwrap();
        let path = fixture(name).display().to_string();
        let expected: Vec<String> = endings.iter().map(|of| format!("{path}{of}")).collect();
        let got: Vec<String> = files
            .iter()
            .map(|file| file.display().to_string())
            .collect();
        assert_eq!(got, expected);
    }
    let error = SavedVariables::files(&fixture("none")).unwrap_err();
    assert!(error.to_string().contains("no TensorFlow checkpoint"));
}

#[test]
fn a_variable_in_parts_is_refused_by_name() {
    for name in ["parts-v1", "parts-v2"] {
        let error = SavedVariables::open(&fixture(name)).unwrap_err();
        let text = full_text(&error);
        assert!(
            text.contains("`parts` is saved in parts, which the original"),
            "{text}"
        );
        assert!(
            text.contains("save it again with `tf.compat.v1.train.Saver`"),
            "{text}"
        );
    }
}

#[test]
fn a_missing_checkpoint_is_answered_with_those_that_are_there() {
    let error = SavedVariables::open(&fixture("labelled").with_file_name("model-8")).unwrap_err();
    let text = full_text(&error);
    assert!(text.contains("no TensorFlow checkpoint `"), "{text}");
    assert!(text.contains("/labelled.model-7`, `"), "{text}");
    assert!(!text.contains("model-7.index"), "{text}");

    // A folder is no checkpoint; an empty one has none to offer.
    let folder = tempfile::tempdir().unwrap();
    let text = full_text(&SavedVariables::open(folder.path()).unwrap_err());
    assert!(
        text.contains("hint: give the name that `tf.train.Saver` was given"),
        "{text}"
    );
    write(&folder.path().join("model-9.meta"), b"");
    let text = full_text(&SavedVariables::open(folder.path()).unwrap_err());
    assert!(
        text.contains("hint: give `") && text.contains("/model-9`; if it was given"),
        "{text}"
    );
}

#[test]
fn a_missing_part_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for (name, there, missing) in [
        (
            "unlabelled",
            &[".index", ".data-00000-of-00002"][..],
            ".data-00001-of-00002",
        ),
        (
            "unlabelled-d_h3_lin",
            &["-00001-of-00002"][..],
            "-00000-of-00002",
        ),
    ] {
        let prefix = folder.path().join(name);
        for ending in there {
            let from = format!("{}{ending}", fixture(name).display());
            std::fs::copy(from, format!("{}{ending}", prefix.display())).unwrap();
        }
        let text = full_text(&SavedVariables::open(&prefix).unwrap_err());
        assert!(
            text.contains(&format!("{name}{missing}` does not exist")),
            "{text}"
        );
        assert!(text.contains("copy all files of the checkpoint"), "{text}");
    }
}
