//! Untested things are counted once, by the test's name, with what to install.

use dcgan_testkit::{Missing, UNTESTED, untested};
use std::path::Path;
use std::process::{Command, Output};

/// Set when the tests below start themselves again as a child process.
const CHILD: &str = "DCGAN_TESTKIT_CHILD";

/// Line of the call from a thread without a name.
const LINE: u32 = 33;

fn child(name: &str, file: &Path) -> Output {
    let program = std::env::current_exe().expect("this program");
    let mut command = Command::new(program);
    command.args(["--exact", name]);
    command.env(CHILD, "1").env(UNTESTED, file);
    command.output().expect("this program starts")
}

/// The child process of the next test; does nothing on its own.
#[test]
fn lacking() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    for _ in 0..3 {
        untested("one", Missing::Instructions("AVX-1024"));
    }
    untested("two", Missing::Installable("chromium"));
    untested("three", Missing::System("no right to mount"));
    // Without a test's name the line is reported.
    let alone = std::thread::spawn(|| untested("four", Missing::System("no name")));
    alone.join().expect("a thread that ends");
}

#[test]
fn a_row_per_call_names_the_test_and_what_to_install() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("untested.tsv");
    for name in ["first", "second"] {
        let output = child("lacking", &file);
        assert!(output.status.success(), "{name}");
        let said = String::from_utf8_lossy(&output.stderr);
        // The harness hides the output of a passing test.
        assert_eq!(said.matches("not tested: ").count(), 4, "{said}");
        assert!(
            said.contains("not tested: one: the processor has no AVX-1024 ("),
            "{said}"
        );
    }
    let rows = std::fs::read_to_string(&file).expect("rows");
    let test = "crates/testkit/tests/it/main.rs, lacking";
    let once = format!(
        "-\t{test}\tone\tthe processor has no AVX-1024\n\
         chromium\t{test}\ttwo\tchromium is not installed\n\
         -\t{test}\tthree\tno right to mount\n\
         -\tcrates/testkit/tests/it/main.rs:{LINE}\tfour\tno name\n"
    );
    assert_eq!(rows, once.repeat(2));
}

#[test]
fn a_file_that_cannot_be_written_fails_the_test() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = child("lacking", &folder.path().join("none/untested.tsv"));
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("cannot append to "), "{said}");
}
