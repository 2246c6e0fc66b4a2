//! The smoke pipeline as a whole: same bytes, resume, second run, replaced stages.

use crate::programs::{Run, assert_same_files, files, program, root, text};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

const STAGES: [&str; 4] = ["prepare", "train", "sample", "eval"];

#[test]
fn same_bytes_with_one_two_and_three_threads() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let runs: Vec<Run> = ["1", "2", "3"]
        .iter()
        .map(|threads| {
            let run = Run::new(&folder.path().join(threads), &[]);
            for stage in STAGES {
                run.stage(stage, &["--threads", threads]);
            }
            run
        })
        .collect();
    for other in &runs[1..] {
        for stage in STAGES {
            let what = format!("{stage} with other threads");
            assert_same_files(&runs[0].outputs(stage), &other.outputs(stage), &what);
        }
    }
}

#[test]
fn a_second_run_does_no_work_and_says_so() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = Run::new(folder.path(), &[]);
    for stage in STAGES {
        let first = run.stage(stage, &[]);
        // The clock's files too: nothing at all may be written, but for the lock's own text.
        let everything = || {
            let mut found = files(&folder.path().join(stage));
            found.remove(".lock");
            found
        };
        let before = everything();
        let second = run.stage(stage, &[]);
        assert_same_files(&before, &everything(), stage);
        let said = text(&second.stdout);
        assert_ne!(
            text(&first.stdout),
            said,
            "dcgan-{stage} speaks of fresh work twice"
        );
        assert!(said.contains("up to date"), "dcgan-{stage} says: {said}");
    }
}

/// Stops training by SIGINT once `metrics.csv` has grown past some rows, continues it, and does so
/// at several places of the run.
#[test]
#[cfg(unix)]
fn stopped_and_resumed_equals_undisturbed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let settings = ["train.epochs=12"];
    let undisturbed = Run::new(&folder.path().join("undisturbed"), &settings);
    undisturbed.stage("prepare", &[]);
    undisturbed.stage("train", &[]);
    let stopped = Run::new(&folder.path().join("stopped"), &settings);
    stopped.stage("prepare", &[]);
    let metrics = stopped.folder.join("train/metrics.csv");
    let mut interruptions = 0;
    for rows in [3, 17, 29, 46] {
        let mut child = stopped
            .command("train")
            .spawn()
            .expect("dcgan-train starts");
        let started = Instant::now();
        while lines(&metrics) < rows && started.elapsed() < Duration::from_mins(1) {
            std::thread::sleep(Duration::from_millis(2));
        }
        let _ = Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status();
        let status = child.wait().expect("dcgan-train ends");
        if status.code() == Some(130) {
            interruptions += 1;
        } else {
            assert!(status.success(), "dcgan-train ended with {status}");
        }
    }
    assert!(interruptions > 0, "no signal met a running training");
    stopped.stage("train", &[]);
    assert_same_files(
        &undisturbed.outputs("train"),
        &stopped.outputs("train"),
        "resumed training",
    );
}

fn lines(path: &Path) -> usize {
    std::fs::read_to_string(path).map_or(0, |text| text.lines().count())
}

/// `make` with the stages' variables set to given commands: nothing is built.
fn make(run_folder: &Path, goal: &str, replaced: &[(&str, String)]) -> std::process::Output {
    let mut command = Command::new("make");
    command
        .current_dir(root())
        .arg("--no-print-directory")
        .arg(goal)
        .arg("PIPELINE=pipelines/smoke.yaml")
        .arg(format!("RUN={}", run_folder.display()));
    for stage in STAGES {
        let variable = stage.to_uppercase();
        let own = program(stage).display().to_string();
        let value = replaced
            .iter()
            .find(|(name, _)| *name == stage)
            .map_or(own, |(_, value)| value.clone());
        command.arg(format!("{variable}={value}"));
    }
    command
        .env_remove("MAKEFLAGS")
        .env_remove("MAKELEVEL")
        .output()
        .expect("make starts")
}

/// A trainer in another language, by the contract's page alone: it reads our dataset, writes a
/// checkpoint and `metrics.csv`, and our `dcgan-eval` takes them.
#[test]
fn a_trainer_of_another_language_replaces_ours() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let trainer = format!(
        "python3 {}",
        root().join("tests/python/trainer.py").display()
    );
    for goal in ["prepare", "train", "eval"] {
        let output = make(folder.path(), goal, &[("train", trainer.clone())]);
        assert!(
            output.status.success(),
            "make {goal}: {}",
            text(&output.stderr)
        );
    }
    let eval = files(&folder.path().join("eval"));
    assert!(eval.contains_key("discriminator.json") && eval.contains_key("grid.png"));
}

/// A preparer in another language, with verified hash, for our trainer.
#[test]
fn a_dataset_written_by_another_language_trains() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let preparer = format!(
        "python3 {}",
        root().join("tests/python/preparer.py").display()
    );
    for goal in ["prepare", "train"] {
        let output = make(folder.path(), goal, &[("prepare", preparer.clone())]);
        assert!(
            output.status.success(),
            "make {goal}: {}",
            text(&output.stderr)
        );
    }
    assert!(folder.path().join("train/generator.safetensors").exists());
}

/// Every file of a run is walked, and a changed one is named.
#[test]
fn a_run_is_verified_from_its_figures_to_its_dataset() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = Run::new(folder.path(), &[]);
    for stage in STAGES {
        run.stage(stage, &[]);
    }
    let verify = || {
        let mut command = Command::new(program("eval"));
        let command = command.arg("verify").arg(folder.path());
        command.output().expect("dcgan-eval starts")
    };
    let sound = verify();
    let said = text(&sound.stdout);
    assert!(sound.status.success(), "{}", text(&sound.stderr));
    assert!(said.contains("the chain holds"), "{said}");
    assert!(
        said.contains("eval     dataset.safetensors: read, and the file of the run"),
        "{said}"
    );

    std::fs::remove_dir_all(folder.path().join("prepare")).expect("a stage");
    let broken = verify();
    let said = text(&broken.stderr);
    assert_eq!(broken.status.code(), Some(3), "{said}");
    assert!(
        said.contains("the chain is broken") && said.contains("dataset.safetensors"),
        "{said}"
    );
}
