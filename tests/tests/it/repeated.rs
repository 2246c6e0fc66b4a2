//! `make verify` and `make reproduce` for runs on folders of pictures, and for manifests that were
//! written before a setting existed.

use crate::programs::{self, Run, program, put, root, text};
use dcgan_artifacts::{FileRecord, Manifest, write_atomic};
use dcgan_figures::{Picture, encode_png};
use dcgan_random::{Purpose, Stream};
use std::path::Path;
use std::process::{Command, Output};

const STAGES: [&str; 4] = ["prepare", "train", "sample", "eval"];

/// `make GOAL` with our programs as they are: nothing is built.
fn make(run: &Path, goal: &str, variables: &[&str]) -> Output {
    let programs = program("train");
    let folder = programs.parent().expect("a folder").display();
    let mut command = programs::make();
    command
        .args([goal, "CARGO=true", "PIPELINE=pipelines/smoke.yaml"])
        .arg(format!("BIN={folder}"))
        .arg(format!("RUN={}", run.display()))
        .args(variables);
    command.output().expect("make starts")
}

#[track_caller]
fn succeed(run: &Path, goal: &str, variables: &[&str]) -> String {
    let output = make(run, goal, variables);
    let said = text(&output.stdout) + &text(&output.stderr);
    assert!(output.status.success(), "make {goal}: {said}");
    said
}

/// Puts `n` different pictures of 20x20 noise into `folder`.
fn put_pictures(folder: &Path, n: usize, seed: u64) {
    std::fs::create_dir_all(folder).expect("a folder of ours");
    let mut noise = Stream::new(seed, Purpose::Synthetic, 0);
    for i in 0..n {
        let pixels = (0..20 * 20 * 3).map(|_| u8::try_from(noise.below(256)).expect("a byte"));
        let picture = Picture::new(20, 20, 3, pixels.collect()).expect("a picture");
        put(
            &folder.join(format!("{i}.png")),
            &encode_png(&picture).expect("a PNG"),
        );
    }
}

/// Runs all stages with the settings `prepare`, in which `{}` is the folder `sources`; then
/// verifies the run and repeats it from its manifests. An added picture must be noticed.
fn made_of_pictures(sources: &Path, prepare: &str, network: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = folder.path().join("run");
    let prepare = prepare.replace("{}", &sources.display().to_string());
    let set = format!(
        "SET=prepare.source=folder prepare.pictures.height=16 prepare.pictures.width=16 \
         prepare.pictures.channels=1 {prepare} train.network={network} train.epochs=1 \
         eval.classifier_epochs=1"
    );
    for goal in STAGES {
        succeed(&run, goal, &[&set]);
    }
    let source = format!("SOURCE={}", sources.display());
    let said = succeed(&run, "verify", &[&source]);
    assert!(said.contains(" files match"), "{said}");
    let said = succeed(&run, "reproduce", &[&source]);
    assert!(said.contains(" hashes are the same, 0 differ"), "{said}");

    put_pictures(&sources.join("train/a/more"), 1, 77);
    let output = make(&run, "reproduce", &[&source]);
    let said = text(&output.stdout);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("prepare reads "), "{said}");
}

/// Pictures for training in `train/a` and `train/b`, and for the test in `test`.
fn sources() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    put_pictures(&folder.path().join("train/a"), 72, 1);
    put_pictures(&folder.path().join("train/b"), 72, 2);
    folder
}

#[test]
fn several_folders_of_pictures_without_labels() {
    let sources = sources();
    put_pictures(&sources.path().join("test"), 64, 3);
    let prepare = "prepare.folder=[{}/train/a,{}/train/b] prepare.test_folder={}/test";
    made_of_pictures(sources.path(), prepare, "unlabelled");
}

#[test]
fn one_folder_of_pictures_with_a_folder_for_each_class() {
    let sources = sources();
    let prepare = "prepare.folder={}/train prepare.pictures.labels=folder prepare.validation=8";
    made_of_pictures(sources.path(), prepare, "labelled");
}

/// The table is among the pictures, and the manifest records only its file name.
#[test]
fn a_pattern_of_pictures_with_a_table_of_labels() {
    let sources = sources();
    let rows = ["a", "b"].map(|class| {
        let row = |i| format!("{class}/{i}.png,class {class}\n");
        (0..72).map(row).collect::<String>()
    });
    let table = sources.path().join("train/labels.csv");
    put(&table, rows.concat().as_bytes());
    let prepare = "prepare.folder={}/train/**/*.png prepare.pictures.labels=csv \
                   prepare.pictures.labels_file={}/train/labels.csv";
    made_of_pictures(sources.path(), prepare, "labelled");
}

/// The manifest can't name the folder `.`, so SOURCE is the folder itself.
#[test]
fn the_working_directory_as_the_folder_of_pictures() {
    let sources = sources();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = Run::new(
        folder.path(),
        &["train.epochs=1", "train.network=unlabelled"],
    );
    let mut prepare = run.command("prepare");
    prepare.current_dir(sources.path());
    for set in [
        "source=folder",
        "folder=.",
        "pictures.height=16",
        "pictures.width=16",
    ] {
        prepare.args(["--set", &format!("prepare.{set}")]);
    }
    assert!(prepare.status().expect("dcgan-prepare starts").success());
    run.stage("train", &[]);
    let source = format!("SOURCE={}", sources.path().display());
    let said = succeed(folder.path(), "reproduce", &[&source]);
    assert!(said.contains(" hashes are the same, 0 differ"), "{said}");
}

/// Settings that the manifests lack have their defaults, whatever the environment says, and files
/// that contain settings count as equal.
#[test]
fn manifests_from_before_a_setting_existed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let set = "SET=train.epochs=1 eval.classifier_epochs=1";
    for (goal, more) in STAGES.map(|goal| (goal, ["CHECKPOINTS=1"])) {
        succeed(folder.path(), goal, &[&[set], &more[..]].concat());
    }
    make_old(folder.path());
    let said = succeed(folder.path(), "verify", &[]);
    assert!(said.contains(" files match"), "{said}");
    let repeat = || {
        let mut command = Command::new("python3");
        command.current_dir(root()).arg("tests/python/reproduce.py");
        command.arg(folder.path()).arg("--bin");
        command.arg(program("train").parent().expect("a folder"));
        let output = command.env("DCGAN_KERNELS", "winograd").output();
        let output = output.expect("python3 starts");
        (output.status.success(), text(&output.stdout))
    };
    let (is_same, said) = repeat();
    assert!(is_same, "{said}");
    for line in [
        "train: made before these settings existed, and repeated with train.flip: false, \
         train.kernels: auto\n",
        "train writes run.json: the same but for those settings\n",
        "sample: made before these settings existed, and repeated with sample.kernels: auto\n",
        "eval: made before these settings existed, and repeated with \
         eval.alarms.oscillation: 0.4, eval.kernels: auto\n",
        "eval writes report.html: the same but for those settings\n",
        " hashes are the same, 0 differ\n",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }

    // Nothing else may differ.
    let other = |text: String| text.replace("\"epochs\": 1,", "\"epochs\":  2,");
    change(folder.path(), "train", "run.json", other);
    let (is_same, said) = repeat();
    assert!(!is_same, "{said}");
    assert!(said.contains("train writes run.json: "), "{said}");
}

/// Rewrites a run as if made by a program without `train.flip`, `eval.alarms.oscillation` and
/// `kernels`.
fn make_old(run: &Path) {
    let kernels = "<div><dt>kernels</dt><dd>auto</dd></div>";
    let flip = "<div><dt>flip</dt><dd>false</dd></div>";
    let oscillation = "<div><dt>alarms.oscillation</dt><dd>0.4</dd></div>";
    let now = FileRecord::of_file(&run.join("train"), "run.json").expect("a file");
    change(run, "train", "run.json", |text| {
        let mut tree: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        forget(&mut tree["train"], &["flip", "kernels"]);
        format!("{tree:#}\n")
    });
    let old = FileRecord::of_file(&run.join("train"), "run.json").expect("a file");
    assert_ne!(now, old);
    change(run, "eval", "report.html", |text| {
        assert_eq!(text.matches(kernels).count(), 2);
        let text = text
            .replace(kernels, "")
            .replace(flip, "")
            .replace(oscillation, "");
        text.replace(&now.sha256, &old.sha256)
    });
    manifest(run, "train", |manifest| {
        forget(&mut manifest.settings["train"], &["flip", "kernels"]);
    });
    manifest(run, "sample", |manifest| {
        forget(&mut manifest.settings["sample"], &["kernels"]);
    });
    manifest(run, "eval", |manifest| {
        forget(&mut manifest.settings["eval"], &["kernels"]);
        forget(&mut manifest.settings["eval"]["alarms"], &["oscillation"]);
        let settings = manifest
            .inputs
            .iter_mut()
            .find(|input| input.name == "run.json");
        settings
            .expect("the settings of the training")
            .clone_from(&old);
        // The hash in this name covers the settings too.
        let is_row = |output: &&mut FileRecord| output.name.starts_with("checkpoints/");
        for row in manifest.outputs.iter_mut().filter(is_row) {
            let (step, _) = row.name.rsplit_once('-').expect("a step and a hash");
            let name = format!("{step}-0123456789ab.json");
            let bytes = std::fs::read(run.join("eval").join(&row.name)).expect("a file");
            put(&run.join("eval").join(&name), &bytes);
            row.name = name;
        }
    });
}

fn forget(settings: &mut serde_json::Value, keys: &[&str]) {
    for key in keys {
        let removed = settings.as_object_mut().expect("settings").remove(*key);
        assert!(removed.is_some(), "`{key}`");
    }
}

/// Changes the manifest of a stage.
fn manifest(run: &Path, stage: &str, edit: impl FnOnce(&mut Manifest)) {
    let folder = run.join(stage);
    let mut manifest = Manifest::read(&folder)
        .expect("sound")
        .expect("a finished stage");
    edit(&mut manifest);
    manifest.write(&folder).expect("a manifest can be written");
}

/// Changes an output of a stage, with its record in the manifest.
fn change(run: &Path, stage: &str, name: &str, edit: impl FnOnce(String) -> String) {
    let folder = run.join(stage);
    let text = std::fs::read_to_string(folder.join(name)).expect("a text");
    write_atomic(&folder.join(name), edit(text).as_bytes()).expect("a file of ours");
    let record = FileRecord::of_file(&folder, name).expect("a file");
    manifest(run, stage, |manifest| {
        let old = manifest
            .outputs
            .iter_mut()
            .find(|output| output.name == name);
        old.expect("an output").clone_from(&record);
    });
}
