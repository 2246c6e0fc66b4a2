//! Signals and broken streams during training: nothing is lost, and the run continues.
#![cfg(unix)]

use crate::kills::check_whole;
use crate::programs::{Run, assert_same_files, program};
use dcgan_artifacts::list_checkpoints;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Waits until the run's table has `lines` lines and sends the signal.
fn send(child: &Child, name: &str, run: &Run, lines: usize) {
    let table = run.folder.join("train/metrics.csv");
    let grown = || std::fs::read_to_string(&table).map_or(0, |text| text.lines().count());
    let started = Instant::now();
    while grown() < lines && started.elapsed() < Duration::from_mins(1) {
        std::thread::sleep(Duration::from_millis(1));
    }
    let id = child.id().to_string();
    let status = Command::new("kill").args(["-s", name, &id]).status();
    assert!(status.expect("kill starts").success());
}

/// The step of the newest checkpoint.
fn newest(run: &Run) -> Option<u64> {
    let checkpoints = list_checkpoints(&run.folder.join("train/checkpoints"));
    Some(checkpoints.expect("a readable folder").last()?.0)
}

/// A finished run, and one with the same settings and dataset that is not trained yet.
fn runs(folder: &Path) -> (Run, Run) {
    let settings = ["train.epochs=8"];
    let runs = ["undisturbed", "disturbed"].map(|name| {
        let run = Run::new(&folder.join(name), &settings);
        run.stage("prepare", &[]);
        run
    });
    runs[0].stage("train", &[]);
    runs.into()
}

#[test]
fn each_signal_ends_in_order_and_the_run_goes_on() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (undisturbed, run) = runs(folder.path());
    for (name, code, lines) in [("INT", 130, 3), ("TERM", 143, 20), ("HUP", 143, 40)] {
        // It receives SIGHUP even if the tests run under `nohup`.
        let mut env = Command::new("env");
        env.arg("--default-signal=HUP").arg(program("train"));
        let mut command = run.with_arguments(env, "train");
        let mut child = command.spawn().expect("dcgan-train starts");
        send(&child, name, &run, lines);
        let status = child.wait().expect("dcgan-train ends");
        assert_eq!(status.code(), Some(code), "SIG{name}");
    }
    run.stage("train", &[]);
    assert_same_files(
        &undisturbed.outputs("train"),
        &run.outputs("train"),
        "after signals",
    );
}

#[test]
fn a_broken_pipe_and_closed_streams_do_no_harm() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (undisturbed, run) = runs(folder.path());
    // The readers of both streams are gone, and the system also sends a signal.
    let closed = || std::io::pipe().expect("a pipe").1;
    let mut command = run.command("train");
    let mut child = command
        .stdout(closed())
        .stderr(closed())
        .spawn()
        .expect("dcgan-train starts");
    send(&child, "PIPE", &run, 3);
    assert_eq!(child.wait().expect("dcgan-train ends").code(), Some(0));
    assert_same_files(
        &undisturbed.outputs("train"),
        &run.outputs("train"),
        "without readers",
    );

    // Streams that were never open.
    let again = Run::new(&folder.path().join("closed"), &["train.epochs=8"]);
    again.stage("prepare", &[]);
    let command = again.command("train");
    let mut shell = Command::new("bash");
    shell
        .args(["-c", "exec \"$@\" <&- >&- 2>&-", "bash"])
        .arg(command.get_program());
    shell
        .args(command.get_args())
        .current_dir(command.get_current_dir().expect("the root"));
    assert!(shell.status().expect("bash starts").success());
    assert_same_files(
        &undisturbed.outputs("train"),
        &again.outputs("train"),
        "closed streams",
    );
}

#[test]
fn the_second_interrupt_loses_nothing_that_was_saved() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (undisturbed, run) = runs(folder.path());
    let mut command = run.command("train");
    let mut child = command
        .stderr(Stdio::null())
        .spawn()
        .expect("dcgan-train starts");
    send(&child, "INT", &run, 18);
    let before = newest(&run).expect("a checkpoint");
    // A user's second signal; the program may already have ended.
    std::thread::sleep(Duration::from_millis(250));
    let _ = Command::new("kill")
        .args(["-s", "INT", &child.id().to_string()])
        .stderr(Stdio::null())
        .status();
    assert_eq!(child.wait().expect("dcgan-train ends").code(), Some(130));
    assert!(newest(&run).expect("a checkpoint") >= before);
    check_whole(&run.folder.join("train"));
    run.stage("train", &[]);
    assert_same_files(
        &undisturbed.outputs("train"),
        &run.outputs("train"),
        "after two signals",
    );
}
