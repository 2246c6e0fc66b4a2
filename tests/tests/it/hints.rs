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
    for (train, asked, code) in [
        ("256", "33", 2),
        ("256", "4000", 3),
        ("30", "33", 2),
        ("30", "3", 2),
    ] {
        let out = folder.path().join(train).join(asked).display().to_string();
        let train = format!("prepare.synthetic.train={train}");
        let words = [
            "--pipeline",
            "pipelines/smoke.yaml",
            "--out",
            &out,
            "--set",
            &train,
            "--set",
        ];
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
    assert_eq!(quoted(&hint(&outcome, 3))[0], "make train");
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

/// A dataset outside of a run: no goal of make makes it.
#[test]
fn a_dataset_that_is_not_there_or_is_another_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let place = folder.path().join("data");
    let dataset = place.join("dataset.safetensors").display().to_string();
    let out = folder.path().join("train").display().to_string();
    let smoke = ["--pipeline", "pipelines/smoke.yaml"];
    let train = |dataset: &str| {
        let words = [
            "--dataset",
            dataset,
            "--out",
            &out,
            "--set",
            "train.epochs=1",
        ];
        run("train", &[&smoke[..], &words].concat())
    };
    let said = hint(&train(&dataset), 3);
    let command = quoted(&said)
        .into_iter()
        .find(|word| word.starts_with("dcgan-prepare"));
    let command = command
        .expect("a command")
        .replace("FOLDER", &place.display().to_string());
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    let _ = run("prepare", &[&smoke[..], &words].concat()).succeeded();

    let other = train("README.md");
    assert!(hint(&other, 3).starts_with("give another file; "));
    let said = &other.stderr;
    assert!(
        said.contains("expected a safetensors file, got text"),
        "{said}"
    );
    let _ = train(&dataset).succeeded();
}

/// The command without the right to write where the file's mode forbids it, which root has.
#[cfg(unix)]
fn unprivileged(stage: &str, words: &[&str]) -> Option<Outcome> {
    let drop = ["--bounding-set=-dac_override", "--inh-caps=-dac_override"];
    let id = dcgan_testkit::run(Command::new("id").arg("-u"));
    if id.stdout.trim() != "0" {
        return Some(run(stage, words));
    }
    let mut command = Command::new("setpriv");
    if !command
        .args(drop)
        .arg("true")
        .status()
        .is_ok_and(|ended| ended.success())
    {
        let missing = dcgan_testkit::Missing::System("no setpriv that drops a right of root");
        dcgan_testkit::untested("a folder that may not be written", missing);
        return None;
    }
    let mut command = Command::new("setpriv");
    command.current_dir(root()).args(drop).arg(program(stage));
    Some(dcgan_testkit::run(command.args(words).arg("--quiet")))
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_written() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let closed = folder.path().join("closed");
    for below in ["", "new/deep"] {
        std::fs::create_dir_all(&closed).expect("a folder");
        let mode = |path: &Path, mode| {
            std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("ours");
        };
        mode(&closed, 0o555);
        let out = closed.join(below).display().to_string();
        let words = ["--pipeline", "pipelines/smoke.yaml", "--out", &out];
        let Some(output) = unprivileged("prepare", &words) else {
            return;
        };
        let said = hint(&output, 5);
        assert!(said.starts_with("make the folder `"), "{said}");
        mode(Path::new(quoted(&said)[0]), 0o755);
        let _ = unprivileged("prepare", &words)
            .expect("as before")
            .succeeded();
        std::fs::remove_dir_all(&closed).expect("a folder");
    }
}

/// A file on the way to the folder of any stage.
#[test]
fn a_file_above_the_folder() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let whole = Run::new(&folder.path().join("whole"), &["train.epochs=1"]);
    whole.stage("prepare", &[]);
    whole.stage("train", &[]);
    let dataset = whole.folder.join("prepare/dataset.safetensors");
    let (dataset, checkpoint) = (
        dataset.display().to_string(),
        whole.last_checkpoint().display().to_string(),
    );
    let blocked = folder.path().join("blocked");
    let out = blocked.join("deep/out").display().to_string();
    for (stage, inputs) in [
        ("prepare", &[][..]),
        ("train", &["--dataset", &dataset]),
        ("sample", &["--model", &checkpoint]),
        (
            "eval",
            &["--dataset", &dataset, "--checkpoint", &checkpoint],
        ),
    ] {
        put(&blocked, b"mine");
        let words = ["--pipeline", "pipelines/smoke.yaml", "--out", &out];
        let words = [&words[..], inputs].concat();
        let said = hint(&run(stage, &words), 5);
        assert!(said.starts_with("move `"), "{said}");
        std::fs::remove_file(quoted(&said)[0]).expect("the file");
        let _ = run(stage, &words).succeeded();
        std::fs::remove_dir_all(&blocked).expect("a folder");
    }
}

#[test]
fn a_folder_among_the_checkpoints() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let trained = Run::new(
        folder.path(),
        &["train.epochs=1", "eval.classifier_epochs=1"],
    );
    trained.stage("prepare", &[]);
    trained.stage("train", &[]);
    let checkpoints = trained.folder.join("train/checkpoints");
    let mut eval = trained.command("eval");
    eval.arg("--checkpoints").arg(&checkpoints);
    let named = checkpoints.join("step-99999999.safetensors");
    std::fs::create_dir(&named).expect("a folder");
    let said = hint(&dcgan_testkit::run(&mut eval), 3);
    assert!(said.ends_with("move it away"), "{said}");
    assert_eq!(Path::new(quoted(&said)[0]), named);
    std::fs::remove_dir(&named).expect("a folder");
    let _ = dcgan_testkit::run(&mut eval).succeeded();
}

#[test]
fn a_run_that_does_not_verify() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let made = Run::new(&folder.path().join("run"), &["train.epochs=1"]);
    for stage in ["prepare", "train", "sample"] {
        made.stage(stage, &[]);
    }
    let verify = |path: &Path| run("eval", &["verify", &path.display().to_string()]);
    let said = hint(&verify(&made.folder.join("train")), 3);
    let _ = verify(Path::new(quoted(&said)[0])).succeeded();

    let grid = made.folder.join("sample/grid.png");
    std::fs::remove_file(&grid).expect("a grid");
    let said = hint(&verify(&made.folder), 3);
    assert_eq!(said, "put it back, or run that stage again");
    made.stage("sample", &[]);
    let _ = verify(&made.folder).succeeded();
    put(&grid, b"changed");
    let said = hint(&verify(&made.folder), 3);
    assert_eq!(said, "copy it again, or remove it and run that stage again");
    std::fs::remove_file(&grid).expect("a grid");
    made.stage("sample", &[]);
    let _ = verify(&made.folder).succeeded();

    put(&made.folder.join("sample/manifest.json"), b"{}");
    let said = hint(&verify(&made.folder), 3);
    assert_eq!(said, "copy it again, or run that stage again");
    made.stage("sample", &[]);
    let _ = verify(&made.folder).succeeded();

    for name in ["metrics.csv", "run.json"] {
        let train = made.folder.join("train");
        for bytes in [None, Some(b"1")] {
            std::fs::remove_file(train.join(name)).expect("a file of the run");
            if let Some(bytes) = bytes {
                put(&train.join(name), bytes);
            }
            let said = hint(&verify(&made.folder), 3);
            assert!(
                said.ends_with("; or move the training's folder away and train again"),
                "{said}"
            );
            std::fs::remove_dir_all(&train).expect("a folder");
            made.stage("train", &[]);
            let _ = verify(&made.folder).succeeded();
        }
    }
}

/// The error of a script, in one line.
#[track_caller]
fn one_line(outcome: &Outcome) -> &str {
    let said = outcome.stderr.as_str();
    assert_eq!(outcome.code, 2, "{said}");
    assert!(
        said.starts_with("error: ") && said.lines().count() == 1,
        "{said}"
    );
    said
}

#[test]
fn a_run_that_cannot_be_reproduced() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let made = Run::new(folder.path(), &["train.epochs=1"]);
    made.stage("prepare", &[]);
    made.stage("train", &[]);
    let reproduce = |run: &Path, programs: &Path| {
        let mut command = Command::new("python3");
        command.current_dir(root()).arg("tests/python/reproduce.py");
        dcgan_testkit::run(command.arg(run).arg("--bin").arg(programs))
    };
    let program = program("train");
    let programs = program.parent().expect("a folder");
    let failed = reproduce(&made.folder, Path::new("/nope"));
    let said = one_line(&failed);
    assert!(
        said.contains("`/nope/dcgan-prepare`") && said.contains("as --bin"),
        "{said}"
    );
    let failed = reproduce(&folder.path().join("train"), programs);
    let said = one_line(&failed);
    assert!(said.contains("give the folder of a finished run"), "{said}");
    let manifest = made.folder.join("train/manifest.json");
    let sound = std::fs::read_to_string(&manifest).expect("a manifest");
    let changed = sound.replacen("\"epochs\"", "\"epoch\"", 1);
    for damage in [changed.as_str(), "{", "[]", "{\"seal\": 1}", ""] {
        put(&manifest, damage.as_bytes());
        let failed = reproduce(&made.folder, programs);
        let said = one_line(&failed);
        assert!(
            said.contains("manifest.json` is damaged") && said.contains("run that stage again"),
            "{said}"
        );
    }
    made.stage("train", &[]);
    assert_eq!(
        std::fs::read_to_string(&manifest).expect("a manifest"),
        sound
    );
    let _ = reproduce(&made.folder, programs).succeeded();
}

/// A key below one that takes a value.
#[test]
fn a_setting_below_a_setting() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().display().to_string();
    let words = ["--pipeline", "pipelines/smoke.yaml", "--out", &out, "--set"];
    let with = |set: &str| run("prepare", &[&words[..], &[set]].concat());
    let said = hint(&with("prepare.pictures.labels.x=64"), 2);
    let [key, value, ..] = quoted(&said)[..] else {
        panic!("{said}");
    };
    let _ = with(&format!("{key}={value}")).succeeded();
}
