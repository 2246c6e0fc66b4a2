//! Exit codes, messages, results and help.

use crate::{run, stage};
use dcgan_testkit::{Missing, Outcome, example, untested};
use std::process::Command;

#[test]
fn each_class_of_failure_has_its_exit_code() {
    for (end, code) in [
        ("ok", 0),
        ("usage", 2),
        ("input", 3),
        ("diverged", 4),
        ("output", 5),
    ] {
        assert_eq!(run(&[end]).code, code, "{end}");
    }
}

#[test]
fn a_failure_shows_causes_and_hint() {
    insta::assert_snapshot!(run(&["input"]).report(), @"
    exit code 3
    error: the example ends as `input`
    caused by: it was told to
    hint: give `ok`
    ");
    insta::assert_snapshot!(run(&["ok", "--set", "sample.m=1"]).report(), @"
    exit code 2
    error: unknown key `sample.m` in `--set sample.m=1`
    hint: did you mean `sample.n`?
    ");
}

#[test]
fn a_wrong_command_line_is_usage() {
    let text = run(&["ok", "--threads", "0"]).report();
    assert!(
        text.starts_with("exit code 2\nerror: invalid value '0' for '--threads <N>'"),
        "{text}"
    );
}

fn completions(shell: &str) -> Outcome {
    dcgan_testkit::run(Command::new(example("stage")).args(["--completions", shell]))
}

#[test]
fn completions_know_the_options_and_need_no_other_argument() {
    for (shell, of_the_shell) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef"),
        ("fish", "complete -c"),
    ] {
        let script = completions(shell).succeeded().stdout;
        assert!(script.contains(of_the_shell), "{shell}: {script}");
        assert!(
            script.contains("dcgan-sample") && script.contains("dry-run"),
            "{script}"
        );
    }
    assert_eq!(completions("cmd").code, 2);
}

#[test]
fn quiet_keeps_warnings_alone() {
    insta::assert_snapshot!(run(&["ok"]).report(), @"
    exit code 0
    a line of the log
    warning: a warning
    ");
    insta::assert_snapshot!(run(&["ok", "--quiet"]).report(), @"
    exit code 0
    warning: a warning
    ");
}

#[test]
fn the_result_is_for_people_or_programs() {
    let stdout = |args: &[&str]| run(args).stdout;
    assert_eq!(stdout(&["ok"]), "n 64\n");
    assert_eq!(
        stdout(&["ok", "--json", "--set", "sample.n=3"]),
        "{\n  \"n\": 3\n}\n"
    );
}

#[test]
fn help_has_the_common_options_and_the_settings() {
    let help = run(&["--help"]).succeeded().stdout;
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
    for (end, code) in [("ok", 0), ("input", 3), ("--help", 0), ("--no-such", 2)] {
        // Nobody reads what `dcgan_testkit::run` would.
        let closed = || std::io::pipe().unwrap().1;
        let mut command = stage(&[end]);
        let status = command.stdout(closed()).stderr(closed()).status().unwrap();
        assert_eq!(status.code(), Some(code), "{end}");
    }
}

#[test]
fn a_full_disk_is_told() {
    let Ok(disk) = std::fs::File::options().write(true).open("/dev/full") else {
        let missing = Missing::System("no /dev/full");
        untested("a result that finds the disk full", missing);
        return;
    };
    let mut command = stage(&["ok", "--quiet"]);
    command.stdout(disk);
    insta::assert_snapshot!(dcgan_testkit::run(&mut command).report(), @"
    exit code 5
    warning: a warning
    error: cannot write the result to stdout
    caused by: No space left on device (os error 28)
    ");
}

/// A file name that clears the terminal, changes colours, reverses text and forges a line.
const HARMFUL: &str = "a\u{1b}[2J\u{9b}31m\u{7f}\u{202e}b\r\nerror: c";

/// Checks that there is no control character and none that reverses text.
#[track_caller]
fn assert_harmless(text: &str) {
    let harmful = |c: char| c != '\n' && (c.is_control() || matches!(c, '\u{202a}'..='\u{202e}'));
    assert!(!text.chars().any(harmful), "{text:?}");
}

#[test]
fn text_from_outside_is_escaped_in_messages_and_in_the_log() {
    insta::assert_snapshot!(run(&[HARMFUL]).report(), @r"
    exit code 2
    error: the example ends as `a\u{1b}[2J\u{9b}31m\u{7f}\u{202e}b\r\nerror: c`
    caused by: it was told to
    hint: give `ok`
    ");
    insta::assert_snapshot!(run(&[&format!("say:{HARMFUL}")]).report(), @r"
    exit code 0
    a\u{1b}[2J\u{9b}31m\u{7f}\u{202e}b\r\nerror: c
    warning: a\u{1b}[2J\u{9b}31m\u{7f}\u{202e}b\r\nerror: c
    ");
    // Messages of clap and of the settings.
    let typed = format!("--no{HARMFUL}");
    let text = run(&["ok", &typed]).report();
    assert!(
        text.starts_with(
            r"exit code 2
error: unexpected argument '--noa\u{1b}[2J\u{9b}31m\u{7f}\u{202e}b\r\nerror: c' found"
        ),
        "{text}"
    );
    assert_harmless(&text);
    let text = run(&["ok", "--set", HARMFUL]).report();
    assert!(text.contains(r"a\u{1b}[2J"), "{text}");
    assert_harmless(&text);
}

#[test]
fn text_from_outside_is_escaped_in_results() {
    let said = format!("say:{HARMFUL}");
    let stdout = |args: &[&str]| run(args).stdout;
    let text = stdout(&[&said, "--quiet"]);
    assert_harmless(&text);
    let text = stdout(&[&said, "--quiet", "--json"]);
    assert_harmless(&text);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["said"], HARMFUL, "programs read the original text");
}
