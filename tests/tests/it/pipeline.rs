//! The smoke pipeline as a whole: same bytes, resume, second run, replaced stages.

use crate::programs::{self, Run, assert_same_files, files, program, put, root, text};
use dcgan_artifacts::{BestScore, Checkpoint, Manifest, Samples, checkpoint_path};
use dcgan_checkpoints::{ClassChoice, LoadedGenerator};
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
        // Timing files too: nothing may be written except the lock's text.
        let everything = || {
            let mut found = files(&folder.path().join(stage));
            found.remove(".lock");
            found
        };
        let before = everything();
        let second = run.stage(stage, &[]);
        assert_same_files(&before, &everything(), stage);
        let said = second.stdout;
        assert_ne!(
            first.stdout, said,
            "dcgan-{stage} speaks of fresh work twice"
        );
        assert!(said.contains("up to date"), "dcgan-{stage} says: {said}");
    }
}

/// Stops training with SIGINT when `metrics.csv` has a number of rows, and continues it, several
/// times.
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

/// `make` with the stages replaced by given commands: nothing is built.
fn make(run_folder: &Path, goal: &str, replaced: &[(&str, String)]) -> std::process::Output {
    make_with(run_folder, goal, replaced, &[])
}

/// The same with more of its variables set.
fn make_with(
    run_folder: &Path,
    goal: &str,
    replaced: &[(&str, String)],
    variables: &[&str],
) -> std::process::Output {
    let mut command = programs::make();
    command
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
    command.args(variables).output().expect("make starts")
}

/// A trainer in another language, written from the format's description: it reads our dataset and
/// writes a checkpoint and `metrics.csv`, which our `dcgan-eval` accepts.
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

/// The checkpoint that `make` uses: by default the last, or CHECKPOINT; and its averaged generator
/// if the settings say so.
#[test]
fn make_finds_the_checkpoint_and_the_generator_that_are_asked_for() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = folder.path().join("a best run");
    let set = "SET=train.ema=0.9 sample.ema=true eval.ema=true eval.classifier_epochs=1";
    let go = |goal: &str, more: &[&str]| {
        let output = make_with(&run, goal, &[], &[&[set], more].concat());
        (output.status.success(), text(&output.stderr))
    };
    for goal in ["prepare", "train"] {
        let (is_done, said) = go(goal, &[]);
        assert!(is_done, "make {goal}: {said}");
    }
    let last = checkpoint_path(&run.join("train/checkpoints"), 32);
    let earlier = checkpoint_path(&run.join("train/checkpoints"), 24);
    let is_checkpoint = |name: &str| name.starts_with("step-") && name.ends_with(".safetensors");
    let input = |stage: &str| {
        let manifest = Manifest::read(&run.join(stage)).expect("a sound manifest");
        let inputs = manifest.expect("a finished stage").inputs;
        let checkpoint = inputs.iter().find(|input| is_checkpoint(&input.name));
        checkpoint.expect("a checkpoint").name.clone()
    };
    let name = |path: &Path| text(path.file_name().expect("a name").as_encoded_bytes());
    for goal in ["sample", "eval"] {
        let (is_done, said) = go(goal, &["CHECKPOINT=best"]);
        assert!(
            !is_done,
            "make {goal} finds a best checkpoint where there is none"
        );
        assert!(said.contains("records no best one"), "make {goal}: {said}");
    }
    let mut told = Checkpoint::read(&last).expect("a checkpoint");
    told.info.best = Some(BestScore {
        metric: "ema_frechet_distance".into(),
        value: 1.0,
        step: 24,
    });
    told.write(&last).expect("a checkpoint");
    let given = format!("CHECKPOINT={}", last.display());
    for (stage, key) in [("sample", "sample.best=true"), ("eval", "eval.best=true")] {
        let by_pipeline = format!("{set} {key}");
        for (more, expected) in [
            (&[][..], &last),
            (&["CHECKPOINT=best"], &earlier),
            (&[by_pipeline.as_str()], &earlier),
            (&[by_pipeline.as_str(), given.as_str()], &last),
        ] {
            let (is_done, said) = go(stage, more);
            assert!(is_done, "make {stage} {more:?}: {said}");
            assert_eq!(input(stage), name(expected), "make {stage} {more:?}");
        }
    }
    // The averaged generator, not the plain one.
    let drawn = Samples::read(&run.join("sample/samples.safetensors")).expect("samples");
    let images = |averaged| {
        let generator = LoadedGenerator::load_either(&last, averaged).expect("a generator");
        let classes = ClassChoice::Cycle((0..10).collect());
        generator.images(0, 0, drawn.n, &classes).expect("images")
    };
    assert!(drawn.images == images(true) && drawn.images != images(false));

    // A run without checkpoints still draws, with its generator file.
    std::fs::remove_dir_all(run.join("train/checkpoints")).expect("a folder");
    let (is_done, said) = go("sample", &["SET=sample.ema=false"]);
    assert!(is_done, "make sample without a checkpoint: {said}");
    let manifest = Manifest::read(&run.join("sample")).expect("a sound manifest");
    let inputs = manifest.expect("a finished stage").inputs;
    let names: Vec<&str> = inputs.iter().map(|input| input.name.as_str()).collect();
    assert_eq!(names, ["generator.safetensors"]);
}

#[test]
fn make_compares_the_runs_that_are_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [first, second] = ["0", "1"].map(|seed| {
        let seed_of_training = format!("train.seed={seed}");
        let run = Run::new(&folder.path().join(seed), &[&seed_of_training]);
        for stage in ["prepare", "train", "eval"] {
            run.stage(stage, &[]);
        }
        run.folder.display().to_string()
    });
    let bin = program("eval");
    let bin = bin.parent().expect("a folder").display();
    let out = folder.path().join("out");
    let compare = |runs: String| {
        // Nothing must be built.
        let variables = [
            "CARGO=true".to_owned(),
            format!("BIN={bin}"),
            format!("OUT={}", out.display()),
            runs,
        ];
        let variables = variables.each_ref().map(String::as_str);
        make_with(folder.path(), "compare", &[], &variables)
    };
    let unnamed = compare("RUNS=".into());
    let said = text(&unnamed.stderr);
    assert!(!unnamed.status.success() && said.contains("RUNS is not set"));
    let output = compare(format!("RUNS={first} {second}"));
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("A: 0 + 1 (seeds: 0 1)"));
    let made = files(&out);
    assert!(made.contains_key("compare.html") && made.contains_key("compare.csv"));
}

/// With scores and the best checkpoint, as passed by `make`: the hashes match, and repeating the
/// run from its manifests gives the same bytes, also if all checkpoints are measured and another
/// one is evaluated.
#[test]
fn a_scored_run_is_verified_and_repeated() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let set = "SET=prepare.synthetic.classes=0 prepare.validation=64 train.network=unlabelled train.ema=0.9 \
               train.score_every=8 train.best=ema_frechet_distance train.keep_checkpoints=0 train.epochs=1";
    let best = "CHECKPOINT=best";
    for (goal, more) in [
        ("prepare", &[set][..]),
        ("train", &[set]),
        ("sample", &[set, best]),
        ("eval", &[set, best]),
    ] {
        let output = make_with(folder.path(), goal, &[], more);
        assert!(
            output.status.success(),
            "make {goal}: {}",
            text(&output.stderr)
        );
    }
    let chart = std::fs::read_to_string(folder.path().join("eval/scores.svg"));
    assert!(chart.expect("a chart").contains("best checkpoint: step "));
    // `make` passes the training's other files for the report.
    let chart = std::fs::read_to_string(folder.path().join("eval/probabilities-over-time.svg"));
    assert!(chart.expect("a chart").contains("D(x) and D(G(z))"));
    let report = std::fs::read_to_string(folder.path().join("eval/report.html"));
    let setting = "<dt>score_every</dt><dd>8</dd>";
    assert!(report.expect("a report").contains(setting));
    holds(folder.path());
    let first = checkpoint_path(&folder.path().join("train/checkpoints"), 8);
    let given = format!("CHECKPOINT={}", first.display());
    let output = make_with(folder.path(), "eval", &[], &[set, &given, "CHECKPOINTS=1"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    holds(folder.path());
}

/// Checks that a run's hashes match, and that repeating it from its manifests gives the same bytes.
fn holds(run: &Path) {
    let mut verify = Command::new(program("eval"));
    let _ = dcgan_testkit::run(verify.arg("verify").arg(run)).succeeded();
    let mut reproduce = Command::new("python3");
    reproduce
        .current_dir(root())
        .arg("tests/python/reproduce.py")
        .arg(run)
        .arg("--bin")
        .arg(program("train").parent().expect("a folder"));
    let output = reproduce.output().expect("python3 starts");
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}{}", text(&output.stderr));
    assert!(said.contains(" hashes are the same, 0 differ"), "{said}");
}

/// A single checkpoint next to samples is either their discriminator or one to measure in addition:
/// neither evaluation is mistaken for the other, and a repetition knows which it was.
#[test]
fn samples_beside_one_checkpoint_are_repeated_as_they_were_measured() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let settings = [
        "train.epochs=1",
        "train.keep_checkpoints=1",
        "eval.classifier_epochs=1",
        "sample.n=128",
    ];
    let run = Run::new(folder.path(), &settings);
    for stage in &STAGES[..3] {
        run.stage(stage, &[]);
    }
    let samples = folder.path().join("sample/samples.safetensors");
    let checkpoint = run.last_checkpoint();
    let checkpoints = folder.path().join("train/checkpoints");
    for (option, path, is_judge) in [
        ("--checkpoint", &checkpoint, true),
        ("--checkpoints", &checkpoints, false),
    ] {
        let mut command = Command::new(program("eval"));
        command.current_dir(root());
        command.args(["--quiet", "--pipeline", "pipelines/smoke.yaml", "--dataset"]);
        command.arg(folder.path().join("prepare/dataset.safetensors"));
        command.arg("--samples").arg(&samples).arg(option).arg(path);
        command.args(["--set", "eval.classifier_epochs=1", "--out"]);
        let _ = dcgan_testkit::run(command.arg(folder.path().join("eval"))).succeeded();
        let judged = folder.path().join("eval/discriminator.json");
        assert_eq!(judged.exists(), is_judge, "{option}");
        holds(folder.path());
    }
}

/// A preparer in another language for our trainer, with verified hash.
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

/// A finished run is repeated from its manifests on one thread instead of several; a hash that
/// differs is named.
#[test]
fn a_finished_run_is_repeated_from_its_manifests() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = Run::new(folder.path(), &[]);
    for stage in STAGES {
        run.stage(stage, &[]);
    }
    let reproduce = || {
        let mut command = Command::new("python3");
        command
            .current_dir(root())
            .arg("tests/python/reproduce.py")
            .arg(&run.folder)
            .arg("--bin")
            .arg(program("train").parent().expect("a folder"))
            .args(["--threads", "1"]);
        let output = command.output().expect("python3 starts");
        (output.status.code(), text(&output.stdout))
    };
    let (code, said) = reproduce();
    assert_eq!(code, Some(0), "{said}");
    let same = said.strip_suffix(" hashes are the same, 0 differ\n");
    let same: usize = same.and_then(|n| n.parse().ok()).expect("a count");
    assert!(same > 30, "{said}");

    // As if another program had trained: its manifest has the hash of its output.
    let train = run.folder.join("train");
    let manifest = Manifest::read(&train).expect("a sound manifest");
    let mut manifest = manifest.expect("a finished stage");
    manifest.outputs[0].sha256 = "0".repeat(64);
    let name = &manifest.outputs[0].name;
    manifest.write(&train).expect("a manifest can be written");
    let (code, said) = reproduce();
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains(&format!("train writes {name}: 0000")),
        "{said}"
    );
    assert!(said.ends_with(" hashes are the same, 1 differ\n"), "{said}");
}

/// Every file of a run is checked, whichever program made it, and a changed one is named.
#[test]
fn a_run_is_verified_from_its_figures_to_its_dataset() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = Run::new(&folder.path().join("run"), &[]);
    run.stage("prepare", &[]);
    let own = folder.path().join("own");
    let mut command = Command::new(program("eval"));
    command
        .arg("classifier")
        .arg("--quiet")
        .args(["--set", "eval.classifier_epochs=1", "--dataset"])
        .arg(run.folder.join("prepare/dataset.safetensors"))
        .arg("--out")
        .arg(&own);
    let _ = dcgan_testkit::run(&mut command).succeeded();
    // Its name differs from that of a classifier trained by the run.
    let classifier = own.join("mine.safetensors");
    std::fs::copy(own.join("classifier.safetensors"), &classifier).expect("a copy");
    let given = classifier.to_str().expect("a path in UTF-8");
    for stage in &STAGES[1..] {
        let given = ["--classifier", given];
        run.stage(stage, if *stage == "eval" { &given } else { &[] });
    }

    let verify = || {
        let mut command = Command::new(program("eval"));
        command.arg("verify").arg(&run.folder);
        command.arg("--classifier").arg(&classifier);
        dcgan_testkit::run(&mut command)
    };
    let said = verify().succeeded().stdout;
    assert!(said.contains(" files match"), "{said}");
    for line in [
        "eval     dataset.safetensors: input, the file of the run",
        "eval     mine.safetensors: source, unchanged",
    ] {
        assert!(said.contains(line), "{said}");
    }

    let broken = |name: &str| {
        let outcome = verify();
        let said = &outcome.stderr;
        assert_eq!(outcome.code, 3, "`{name}`: {said}");
        assert!(said.contains(name), "`{name}` is not named: {said}");
    };
    let mut links = files(&run.folder);
    // Timing files and locks are not checked.
    links.retain(|name, _| {
        !["timing.csv", "events.csv", ".lock"].contains(&name.rsplit('/').next().unwrap_or(name))
    });
    assert!(links.len() > 30, "{:?}", links.keys());
    let inside = links
        .into_iter()
        .map(|(name, bytes)| (run.folder.join(name), bytes));
    let outside = std::fs::read(&classifier).expect("a classifier");
    for (path, sound) in inside.chain([(classifier.clone(), outside)]) {
        let mut damaged = sound.clone();
        damaged[sound.len() / 2] ^= 1;
        put(&path, &damaged);
        let name = path.file_name().expect("a file").to_string_lossy();
        broken(&name);
        put(&path, &sound);
    }
    let _ = verify().succeeded();

    std::fs::remove_dir_all(run.folder.join("prepare")).expect("a stage");
    broken("dataset.safetensors");
}
