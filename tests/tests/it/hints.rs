//! The hints of common errors, followed word by word: each leads out.

use crate::programs::{self, Run, program, put, root};
use dcgan_testkit::Outcome;
use std::path::Path;
use std::process::Command;

/// Runs a program of the four with these words, in the repository's root.
fn run(stage: &str, words: &[&str]) -> Outcome {
    let mut command = Command::new(program(stage));
    command.current_dir(root()).args(words).arg("--quiet");
    dcgan_testkit::run(&mut command)
}

/// Runs a stage of a run to its end, whatever that is.
fn ends(run: &Run, stage: &str) -> Outcome {
    dcgan_testkit::run(&mut run.command(stage))
}

/// The hint of a program that fails with this exit code.
#[track_caller]
fn hint(outcome: &Outcome, code: i32) -> String {
    let said = &outcome.stderr;
    assert_eq!(outcome.code, code, "{said}");
    let hint = said.lines().find_map(|line| line.strip_prefix("hint: "));
    hint.unwrap_or_else(|| panic!("no hint: {said}")).to_owned()
}

/// What stands between back quotes.
fn quoted(hint: &str) -> Vec<&str> {
    hint.split('`').skip(1).step_by(2).collect()
}

/// The first whole number.
fn number(hint: &str) -> usize {
    let mut words = hint.split(|c: char| !c.is_ascii_digit());
    words.find_map(|word| word.parse().ok()).expect("a number")
}

#[test]
fn nothing_to_prepare_of() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().display().to_string();
    let words = ["--out", &out];
    let said = hint(&run("prepare", &words), 2);
    let set = quoted(&said)
        .into_iter()
        .find(|word| word.contains("synthetic"));
    let set: Vec<&str> = set.expect("a setting").split(' ').collect();
    let _ = run("prepare", &[&words[..], &set].concat()).succeeded();
}

#[test]
fn a_batch_larger_than_the_training_part() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let few = Run::new(
        folder.path(),
        &["prepare.synthetic.train=12", "train.epochs=1"],
    );
    few.stage("prepare", &[]);
    let said = hint(&ends(&few, "train"), 2);
    let batch = format!("{}={}", quoted(&said)[0], number(&said));
    few.stage("train", &["--set", &batch]);
}

#[test]
fn a_validation_part_that_is_not_shared_out_evenly_or_too_large() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (asked, code) in [("33", 2), ("4000", 3)] {
        let out = folder.path().join(asked).display().to_string();
        let words = ["--pipeline", "pipelines/smoke.yaml", "--out", &out, "--set"];
        let with = |n: &str| {
            let set = format!("prepare.validation={n}");
            run("prepare", &[&words[..], &[set.as_str()]].concat())
        };
        let said = hint(&with(asked), code);
        let _ = with(&number(&said).to_string()).succeeded();
    }
}

#[test]
fn a_film_of_nothing_yet() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let trained = Run::new(folder.path(), &["train.epochs=1"]);
    trained.stage("prepare", &[]);
    trained.stage("train", &[]);
    let out = folder.path().join("film").display().to_string();
    let outcome = run("sample", &["--mode", "film", "--out", &out]);
    assert!(hint(&outcome, 2).contains("--help"));
    // The line of the help, with our folder.
    let help = run("sample", &["--help"]).succeeded().stdout;
    let line = help
        .lines()
        .find(|line| line.contains("--mode film --checkpoints runs/"));
    let line = line.expect("an example").trim();
    let folder = folder.path().display().to_string();
    let line = line
        .replace("runs/mnist", &folder)
        .replace("--out film", &format!("--out {out}"));
    let words: Vec<&str> = line.split(' ').skip(1).collect();
    let _ = run("sample", &words).succeeded();
}

/// The tables of a finished run are lost: `make eval` names `make train`, which says what to do.
#[test]
fn a_lost_table_of_a_finished_run() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let lost = Run::new(&folder.path().join("run"), &["train.epochs=1"]);
    lost.stage("prepare", &[]);
    lost.stage("train", &[]);
    std::fs::remove_file(lost.folder.join("train/metrics.csv")).expect("a table");
    let mut eval = lost.command("eval");
    let table = lost.folder.join("train/metrics.csv");
    let outcome = dcgan_testkit::run(eval.arg("--metrics").arg(&table));
    assert_eq!(quoted(&hint(&outcome, 3)), ["make train"]);
    let said = hint(&ends(&lost, "train"), 3);
    assert!(
        said.contains("move the whole folder away and run the same command again"),
        "{said}"
    );
    programs::copy(&lost.folder.join("train"), &folder.path().join("away"));
    std::fs::remove_dir_all(lost.folder.join("train")).expect("a folder");
    lost.stage("train", &[]);
    assert!(table.exists());
}

/// SOURCE is the folder of pictures itself, where the one that holds it is meant.
#[test]
fn the_pictures_themselves_as_source() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let photos = folder.path().join("photos");
    std::fs::create_dir(&photos).expect("a folder");
    for i in 0..20_u8 {
        let pixels = (0..16 * 16 * 3).map(|p: u32| (p * u32::from(i + 1)).to_le_bytes()[0]);
        let picture = dcgan_figures::Picture::new(16, 16, 3, pixels.collect()).expect("a picture");
        let bytes = dcgan_figures::encode_png(&picture).expect("a PNG");
        put(&photos.join(format!("{i}.png")), &bytes);
    }
    let set = format!("prepare.folder={}", photos.display());
    let settings = [
        "prepare.source=folder",
        &set,
        "prepare.pictures.height=16",
        "prepare.pictures.width=16",
        "train.network=unlabelled",
        "train.epochs=1",
    ];
    let made = Run::new(&folder.path().join("run"), &settings);
    made.stage("prepare", &[]);
    made.stage("train", &[]);
    let reproduce = |source: &Path| {
        let programs = program("train");
        let mut make = programs::make();
        make.args(["reproduce", "CARGO=true"])
            .arg(format!(
                "BIN={}",
                programs.parent().expect("a folder").display()
            ))
            .arg(format!("RUN={}", made.folder.display()))
            .arg(format!("SOURCE={}", source.display()));
        dcgan_testkit::run(&mut make)
    };
    let said = reproduce(&photos).stderr;
    let (_, source) = said
        .split_once("give SOURCE=")
        .unwrap_or_else(|| panic!("{said}"));
    let source = source.lines().next().expect("a line");
    assert_eq!(
        Path::new(source),
        folder.path().canonicalize().expect("a folder")
    );
    let _ = reproduce(Path::new(source)).succeeded();
}

/// Scores need a validation part and a classifier: each by what the error says.
#[test]
fn scores_without_what_they_need() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let scored = Run::new(folder.path(), &["train.score_every=8", "train.epochs=1"]);
    scored.stage("prepare", &[]);
    let said = hint(&ends(&scored, "train"), 2);
    // A multiple of the classes, as it says.
    let n = number(&said).next_multiple_of(10);
    let validation = format!("{}={n}", quoted(&said)[0]);
    scored.stage("prepare", &["--set", &validation]);
    let said = hint(&ends(&scored, "train"), 2);
    let command = quoted(&said)
        .into_iter()
        .find(|word| word.starts_with("dcgan-eval"));
    let out = folder.path().join("classifier").display().to_string();
    let command = command.expect("a command").replace("DIR", &out);
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    let _ = run(
        "eval",
        &[&words[..], &["--set", "eval.classifier_epochs=1"]].concat(),
    )
    .succeeded();
    let set = format!("{}={out}/classifier.safetensors", quoted(&said)[0]);
    scored.stage("train", &["--set", &set]);
}

/// Of a damaged checkpoint: removed, the run goes on from the one before it.
#[test]
fn a_damaged_checkpoint_in_sampling() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let damaged = Run::new(folder.path(), &["train.epochs=1"]);
    damaged.stage("prepare", &[]);
    damaged.stage("train", &[]);
    let path = damaged.last_checkpoint();
    let mut bytes = std::fs::read(&path).expect("a checkpoint");
    let last = bytes.last_mut().expect("bytes");
    *last ^= 1;
    put(&path, &bytes);
    let said = hint(&ends(&damaged, "sample"), 3);
    assert!(said.contains("remove it and run `make train`"), "{said}");
    std::fs::remove_file(&path).expect("a checkpoint");
    damaged.stage("train", &[]);
    damaged.stage("sample", &[]);
}
