//! The report, its curves and the alarms.

use crate::fixture::{Fixture, SIDE};
use std::fmt::Write as _;

const ARGS: [&str; 8] = [
    "--dataset",
    "d",
    "--checkpoint",
    "c",
    "--set",
    "eval.n=96",
    "--out",
    "out",
];

fn with_inputs() -> Fixture {
    let fixture = Fixture::new();
    fixture.dataset("d", SIDE, 3, [90, 70]);
    fixture.checkpoint("c", SIDE, 3);
    fixture
}

fn text(fixture: &Fixture, name: &str) -> String {
    std::fs::read_to_string(fixture.path(name)).unwrap()
}

#[test]
fn the_report_is_one_file_that_asks_for_nothing() {
    let fixture = with_inputs();
    fixture.succeed(&ARGS);
    let html = text(&fixture, "out/report.html");
    for address in ["http:", "https:", "src=\"/", "@import", "url("] {
        assert!(!html.contains(address), "{address}");
    }
    assert!(!html.contains("<script"));
    // Every picture is in it, with a text in its place, and so is every figure.
    assert_eq!(html.matches("<img alt=\"").count(), 6);
    assert_eq!(html.matches("data:image/png;base64,iVBOR").count(), 6);
    for name in [
        "Class accuracy",
        "Coverage",
        "1-NN error",
        "Calibration",
        "SHA-256",
    ] {
        assert!(html.contains(name), "{name}");
    }
    let opened = html.matches("<svg ").count();
    assert_eq!(opened, html.matches("</svg>").count());
    assert!(opened >= 4, "{opened}");
    assert!(!fixture.path("out/loss.svg").exists());
}

#[test]
fn the_curves_are_those_of_the_table() {
    let fixture = with_inputs();
    let mut table =
        String::from("step,epoch,d_loss,g_loss_1,g_loss_2,d_real_mean,d_fake_mean,d_accuracy\n");
    for step in 1..=400 {
        let accuracy = u8::from(step % 200 < 100);
        writeln!(table, "{step},1,1.4,0.7,0.7,0.5,0.5,{accuracy}").unwrap();
    }
    // What a killed process leaves behind.
    table += "401,1,1.";
    dcgan_artifacts::write_atomic(&fixture.path("m"), table.as_bytes()).unwrap();
    fixture.succeed(&[&ARGS[..], &["--metrics", "m"]].concat());
    assert!(text(&fixture, "out/report.html").contains("Losses"));
    assert!(text(&fixture, "out/loss.svg").starts_with("<svg xmlns="));
    let alarm = &fixture.json("out/metrics.json")["alarms"]["oscillation"];
    assert_eq!(alarm["raised"], 1);
    assert!(alarm["value"].as_f64().unwrap() > 0.4);
}

#[test]
fn a_missing_table_is_named() {
    let fixture = with_inputs();
    let message = fixture.fail(&[&ARGS[..], &["--metrics", "m"]].concat());
    insta::assert_snapshot!(message, @r"
    exit 3
    error: table `m` does not exist
    hint: `make train` makes it; or give another path
    ");
}

#[test]
fn an_alarm_is_raised_at_its_bound() {
    let fixture = with_inputs();
    fixture.succeed(&ARGS);
    let value =
        fixture.json("out/metrics.json")["alarms"]["discriminator_saturated"]["value"].clone();
    let raised = |bound: &str| {
        let setting = format!("eval.alarms.discriminator_saturated={bound}");
        let stdout = fixture.succeed(&[&ARGS[..], &["--set", &setting]].concat());
        let raised =
            fixture.json("out/metrics.json")["alarms"]["discriminator_saturated"]["raised"].clone();
        assert_eq!(
            stdout.contains("alarm: discriminator saturated"),
            raised == 1
        );
        raised
    };
    assert_eq!(raised(&value.to_string()), 1);
    assert_eq!(raised("1"), 0);
}
