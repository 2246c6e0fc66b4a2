//! SIGKILL at any instant: every file is old or new, and the same command gives the same bytes.
//!
//! The instants come from a fixed seed. Half of them are drawn from the whole run; the others come
//! right after a partial file appears, while it is written, synced or renamed. `DCGAN_KILLS` is the
//! number of kills (`make torture`), by default 20.
#![cfg(unix)]

use crate::programs::{Run, assert_same_files, copy, files, text};
use crate::rollbacks;
use dcgan_artifacts::{Checkpoint, Manifest, list_checkpoints};
use dcgan_random::{Purpose, Stream};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// The seed of all instants.
const SEED: u64 = 7;
/// Typical lifetime of a partial file, sync included.
const WRITING: Duration = Duration::from_millis(2);
/// Folders of a stage with written files.
const WRITTEN: [&str; 3] = ["", "checkpoints", "samples"];

/// Number of kills.
pub(crate) fn kills() -> u32 {
    std::env::var("DCGAN_KILLS").map_or(20, |text| text.parse().expect("DCGAN_KILLS is a number"))
}

/// Draws instants and counts the outcomes.
struct Executioner {
    instants: Stream,
    /// Kills of a running program.
    killed: u32,
    /// Of these, kills during a write, which left a partial file.
    writing: u32,
    /// Runs that finished between kills.
    ended: u32,
}

impl Executioner {
    fn new(index: u64) -> Self {
        Self {
            instants: Stream::new(SEED, Purpose::Synthetic, index),
            killed: 0,
            writing: 0,
            ended: 0,
        }
    }

    /// Kills a program that writes `folder` at an instant within `span`; returns whether it was
    /// killed.
    fn strike(&mut self, mut child: Child, folder: &Path, span: Duration) -> bool {
        let started = Instant::now();
        let waits = span.mul_f32(self.instants.uniform());
        while started.elapsed() < waits {
            std::thread::sleep(Duration::from_micros(200));
        }
        if (self.killed + self.ended) % 2 == 1 {
            while started.elapsed() < 2 * span && partial_files(folder) == 0 {
                std::thread::yield_now();
            }
            let waits = WRITING.mul_f32(self.instants.uniform().powi(2));
            let seen = Instant::now();
            while seen.elapsed() < waits {
                std::hint::spin_loop();
            }
        }
        child.kill().expect("a child of ours can be killed");
        let output = child.wait_with_output().expect("the program ends");
        if output.status.code().is_some() {
            assert!(output.status.success(), "{}", text(&output.stderr));
            self.ended += 1;
            return false;
        }
        self.killed += 1;
        self.writing += u32::from(partial_files(folder) > 0);
        true
    }

    fn report(&self, stage: &str) {
        eprintln!(
            "dcgan-{stage}: {} kills, {} of them in the midst of writing a file; {} runs ended between them",
            self.killed, self.writing, self.ended
        );
        assert!(
            self.writing > 0,
            "no kill met a file that was being written"
        );
    }
}

/// Partial files of the stage that writes `folder`.
fn partial_files(folder: &Path) -> usize {
    let partial = |entry: &std::io::Result<std::fs::DirEntry>| {
        let entry = entry.as_ref();
        entry.is_ok_and(|entry| entry.file_name().as_encoded_bytes().ends_with(b".partial"))
    };
    WRITTEN
        .iter()
        .filter_map(|name| std::fs::read_dir(folder.join(name)).ok())
        .flat_map(|entries| entries.filter(partial))
        .count()
}

/// Checks that every file with its final name is complete, and every folder with a manifest.
pub(crate) fn check_whole(folder: &Path) {
    for (_, path) in list_checkpoints(&folder.join("checkpoints")).expect("a readable folder") {
        Checkpoint::read(&path).expect("a checkpoint is whole or not there");
    }
    if let Some(manifest) = Manifest::read(folder).expect("a manifest is whole or not there") {
        manifest
            .verify_outputs(folder)
            .expect("a folder with a manifest is complete");
    }
}

#[test]
fn training_survives_kills_and_ends_in_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let settings = [
        "train.epochs=4",
        "train.checkpoint_every=5",
        "train.grid_every=7",
    ];
    trained_under_kills("train", 0, |name| {
        let run = Run::new(&folder.path().join(name), &settings);
        run.stage("prepare", &[]);
        run
    });
}

/// Some kills come between a roll-back and the next checkpoint, which records it.
#[test]
fn training_that_rolls_back_survives_kills_and_ends_in_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let begun = rollbacks::begin(&folder.path().join("begun"), 40);
    trained_under_kills("train, rolling back", 3, |name| {
        let run = Run::new(&folder.path().join(name), &rollbacks::SETTINGS);
        copy(&begun.folder, &run.folder);
        run
    });
}

/// Kills runs begun by `start`, each in a folder of the given name, until they finish. They must
/// end in the bytes of the first one, which is not killed.
fn trained_under_kills(stage: &str, index: u64, start: impl Fn(&str) -> Run) {
    let undisturbed = start("undisturbed");
    let started = Instant::now();
    undisturbed.stage("train", &[]);
    let span = started.elapsed().mul_f32(0.6);
    let expected = undisturbed.outputs("train");
    let rolls_back = undisturbed.folder.join("train/events.csv").exists();

    let mut executioner = Executioner::new(index);
    let (mut runs, mut rolling_back) = (0, 0);
    while executioner.killed < kills() {
        let run = start(&format!("killed-{runs}"));
        let out = run.folder.join("train");
        while executioner.killed < kills() {
            let child = run
                .command("train")
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn();
            if !executioner.strike(child.expect("dcgan-train starts"), &out, span) {
                break;
            }
            check_whole(&out);
            let [all, known] = rollbacks::rollbacks(&run);
            rolling_back += u32::from(all > known);
        }
        run.stage("train", &[]);
        assert_same_files(&expected, &run.outputs("train"), "training that was killed");
        let events = rollbacks::events(&run);
        assert_eq!(events, rollbacks::events(&undisturbed), "events of it");
        runs += 1;
    }
    executioner.report(stage);
    if rolls_back {
        eprintln!("{rolling_back} of the kills came between a roll-back and the next checkpoint");
    }
}

/// Runs a stage with two settings in turn, killing it repeatedly.
fn redone_under_kills(stage: &str, index: u64, settings: [&str; 2]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let undisturbed = settings.map(|setting| {
        let run = Run::new(&folder.path().join(setting), &[setting]);
        make_inputs(&run, stage);
        let started = Instant::now();
        run.stage(stage, &[]);
        (run.outputs(stage), started.elapsed())
    });
    assert_ne!(
        undisturbed[0].0, undisturbed[1].0,
        "the two settings differ"
    );
    let run = |setting: &str| Run::new(&folder.path().join("killed"), &[setting]);
    make_inputs(&run(settings[0]), stage);
    let out = folder.path().join("killed").join(stage);
    let mut executioner = Executioner::new(index);
    let mut turn = 0;
    while executioner.killed < kills() {
        let (expected, span) = &undisturbed[turn % 2];
        let run = run(settings[turn % 2]);
        for _ in 0..4 {
            let child = run
                .command(stage)
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn();
            if !executioner.strike(child.expect("the program starts"), &out, *span) {
                break;
            }
            check_whole(&out);
            check_old_or_new(&out, &[&undisturbed[0].0, &undisturbed[1].0]);
        }
        run.stage(stage, &[]);
        assert_same_files(expected, &run.outputs(stage), "a stage that was killed");
        turn += 1;
    }
    executioner.report(stage);
}

/// Runs the stages before `stage`.
fn make_inputs(run: &Run, stage: &str) {
    for before in ["prepare", "train"] {
        if before == stage {
            return;
        }
        run.stage(before, &[]);
    }
}

/// Checks that each file with its final name is one that an uninterrupted run writes.
fn check_old_or_new(folder: &Path, versions: &[&BTreeMap<String, Vec<u8>>]) {
    if !folder.exists() {
        return;
    }
    for (name, bytes) in files(folder) {
        let known = versions
            .iter()
            .any(|files| files.get(&name) == Some(&bytes));
        assert!(
            known || name.starts_with('.'),
            "`{name}` is neither old nor new"
        );
    }
}

#[test]
fn preparing_survives_kills() {
    redone_under_kills("prepare", 1, ["prepare.seed=1", "prepare.seed=2"]);
}

#[test]
fn evaluating_survives_kills() {
    redone_under_kills("eval", 2, ["eval.seed=1", "eval.seed=2"]);
}
