//! Names of classes, datasets and runs are untrusted text: they must not harm pages, charts or
//! tables.

use crate::fixture::{Fixture, SIDE};
use dcgan_artifacts::{DatasetInfo, Part, PartData, Samples, write_dataset};
use std::collections::BTreeMap;

/// Ends a line, clears a terminal, reverses text, and contains characters that XML forbids.
const CONTROL: &str = "a\n\u{1b}[2J\u{9b}\u{202e}\u{ffff}";
const SHOWN: &str = r"a\n\u{1b}[2J\u{9b}\u{202e}\u{ffff}";
/// A spreadsheet would evaluate this.
const FORMULA: &str = "=1+1";

/// A dataset of another program, with unchecked names, and samples of its classes.
fn foreign(fixture: &Fixture) {
    let classes = [CONTROL, FORMULA, "<b>&\""].map(str::to_owned);
    let info = DatasetInfo {
        name: format!("data {CONTROL}"),
        class_names: classes.to_vec(),
        height: SIDE,
        width: SIDE,
        channels: 1,
        sources: Vec::new(),
    };
    let pixels = |n: usize| -> Vec<u8> {
        (0..n * SIDE * SIDE)
            .map(|i| u8::try_from(i * i % 251).unwrap())
            .collect()
    };
    let labels = |n: usize| {
        (0..n)
            .map(|i| u8::try_from(i % 3).unwrap())
            .collect::<Vec<u8>>()
    };
    let part = |n| PartData {
        images: pixels(n),
        labels: Some(labels(n)),
        n,
    };
    let parts = BTreeMap::from([(Part::Train, part(96)), (Part::Test, part(66))]);
    write_dataset(&fixture.path("d"), &info, &parts).unwrap();
    let samples = Samples {
        images: pixels(66),
        labels: Some(labels(66)),
        n: 66,
        height: SIDE,
        width: SIDE,
        channels: 1,
        seeds: Vec::new(),
        model_sha256: None,
    };
    samples.write(&fixture.path("s")).unwrap();
}

/// Asserts that no character moves a cursor or is forbidden in XML.
#[track_caller]
fn assert_shown(name: &str, text: &str) {
    let harmful = |c: char| {
        c != '\n'
            && (c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{fffe}' | '\u{ffff}'))
    };
    assert!(!text.chars().any(harmful), "{name}: {text:?}");
}

#[test]
fn what_comes_from_outside_is_shown_escaped_everywhere() {
    let fixture = Fixture::new();
    foreign(&fixture);
    let args = [
        "--dataset",
        "d",
        "--samples",
        "s",
        "--set",
        "eval.classifier_epochs=1",
        "--out",
        "out",
    ];
    let said = fixture.run(&args);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert_shown("stdout", &said.stdout);
    assert_shown("stderr", &said.stderr);
    let mut charts = 0;
    for (name, bytes) in fixture.files("out") {
        let ending = name.rsplit('.').next().unwrap();
        if ["svg", "html", "csv"].contains(&ending) {
            let text = String::from_utf8(bytes).unwrap();
            assert_shown(&name, &text);
            if name.contains("by-class") {
                charts += 1;
                let shown = format!("<title>{SHOWN}: ");
                assert!(text.contains(&shown), "{name}: {text}");
                assert!(
                    text.contains("<title>&lt;b&gt;&amp;&quot;: "),
                    "{name}: {text}"
                );
            }
        }
    }
    assert!(charts > 0);
    let page = String::from_utf8(std::fs::read(fixture.path("out/report.html")).unwrap()).unwrap();
    assert!(page.contains(&format!("<b>data {SHOWN}</b>")));
}

#[test]
fn a_class_is_no_formula_in_a_table() {
    let fixture = Fixture::new();
    let info_of = |names: &[&str]| {
        names
            .iter()
            .map(|&name| name.to_owned())
            .collect::<Vec<_>>()
    };
    let names = info_of(&[FORMULA, "-2", "@SUM(A1)"]);
    fixture.dataset_of_classes("d", SIDE, &names, [64, 64]);
    fixture.checkpoint_of_classes("c", SIDE, &names);
    fixture.succeed(&[
        "--dataset",
        "d",
        "--checkpoint",
        "c",
        "--set",
        "eval.n=64",
        "--set",
        "eval.classifier_epochs=1",
        "--out",
        "out",
    ]);
    let table = std::fs::read(fixture.path("out/discriminator.csv")).unwrap();
    let table = String::from_utf8(table).unwrap();
    for class in ["'=1+1", "-2", "'@SUM(A1)"] {
        let row = format!("generated,{class},logit,mean,");
        assert!(table.contains(&row), "{row}");
    }
    assert!(!table.contains(",=") && !table.contains(",@"));
}
