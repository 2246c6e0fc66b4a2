//! Simulated disk faults at each change in turn.
//!
//! The example `faulty` runs a stage with simulated faults; `disk` has tests on real file systems.
#![cfg(unix)]

use crate::kills::{check_whole, kills};
use crate::programs::{Run, assert_same_files, copy, files, root};
use crate::rollbacks::{self, events, rollbacks};
use dcgan_artifacts::{list_checkpoints, verify_checkpoint};
use dcgan_testkit::{Outcome, run as ended};
use std::process::Command;

/// A run of a few steps, with several checkpoints and grids.
const SHORT: [&str; 4] = [
    "train.epochs=1",
    "train.checkpoint_every=3",
    "train.grid_every=5",
    "prepare.synthetic.train=112",
];

/// `command` with its program replaced by the example `faulty`.
fn faulty(fault: &str, stage: &str, command: &Command) -> Command {
    let mut faulty = Command::new(dcgan_testkit::example("faulty"));
    faulty
        .current_dir(root())
        .args([fault, stage])
        .args(command.get_args());
    faulty
}

/// Number of changes to the disk in a whole run of the stage.
fn count_changes(stage: &str, run: &Run) -> u64 {
    let stderr = ended(&mut faulty("count", stage, &run.command(stage)));
    let stderr = stderr.succeeded().stderr;
    let last = stderr.lines().last().expect("a line");
    last.parse()
        .unwrap_or_else(|_| panic!("a number of changes: {stderr}"))
}

fn stop_before_each_change(stage: &str, before: &[&str], settings: &[&str]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let whole = Run::new(&folder.path().join("whole"), settings);
    for before in before {
        whole.stage(before, &[]);
    }
    std::fs::create_dir_all(&whole.folder).expect("a folder of ours");
    stops(stage, &whole, settings);
}

/// Stops a stage with the inputs of `whole` before its changes to the disk, or halfway through a
/// write, and runs it again: before each change in the long form (`DCGAN_KILLS=200`), otherwise
/// before 20 of them. Returns how many stops were between a roll-back and the next checkpoint.
fn stops(stage: &str, whole: &Run, settings: &[&str]) -> u32 {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let inputs = folder.path().join("inputs");
    copy(&whole.folder, &inputs);
    let changes = count_changes(stage, whole);
    let expected = whole.outputs(stage);
    assert!(changes > 10, "{changes} changes");
    let stride = changes.div_ceil(u64::from(kills()));
    let chosen = (0..changes).step_by(usize::try_from(stride).expect("few changes"));
    let (mut stops, mut rolling_back) = (0, 0);
    for change in chosen {
        stops += 1;
        let run = Run::new(&folder.path().join(format!("stopped-{change}")), settings);
        copy(&inputs, &run.folder);
        let fault = format!("stop:{change}");
        let outcome = ended(&mut faulty(&fault, stage, &run.command(stage)));
        assert_eq!(outcome.code, 99, "{fault}: {}", outcome.stderr);
        check_whole(&run.folder.join(stage));
        let [all, known] = rollbacks(&run);
        rolling_back += u32::from(all > known);
        let outcome = ended(&mut faulty("count", stage, &run.command(stage)));
        assert_eq!(outcome.code, 0, "{fault}: {}", outcome.stderr);
        assert_same_files(&expected, &run.outputs(stage), &fault);
        assert_eq!(events(&run), events(whole), "{fault}");
        std::fs::remove_dir_all(&run.folder).expect("a folder of ours");
    }
    eprintln!("dcgan-{stage}: stopped before {stops} of {changes} changes");
    rolling_back
}

#[test]
fn preparing_stops_anywhere() {
    stop_before_each_change("prepare", &[], &SHORT);
}

#[test]
fn training_stops_anywhere() {
    stop_before_each_change("train", &["prepare"], &SHORT);
}

/// With scores, a best checkpoint that is kept only for its score, and event files.
#[test]
fn scored_training_stops_anywhere() {
    let settings = [
        "train.epochs=2",
        "train.checkpoint_every=3",
        "train.grid_every=0",
        "train.keep_checkpoints=1",
        "train.network=unlabelled",
        "train.score_every=3",
        "train.best=frechet_distance",
        "train.tensorboard=true",
        "prepare.synthetic.train=112",
        "prepare.synthetic.classes=0",
        "prepare.validation=64",
    ];
    stop_before_each_change("train", &["prepare"], &settings);
}

#[test]
fn training_that_rolls_back_stops_anywhere() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let whole = rollbacks::begin(&folder.path().join("whole"), 16);
    let rolling_back = stops("train", &whole, &rollbacks::SETTINGS);
    assert!(rolling_back > 0, "no stop came after a roll-back");
    eprintln!("{rolling_back} of them between a roll-back and the next checkpoint");
    let [all, known] = rollbacks(&whole);
    assert!(
        all == known && rollbacks::ROLLBACKS.contains(&all),
        "{all} roll-backs, {known} known"
    );
}

/// Stopped at each point where it polls for a signal, a training only saves: no further iteration,
/// no completed score, no second checkpoint. The same command then ends in the same bytes.
#[test]
fn a_signal_is_heeded_at_every_look() {
    let settings = [
        "train.epochs=1",
        "train.checkpoint_every=4",
        "train.grid_every=2",
        "train.network=unlabelled",
        "train.score_every=2",
        "train.best=frechet_distance",
        // Five steps.
        "prepare.synthetic.train=144",
        "prepare.synthetic.classes=0",
        "prepare.validation=64",
    ];
    let folder = tempfile::tempdir().expect("a temporary folder");
    let whole = Run::new(&folder.path().join("whole"), &settings);
    whole.stage("prepare", &[]);
    let inputs = folder.path().join("inputs");
    copy(&whole.folder, &inputs);
    whole.stage("train", &[]);
    let expected = whole.outputs("train");

    // After the iteration, before each part of a score, after the work due at the step; at the end
    // also before each file.
    let files = expected.len() - 1;
    let at_looks = [
        ([0, 0], 1),
        ([1, 0], 2),
        ([2, 0], 5),
        ([2, 1], 1),
        ([3, 1], 2),
        ([4, 1], 5),
        ([4, 2], 1),
        ([5, 2], 2 + files),
    ];
    let mut look = 0;
    // Step of the newest checkpoint, rows of `scores.csv`, and for how many consecutive polls.
    for (left, looks) in at_looks {
        for again in 0..looks {
            let fault = format!("look:{look}");
            let run = Run::new(&folder.path().join(&fault), &settings);
            copy(&inputs, &run.folder);
            let outcome = ended(&mut faulty(&fault, "train", &run.command("train")));
            assert_eq!(outcome.code, 143, "{fault}: {}", outcome.stderr);
            let train = run.folder.join("train");
            let checkpoints = list_checkpoints(&train.join("checkpoints"));
            let newest = checkpoints.expect("a readable folder").pop();
            let step = newest.map_or(0, |(step, _)| step);
            let rows = |name: &str| {
                let table = std::fs::read_to_string(train.join(name)).expect("a table");
                table.lines().count() as u64 - 1
            };
            assert_eq!([step, rows("scores.csv")], left, "{fault}");
            assert_eq!(rows("metrics.csv"), step, "{fault}");
            if again == 0 {
                run.stage("train", &[]);
                assert_same_files(&expected, &run.outputs("train"), &fault);
            }
            std::fs::remove_dir_all(&run.folder).expect("a folder of ours");
            look += 1;
        }
    }
    let run = Run::new(&folder.path().join("undisturbed"), &settings);
    copy(&inputs, &run.folder);
    let fault = format!("look:{look}");
    let outcome = ended(&mut faulty(&fault, "train", &run.command("train")));
    assert_eq!(outcome.code, 0, "{fault}: {}", outcome.stderr);
}

#[test]
fn evaluating_stops_anywhere() {
    stop_before_each_change("eval", &["prepare", "train"], &SHORT);
}

/// The rows of earlier checkpoints take half a minute each, and are there whenever an evaluation
/// stops.
#[test]
fn evaluating_checkpoints_again_keeps_their_rows_anywhere() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let settings = [
        &SHORT[..],
        &["train.keep_checkpoints=0", "eval.classifier_epochs=1"],
    ]
    .concat();
    let begun = Run::new(&folder.path().join("begun"), &settings);
    begun.stage("prepare", &[]);
    begun.stage("train", &[]);
    let command = |run: &Run| {
        let mut command = run.command("eval");
        command.arg("--force").arg("--checkpoints");
        command.arg(run.folder.join("train/checkpoints"));
        command
    };
    let _ = ended(&mut command(&begun)).succeeded();
    let rows = |run: &Run| files(&run.folder.join("eval/checkpoints"));
    let expected = rows(&begun);
    assert!(expected.len() > 1, "{:?}", expected.keys());
    let mut stops = 0;
    // Before the first change to the rows, while they are replaced, and after the last.
    for change in (0..).step_by(if kills() < 200 { 5 } else { 1 }) {
        let fault = format!("stop:{change}");
        let run = Run::new(&folder.path().join(&fault), &settings);
        copy(&begun.folder, &run.folder);
        let outcome = ended(&mut faulty(&fault, "eval", &command(&run)));
        let mut left = rows(&run);
        left.retain(|name, _| !name.starts_with('.'));
        assert_same_files(&expected, &left, &fault);
        std::fs::remove_dir_all(&run.folder).expect("a folder of ours");
        if outcome.code == 0 {
            break;
        }
        assert_eq!(outcome.code, 99, "{fault}: {}", outcome.stderr);
        stops += 1;
    }
    assert!(stops > 10, "{stops} stops");
}

#[test]
fn sampling_stops_anywhere() {
    stop_before_each_change("sample", &["prepare", "train"], &SHORT);
}

/// A run at step 7, which is continued with faults, each time from a copy.
struct Begun {
    folder: tempfile::TempDir,
    settings: Vec<&'static str>,
}

impl Begun {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let run = Run::new(&folder.path().join("begun"), &SHORT);
        run.stage("prepare", &[]);
        run.stage("train", &[]);
        let settings = [&SHORT[1..], &["train.epochs=2"]].concat();
        Self { folder, settings }
    }

    /// Continues a copy with `fault`; returns it and its output, or `None` if the run has no such
    /// change.
    fn under(&self, fault: &str) -> Option<(Run, Outcome)> {
        let run = Run::new(&self.folder.path().join(fault), &self.settings);
        copy(&self.folder.path().join("begun"), &run.folder);
        let outcome = ended(&mut faulty(fault, "train", &run.command("train")));
        if outcome.stderr.contains("the fault has come") {
            return Some((run, outcome));
        }
        assert_eq!(outcome.code, 0, "{fault}: {outcome:?}");
        None
    }
}

/// Each change of each kind in the long form, every tenth otherwise.
#[test]
fn every_failing_change_is_exit_code_5_and_loses_nothing() {
    let begun = Begun::new();
    let whole = Run::new(&begun.folder.path().join("whole"), &begun.settings);
    copy(&begun.folder.path().join("begun"), &whole.folder);
    whole.stage("train", &[]);
    let expected = whole.outputs("train");
    let stride = (200 / kills()).max(1) as usize;
    let mut failed = 0;
    for action in ["create", "write", "sync", "rename", "cut", "remove"] {
        for n in (0..).step_by(stride) {
            let fault = format!("fail:{action}:{n}");
            let Some((run, outcome)) = begun.under(&fault) else {
                assert!(n > 0, "no change is a `{action}`");
                break;
            };
            failed += 1;
            let stderr = &outcome.stderr;
            assert_eq!(outcome.code, 5, "{fault}: {stderr}");
            for word in ["error: could not ", "`", "hint: "] {
                assert!(stderr.contains(word), "{fault}: `{word}`: {stderr}");
            }
            check_whole(&run.folder.join("train"));
            verify_checkpoint(&run.last_checkpoint()).expect("a good checkpoint");
            run.stage("train", &[]);
            assert_same_files(&expected, &run.outputs("train"), &fault);
            std::fs::remove_dir_all(&run.folder).expect("a folder of ours");
        }
    }
    eprintln!("dcgan-train: {failed} failing changes");
}

/// If a file vanishes while it is written, its rename fails; if it vanishes before or after, the
/// run may fail or not notice. No checkpoint is lost.
#[test]
fn a_file_that_vanishes_takes_no_checkpoint_with_it() {
    let begun = Begun::new();
    for (action, n) in [("create", 2), ("write", 3), ("sync", 5), ("rename", 2)] {
        let fault = format!("lose:{action}:{n}");
        let (run, outcome) = begun.under(&fault).expect("there is such a change");
        let stderr = &outcome.stderr;
        match outcome.code {
            0 if action != "rename" => {}
            5 => assert!(stderr.contains("error: could not "), "{fault}: {stderr}"),
            code => panic!("{fault}: {code}: {stderr}"),
        }
        check_whole(&run.folder.join("train"));
        verify_checkpoint(&run.last_checkpoint()).expect("a good checkpoint");
    }
}
