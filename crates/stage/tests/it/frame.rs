//! The behaviour of every stage, tested with the example `lines`.

use dcgan_artifacts::{Manifest, RunLock, write_atomic};
use dcgan_testkit::{Outcome, example};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder with a text.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        place.put("text", b"one\ntwo\n");
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        write_atomic(&self.path(name), bytes).unwrap();
    }

    fn run(&self, args: &[&str]) -> Outcome {
        dcgan_testkit::run(
            Command::new(example("lines"))
                .current_dir(self.0.path())
                .args(["--text", "text", "--out", "out"])
                .args(args),
        )
    }

    /// The result as JSON, and stderr.
    fn result(&self, args: &[&str]) -> (Value, String) {
        let outcome = self.run(&[args, &["--json"]].concat()).succeeded();
        (
            serde_json::from_str(&outcome.stdout).unwrap(),
            outcome.stderr,
        )
    }

    fn outcome(&self, args: &[&str]) -> String {
        self.result(args).0["outcome"].as_str().unwrap().to_owned()
    }

    /// The exit code, then stderr.
    #[track_caller]
    fn fail(&self, args: &[&str]) -> String {
        self.run(args).failure()
    }

    /// Sorted names of the files and folders in the folder `name`, except the lock.
    fn names(&self, name: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(name)).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| name != ".lock").collect();
        names.sort();
        names
    }
}

#[test]
fn a_result_is_made_once_and_again_when_anything_changes() {
    let place = Place::new();
    assert_eq!(place.outcome(&[]), "done");
    let manifest = fs::read(place.path("out/manifest.json")).unwrap();
    assert_eq!(place.outcome(&[]), "up to date");
    assert_eq!(place.outcome(&["--force"]), "done");
    assert_eq!(fs::read(place.path("out/manifest.json")).unwrap(), manifest);

    let (result, said) = place.result(&["--capitals"]);
    assert_eq!(result["outcome"], "done");
    assert_eq!(
        said,
        "setting `lines.capitals` has changed: making the result again\n"
    );
    place.put("text", b"one\n");
    let (_, said) = place.result(&["--capitals"]);
    assert_eq!(said, "`text` has changed: making the result again\n");
    assert_eq!(
        place.names("out/lines"),
        ["000.txt"],
        "the other line is removed"
    );

    place.put("out/count.json", b"2");
    let (result, said) = place.result(&["--capitals"]);
    assert_eq!(result["outcome"], "done");
    assert!(
        said.starts_with("warning: file `out/count.json` is damaged"),
        "{said}"
    );
    fs::remove_file(place.path("out/lines/000.txt")).unwrap();
    assert_eq!(place.outcome(&["--capitals"]), "done");
    assert_eq!(place.outcome(&["--capitals"]), "up to date");
}

#[test]
fn a_result_from_before_a_setting_existed_has_its_default() {
    let place = Place::new();
    place.run(&[]);
    let mut manifest = Manifest::read(&place.path("out")).unwrap().unwrap();
    manifest.settings = json!({ "lines": {} });
    manifest.write(&place.path("out")).unwrap();
    assert_eq!(place.outcome(&["--capitals", "--dry-run"]), "would run");
    assert_eq!(place.outcome(&[]), "up to date");
}

#[test]
fn every_outcome_has_the_same_keys() {
    let place = Place::new();
    let (would, _) = place.result(&["--dry-run"]);
    assert!(!place.path("out").exists());
    let expected = json!({
        "outcome": "would run", "stage": "lines", "out": "out",
        "files": ["count.json", "lines/NNN.txt", "manifest.json"],
        "lines": 2, "reads": ["text"], "settings": { "lines": { "capitals": false } },
    });
    assert_eq!(would, expected);
    let files = [
        "count.json",
        "lines/000.txt",
        "lines/001.txt",
        "manifest.json",
    ];
    let done = json!({
        "outcome": "done", "stage": "lines", "out": "out", "files": files, "lines": 2,
    });
    assert_eq!(place.result(&[]).0, done);
    for args in [&[][..], &["--dry-run"]] {
        let up_to_date = json!({
            "outcome": "up to date", "stage": "lines", "out": "out", "files": files,
        });
        assert_eq!(place.result(args).0, up_to_date, "{args:?}");
    }
    insta::assert_snapshot!(place.run(&["--dry-run", "--force"]).stdout, @"
    2 lines
    lines.capitals: false
    reads text (8 bytes)
    writes out/count.json
    writes out/lines/NNN.txt
    writes out/manifest.json
    ");
}

/// A damaged result counts as incomplete, with a warning; the result of another stage is refused.
#[test]
fn a_damaged_manifest_counts_as_none_and_a_foreign_one_is_refused() {
    let place = Place::new();
    place.run(&[]);
    let sound = fs::read_to_string(place.path("out/manifest.json")).unwrap();
    let flipped = sound.replace("\"bytes\": 3", "\"bytes\": 4");
    for damaged in ["{", "", "[1, 2]", &flipped, &sound[..sound.len() / 2]] {
        place.put("out/manifest.json", damaged.as_bytes());
        let (dry, _) = place.result(&["--dry-run"]);
        assert_eq!(dry["outcome"], "would run");
        let (result, said) = place.result(&[]);
        assert_eq!(result["outcome"], "done");
        assert!(
            said.starts_with("warning: manifest `out/manifest.json` is damaged")
                && said.ends_with(": treating the folder as incomplete\n"),
            "{said}"
        );
        assert_eq!(
            fs::read_to_string(place.path("out/manifest.json")).unwrap(),
            sound
        );
    }

    let newer = sound.replace("\"format\": 1", "\"format\": 2");
    place.put("out/manifest.json", newer.as_bytes());
    insta::assert_snapshot!(place.fail(&["--force"]), @"
    exit code 3
    error: manifest `out/manifest.json` has a newer format: expected version 1 or older, got 2
    hint: use the version of this program that wrote it, or a later one
    ");
    place.put("out/manifest.json", sound.as_bytes());
    let mut manifest = Manifest::read(&place.path("out")).unwrap().unwrap();
    manifest.stage = "words".into();
    manifest.write(&place.path("out")).unwrap();
    insta::assert_snapshot!(place.fail(&["--force"]), @"
    exit code 5
    error: `out` has the results of `words`, expected those of `lines` or none
    hint: choose another `--out`
    ");
    assert_eq!(place.names("out"), ["count.json", "lines", "manifest.json"]);
}

#[test]
fn nothing_changes_before_all_that_will_be_written_is_ours() {
    let place = Place::new();
    place.run(&[]);
    place.put("out/mine", b"mine");
    let count = place.path("out/count.json");
    fs::remove_file(&count).unwrap();
    std::os::unix::fs::symlink("mine", &count).unwrap();
    let said = place.fail(&["--capitals"]);
    assert!(
        said.contains("exit code 5\n") && said.contains("`out/count.json` is not ours to write"),
        "{said}"
    );
    fs::remove_file(&count).unwrap();
    fs::remove_dir_all(place.path("out/lines")).unwrap();
    fs::create_dir(place.path("lines")).unwrap();
    place.put("lines/000.txt", b"one");
    std::os::unix::fs::symlink("../lines", place.path("out/lines")).unwrap();
    let said = place.fail(&["--capitals"]);
    assert!(
        said.contains("exit code 5\n") && said.contains("`out/lines` is not ours to write"),
        "{said}"
    );
    assert!(place.path("out/manifest.json").exists());
    assert_eq!(fs::read(place.path("lines/000.txt")).unwrap(), b"one");
    assert_eq!(fs::read(place.path("out/mine")).unwrap(), b"mine");
}

#[test]
fn a_folder_is_refused_that_another_process_holds_or_that_is_a_file() {
    let place = Place::new();
    fs::create_dir(place.path("out")).unwrap();
    let lock = RunLock::acquire(&place.path("out")).unwrap();
    let said = place.fail(&[]);
    assert!(
        said.starts_with("exit code 5\nerror: folder `out` is locked by process"),
        "{said}"
    );
    drop(lock);
    fs::remove_dir_all(place.path("out")).unwrap();
    place.put("out", b"mine");
    let said = place.fail(&[]);
    assert!(
        said.starts_with("exit code 5\nerror: `out` is not ours to write"),
        "{said}"
    );
    assert_eq!(fs::read(place.path("out")).unwrap(), b"mine");
}

#[test]
fn a_failing_load_leaves_no_folder() {
    let place = Place::new();
    place.put("text", &[0xff]);
    assert_eq!(
        place.fail(&[]),
        "exit code 3\nerror: `text` is not a text\n"
    );
    assert_eq!(place.fail(&["--dry-run"]), place.fail(&[]));
    assert!(!Path::new(&place.path("out")).exists());
}
