//! The gate reports what it could not test: it counts and lists it, and fails if `.ci/run` could
//! have installed what was missing.
#![cfg(unix)]

use crate::programs::{self, put, root, text};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const CHROMIUM: &str =
    "chromium\tcrates/x.rs, a::b\ta page in a browser\tchromium is not installed\n";
const MOUNT: &str = "-\tcrates/y.rs, c::d\ta full disk\tno right to mount\n";

fn script(path: &Path, lines: &str) {
    put(path, format!("#!/bin/sh\n{lines}\n").as_bytes());
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).expect("a script of ours");
}

/// Lists `rows` with the given programs installed.
fn listed(rows: &str, installed: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("untested.tsv");
    put(&file, rows.as_bytes());
    let mut command = Command::new(root().join("scripts/untested.sh"));
    command.arg(&file).args(installed);
    command.output().expect("bash starts")
}

#[test]
fn what_was_not_tested_is_counted_by_test() {
    let output = listed(&[MOUNT, CHROMIUM, MOUNT].concat(), &[]);
    assert!(output.status.success());
    let expected = "2 tests could not test all that they are for:\n  \
                    a full disk: no right to mount (crates/y.rs, c::d)\n  \
                    a page in a browser: chromium is not installed (crates/x.rs, a::b)\n";
    assert_eq!(text(&output.stdout), expected);
    // One test may lack two things.
    let output = listed(&[MOUNT, &MOUNT.replace("full", "read-only")].concat(), &[]);
    let said = text(&output.stdout);
    assert!(
        said.starts_with("1 test could not test all that it is for:\n"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 3, "{said}");
}

#[test]
fn what_was_installed_may_not_be_lacking() {
    for (rows, installed, is_sound) in [
        (CHROMIUM, &["tensorboard"][..], true),
        (CHROMIUM, &["tensorboard", "chromium"], false),
        (CHROMIUM, &["chrom"], true),
        (MOUNT, &["chromium", "tensorboard"], true),
        ("", &["chromium"], true),
    ] {
        let output = listed(rows, installed);
        assert_eq!(output.status.success(), is_sound, "{rows}{installed:?}");
        let said = text(&output.stderr);
        let error = "error: tests lacked chromium, which could have been installed\n";
        assert_eq!(said, if is_sound { "" } else { error });
    }
    let said = text(&listed("", &[]).stdout);
    assert_eq!(said, "every test could test all that it is for\n");
}

#[test]
fn make_test_begins_a_new_list_and_shows_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cargo = folder.path().join("cargo");
    let rows = folder.path().join("rows");
    // Replaces the tests: writes `rows`, if any, as they would.
    let lines = format!(
        "[ \"$1\" != test ] || cat '{}' >>\"$DCGAN_UNTESTED\"",
        rows.display()
    );
    script(&cargo, &lines);
    let test = |found: &str| {
        put(&rows, found.as_bytes());
        let mut command = programs::make();
        command.args(["--silent", "test"]);
        command.arg(format!("CARGO={}", cargo.display()));
        command.arg(format!("CARGO_TARGET_DIR={}", folder.path().display()));
        let output = command.output().expect("make starts");
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let said = test(&[CHROMIUM, MOUNT].concat());
    assert!(said.starts_with("2 tests could not test all"), "{said}");
    let said = test(MOUNT);
    assert!(said.starts_with("1 test could not test all"), "{said}");
    assert_eq!(test(""), "every test could test all that it is for\n");
}

/// A machine on which `.ci/run` finds only the given programs.
struct Machine {
    folder: tempfile::TempDir,
}

impl Machine {
    /// With a compiler, Python and cargo-deny, and with tests that write `rows`.
    fn new(rows: &str) -> Self {
        let machine = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        for part in ["bin", ".ci", "scripts", "target/tensorboard/bin"] {
            std::fs::create_dir_all(machine.path(part)).expect("a folder of ours");
        }
        for file in [".ci/run", "scripts/untested.sh"] {
            std::fs::copy(root().join(file), machine.path(file)).expect("a copy");
        }
        let tools = [
            "bash", "sh", "env", "dirname", "timeout", "mktemp", "rm", "sort", "cut", "grep",
            "awk", "cat",
        ];
        for tool in tools {
            let paths = std::env::var_os("PATH").expect("a PATH");
            let mut found = std::env::split_paths(&paths).map(|folder| folder.join(tool));
            let found = found.find(|path| path.exists()).expect(tool);
            symlink(found, machine.path("bin").join(tool)).expect("a link");
        }
        put(&machine.path("rows"), rows.as_bytes());
        machine.program("id", "echo 0");
        for name in ["cargo", "cc", "python3"] {
            machine.program(name, "");
        }
        machine.program(
            "make",
            "case $1 in check) cat rows >target/untested.tsv ;; *) ;; esac",
        );
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn program(&self, name: &str, lines: &str) {
        script(&self.path("bin").join(name), lines);
    }

    /// Exit code, stdout and stderr.
    fn gate(&self) -> (Option<i32>, String, String) {
        let mut command = Command::new(self.path("bin/bash"));
        command
            .arg(self.path(".ci/run"))
            .env("PATH", self.path("bin"));
        command
            .env("HOME", self.folder.path())
            .env_remove("CARGO_TARGET_DIR");
        let output = command.output().expect("bash starts");
        (
            output.status.code(),
            text(&output.stdout),
            text(&output.stderr),
        )
    }
}

#[test]
fn the_gate_is_green_without_what_no_source_offers_and_says_so() {
    let machine = Machine::new(CHROMIUM);
    let no_tensorboard =
        "case $1 in check) cat rows >target/untested.tsv ;; target/*) exit 2 ;; esac";
    machine.program("make", no_tensorboard);
    script(&machine.path("target/tensorboard/bin/python"), "exit 1");
    // No network: package lists can't be fetched, or the program doesn't exist.
    for without in ["no lists", "no program"] {
        if without == "no lists" {
            machine.program("apt-get", "case \"$*\" in *update*) exit 100 ;; esac");
        } else {
            std::fs::remove_file(machine.path("bin/apt-get")).expect("a script of ours");
        }
        let (code, said, warned) = machine.gate();
        assert_eq!(code, Some(0), "{without}: {warned}");
        for name in ["chromium", "tensorboard"] {
            let expected = format!("{name} cannot be installed: no package source answers");
            assert!(warned.contains(&expected), "{without}: {warned}");
        }
        let expected = "PyTorch and the trackers cannot be installed: no package source answers";
        assert!(warned.contains(expected), "{without}: {warned}");
        let last: Vec<&str> = said.lines().rev().take(3).collect();
        assert_eq!(last[2], "2 tests could not test all that they are for:");
        assert!(last[1].contains("W&B and DVC: they are not"), "{said}");
        assert!(last[0].contains("a page in a browser: chromium"), "{said}");
    }
}

#[test]
fn the_gate_is_red_without_what_could_have_been_installed() {
    // It is installed, but the tests don't find it.
    let machine = Machine::new(CHROMIUM);
    machine.program("apt-get", "");
    let (code, said, warned) = machine.gate();
    assert_eq!(code, Some(1), "{said}{warned}");
    assert!(
        warned.contains("tests lacked chromium, which could have been"),
        "{warned}"
    );
    // It was there from the start, but the tests don't find it.
    machine.program("chromium", "");
    machine.program("apt-get", "exit 100");
    assert_eq!(machine.gate().0, Some(1));
    // Its source answers, but the installation fails.
    let machine = Machine::new("");
    machine.program("apt-get", "case \"$*\" in *chromium*) exit 100 ;; esac");
    let (code, said, _) = machine.gate();
    assert!(code != Some(0) && !said.contains("every test"), "{said}");
    // Python packages are treated in the same way.
    let machine = Machine::new("");
    machine.program("chromium", "");
    machine.program("make", "case $1 in target/*) exit 2 ;; esac");
    script(&machine.path("target/tensorboard/bin/python"), "");
    let (code, _, warned) = machine.gate();
    assert_eq!(code, Some(1), "{warned}");
    assert!(
        warned.contains("error: tensorboard cannot be installed"),
        "{warned}"
    );
}

#[test]
fn the_gate_is_red_where_the_bridges_fail_or_were_not_installed() {
    let machine = Machine::new("");
    machine.program("chromium", "");
    machine.program("apt-get", "");
    script(&machine.path("target/tensorboard/bin/python"), "");
    machine.program("make", "[ \"$1\" != check-bridges ]");
    assert_ne!(machine.gate().0, Some(0));
    machine.program("make", "[ \"$1\" != target/bridges/installed ]");
    let (code, _, warned) = machine.gate();
    assert_eq!(code, Some(1), "{warned}");
    let expected = "error: PyTorch and the trackers cannot be installed, though";
    assert!(warned.contains(expected), "{warned}");
}

#[test]
fn the_gate_lists_that_licences_were_not_looked_at() {
    let machine = Machine::new("");
    machine.program("chromium", "");
    let (code, said, warned) = machine.gate();
    assert_eq!(code, Some(0), "{warned}");
    assert!(
        said.ends_with("every test could test all that it is for\n"),
        "{said}"
    );
    machine.program("cargo", "exit 101");
    let (code, said, _) = machine.gate();
    assert_eq!(code, Some(0));
    assert!(
        said.ends_with("licences and advisories: cargo-deny is not installed (.ci/run)\n"),
        "{said}"
    );
    // If tests fail, the gate fails.
    machine.program("make", "[ \"$1\" != check ]");
    assert_ne!(machine.gate().0, Some(0));
}
