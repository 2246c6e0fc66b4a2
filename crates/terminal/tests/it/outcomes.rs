//! Exit codes, messages, results and help.

use crate::{ended, stage};
use std::process::Stdio;

#[test]
fn each_class_of_failure_has_its_exit_code() {
    for (end, code) in [
        ("ok", 0),
        ("usage", 2),
        ("input", 3),
        ("diverged", 4),
        ("output", 5),
    ] {
        let status = stage(&[end]).output().unwrap().status;
        assert_eq!(status.code(), Some(code), "{end}");
    }
}

#[test]
fn a_failure_shows_causes_and_hint() {
    insta::assert_snapshot!(ended(stage(&["input"])), @"
    exit 3
    error: the example ends as `input`
    caused by: it was told to
    hint: give `ok`
    ");
    insta::assert_snapshot!(ended(stage(&["ok", "--set", "sample.m=1"])), @"
    exit 2
    error: unknown key `sample.m` in `--set sample.m=1`
    hint: did you mean `sample.n`?
    ");
}

#[test]
fn a_wrong_command_line_is_usage() {
    let text = ended(stage(&["ok", "--threads", "0"]));
    assert!(
        text.starts_with("exit 2\nerror: invalid value '0' for '--threads <N>'"),
        "{text}"
    );
}

#[test]
fn quiet_keeps_warnings_alone() {
    insta::assert_snapshot!(ended(stage(&["ok"])), @"
    exit 0
    a line of the log
    warning: a warning
    ");
    insta::assert_snapshot!(ended(stage(&["ok", "--quiet"])), @"
    exit 0
    warning: a warning
    ");
}

#[test]
fn the_result_is_for_people_or_programs() {
    let stdout = |args: &[&str]| String::from_utf8(stage(args).output().unwrap().stdout).unwrap();
    assert_eq!(stdout(&["ok"]), "n 64\n");
    assert_eq!(
        stdout(&["ok", "--json", "--set", "sample.n=3"]),
        "{\n  \"n\": 3\n}\n"
    );
}

#[test]
fn help_has_the_common_options_and_the_settings() {
    let output = stage(&["--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    let options = [
        "pipeline", "set", "out", "threads", "force", "quiet", "json", "dry-run",
    ];
    for option in options.map(|name| format!("--{name}")) {
        assert!(help.contains(&option), "{option} is missing: {help}");
    }
    assert!(help.contains("\n  sample.n = 64"), "{help}");
    assert!(!help.contains("\n  train."), "{help}");
}

#[test]
fn a_reader_that_has_gone_does_no_harm() {
    for end in ["ok", "input", "--help"] {
        let expected = if end == "input" { 3 } else { 0 };
        let mut command = stage(&[end]);
        for stream in ["stdout", "stderr"] {
            let (reader, writer) = std::io::pipe().unwrap();
            drop(reader);
            match stream {
                "stdout" => command.stdout(writer),
                _ => command.stderr(writer),
            };
        }
        assert_eq!(command.status().unwrap().code(), Some(expected), "{end}");
    }
}

#[test]
fn a_full_disk_is_told() {
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full");
    let Ok(disk) = full() else { return };
    let mut command = stage(&["ok", "--quiet"]);
    let output = command
        .stdout(disk)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
        .wait_with_output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(5));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.contains("error: cannot write the result to stdout\ncaused by: "),
        "{text}"
    );
    // Nor does stderr's own failure change the code.
    let mut command = stage(&["input"]);
    assert_eq!(
        command.stderr(full().unwrap()).status().unwrap().code(),
        Some(3)
    );
}

#[test]
fn no_colour_leaves_a_pipe_plain() {
    for (name, value) in [
        ("NO_COLOR", "1"),
        ("NO_COLOR", ""),
        ("TERM", "xterm-256color"),
    ] {
        let mut command = stage(&["input"]);
        command.env_remove("NO_COLOR").env(name, value);
        let text = ended(command);
        assert!(!text.contains('\x1b'), "{name}={value}: {text}");
    }
}
