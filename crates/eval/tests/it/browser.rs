//! The pages in a browser. Without Chromium the gate lists these tests as untested.

use crate::compare;
use crate::fixture::{Fixture, SIDE};
use dcgan_figures::{Picture, encode_png};
use dcgan_testkit::{Missing, untested};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Checks a page with `browser.py`: whether it is valid, and its text. `None` without Chromium.
#[track_caller]
fn look(page: &Path) -> Option<(bool, String)> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/python/browser.py");
    let output = Command::new("python3").arg(script).arg(page).output();
    let output = output.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    match output.status.code() {
        Some(0) => Some((true, text)),
        Some(1) if output.stderr.is_empty() => Some((false, text)),
        Some(77) => {
            untested("a page in a browser", Missing::Installable("chromium"));
            None
        }
        code => panic!("{code:?}: {}", String::from_utf8_lossy(&output.stderr)),
    }
}

/// A report with everything that a report can contain, and a timing page.
fn pages() -> (Fixture, [PathBuf; 2]) {
    let fixture = Fixture::new();
    fixture.dataset("d", SIDE, 3, [200, 150]);
    std::fs::create_dir(fixture.path("run")).unwrap();
    for step in [3, 9] {
        fixture.checkpoint_of("run", SIDE, 3, step);
    }
    std::fs::create_dir(fixture.path("g")).unwrap();
    for step in 0..3_u8 {
        let picture = Picture::new(4, 4, 1, vec![step; 16]).unwrap();
        let path = fixture.path(&format!("g/step-0000000{step}.png"));
        dcgan_artifacts::write_atomic(&path, &encode_png(&picture).unwrap()).unwrap();
    }
    let (mut metrics, mut timing) = (
        String::from("step,d_loss,g_loss_1,g_loss_2,d_real_mean,d_fake_mean,d_accuracy\n"),
        String::from("step,iteration_ms,data_ms,images_per_second\n"),
    );
    for step in 1..100 {
        writeln!(metrics, "{step},1.4,0.7,0.7,0.5,0.5,0.{step}").unwrap();
        writeln!(timing, "{step},10{step},0.5,64").unwrap();
    }
    fixture.tell_best(
        "run/step-00000009.safetensors",
        "ema_frechet_distance",
        10.0,
        4,
    );
    let histograms =
        "step,epoch,d_real_0.00,d_real_0.50,d_fake_0.00,d_fake_0.50\n2,1,1,3,4,0\n4,1,0,4,2,2\n";
    let run =
        r#"{"train":{"network":"labelled","learning_rate_d":null,"learning_rate_half_life":0.0}}"#;
    let scores = "step,epoch,frechet_distance,ema_frechet_distance\n2,1,30,40\n4,1,20,10\n".into();
    for (name, table) in [
        ("m", metrics),
        ("h", histograms.into()),
        ("r", run.into()),
        ("t", timing),
        ("s", scores),
    ] {
        dcgan_artifacts::write_atomic(&fixture.path(name), table.as_bytes()).unwrap();
    }
    let inputs = ["--dataset", "d", "--checkpoints", "run", "--metrics", "m"];
    let more = [
        "--histograms",
        "h",
        "--run",
        "r",
        "--scores",
        "s",
        "--timing",
        "t",
        "--grids",
        "g",
        "--set",
        "eval.n=150",
        "--out",
        "out",
    ];
    let args = [&inputs[..], &more].concat();
    let said = fixture.succeed(&[&args[..], &["--dry-run", "--json"]].concat());
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    fixture.succeed(&args);
    // A dry run lists every file of the folder, and the pattern of the checkpoints' rows.
    let mut told: Vec<&str> = said["files"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|name| name.as_str())
        .filter(|name| *name != "checkpoints/*.json")
        .collect();
    told.sort_unstable();
    assert_eq!(told, fixture.files("out").keys().collect::<Vec<_>>());
    for name in ["diversity-by-class.svg", "distance-by-class.svg"] {
        assert!(fixture.path("out").join(name).exists(), "{name}");
    }
    let pages = ["out/report.html", "out/timing.html"].map(|name| fixture.path(name));
    (fixture, pages)
}

#[test]
fn pages_open_without_complaint_light_and_dark_on_a_phone_and_on_paper() {
    let (_fixture, [report, timing]) = pages();
    let Some((is_sound, text)) = look(&report) else {
        return;
    };
    assert!(is_sound, "{text}");
    let counts: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(counts["pictures"], 7);
    assert_eq!(counts["tables"], 1);
    assert!(counts["charts"].as_u64().unwrap() >= 12, "{text}");
    assert!(counts["headings"].as_u64().unwrap() >= 8, "{text}");
    let (is_sound, text) = look(&timing).unwrap();
    assert!(is_sound, "{text}");
}

#[test]
fn the_page_of_runs_side_by_side_opens_without_complaint() {
    let fixture = Fixture::new();
    // Groups with a test between them, a single run, and long names.
    let long = "a-run-with-a-name-of-many-words-and-more-than-any-column-is-wide-1";
    let runs = [
        ("a", 0, 1),
        ("b", 1, 1),
        (long, 0, 2),
        ("c", 1, 2),
        ("d", 0, 3),
    ];
    for (name, seed, epochs) in runs {
        let settings = serde_json::json!({ "seed": seed, "epochs": epochs, "best": long });
        compare::run(&fixture, name, &settings, 0);
    }
    fixture.succeed(&[&["compare"][..], &runs.map(|(name, ..)| name)].concat());
    let page = fixture.path("compare/compare.html");
    let Some((is_sound, text)) = look(&page) else {
        return;
    };
    assert!(is_sound, "{text}");
    let counts: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(counts["tables"], 2, "{text}");
    assert!(counts["pictures"].as_u64().unwrap() >= 5, "{text}");

    // The same checks as for the other pages.
    let page_text = std::fs::read_to_string(&page).unwrap();
    let wrong = page_text.replacen("</main>", "<img src='gone.png' alt='gone'></main>", 1);
    dcgan_artifacts::write_atomic(&page, wrong.as_bytes()).unwrap();
    let (is_sound, text) = look(&page).unwrap();
    assert!(!is_sound && text.contains("gone"), "{text}");
}

#[test]
fn what_is_wrong_with_a_page_is_seen() {
    let (fixture, [report, _]) = pages();
    let page = std::fs::read_to_string(report).unwrap();
    let path = fixture.path("wrong.html");
    for (fault, complaint) in [
        ("<script>console.error('oh')</script>", "console: ['oh']"),
        (
            "<script>throw new Error('no')</script>",
            "exception: Error: no",
        ),
        (
            "<img alt='far' src='http://127.0.0.1:9/x.png'>",
            "asks for http://127.0.0.1:9/x.png",
        ),
        (
            "<img alt='gone' src='data:image/png;base64,AAAA'>",
            "gone\u{201d} is not shown",
        ),
        ("<img src='data:,'>", "a picture has no text"),
        (
            "<p style='width:200rem'>wide</p>",
            "pixels wider than the screen",
        ),
        ("<p style='color:var(--rule)'>faint</p>", "hard to read"),
        ("<svg></svg>", "a chart has no label"),
        (
            "<svg viewBox='0 0 480 40' aria-label='a'><text style='font-size:8px'>b</text></svg>",
            "too small to read",
        ),
        (
            "<style>@media print{:root{--paper:#15181b;--ink:#e6e8ea;--faint:#8d959e}}</style>",
            "print: the paper is not white",
        ),
        (
            "<style>@media (prefers-color-scheme:dark){:root{--paper:#15181b;--ink:#e6e8ea;--faint:#8d959e}}</style>",
            "print of a dark screen: the paper is not white",
        ),
        (
            "<div class='wide'></div>",
            "cannot be reached by the keyboard",
        ),
    ] {
        let wrong = page.replacen("</main>", &format!("{fault}</main>"), 1);
        dcgan_artifacts::write_atomic(&path, wrong.as_bytes()).unwrap();
        let Some((is_sound, text)) = look(&path) else {
            return;
        };
        assert!(!is_sound && text.contains(complaint), "{fault}: {text}");
    }
}
