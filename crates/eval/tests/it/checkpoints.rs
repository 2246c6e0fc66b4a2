//! Several checkpoints: a row each, kept from one evaluation to the next.

use crate::fixture::{Fixture, SIDE};
use dcgan_artifacts::checkpoint_path;

const ARGS: [&str; 8] = [
    "--dataset",
    "d",
    "--checkpoints",
    "run",
    "--set",
    "eval.n=96",
    "--out",
    "out",
];

/// A dataset, and the folder `run` with a checkpoint of each of these steps, all different.
fn with_run(steps: &[u64]) -> Fixture {
    let fixture = Fixture::new();
    fixture.dataset("d", SIDE, 3, [90, 70]);
    std::fs::create_dir(fixture.path("run")).unwrap();
    for &step in steps {
        fixture.checkpoint_of("run", SIDE, 3, step);
    }
    fixture
}

/// Header and rows of `checkpoints.csv`.
fn table(fixture: &Fixture) -> (Vec<String>, Vec<Vec<String>>) {
    let text = std::fs::read_to_string(fixture.path("out/checkpoints.csv")).unwrap();
    let mut lines = text
        .lines()
        .map(|line| line.split(',').map(str::to_owned).collect());
    (lines.next().unwrap(), lines.collect())
}

/// The names of the kept rows.
fn kept(fixture: &Fixture) -> Vec<String> {
    let entries = std::fs::read_dir(fixture.path("out/checkpoints")).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn the_best_checkpoint_is_found_by_the_one_that_tells_of_it() {
    let fixture = with_run(&[3, 9, 11]);
    let last = "run/step-00000011.safetensors";
    let args = |best: &'static str| {
        let given = ["--dataset", "d", "--checkpoint", last, "--set", best];
        [&given[..], &ARGS[4..]].concat()
    };
    let evaluated = || fixture.json("out/metrics.json")["step"].clone();
    insta::assert_snapshot!(fixture.fail(&args("eval.best=true")), @r"
    exit code 3
    error: checkpoint `run/step-00000011.safetensors` records no best one
    hint: train with `train.best` and `train.score_every`, as pipelines/mnist-best.yaml does; or take the checkpoint itself, by `best: false`
    ");
    fixture.tell_best(last, "frechet_distance", 1.0, 3);
    fixture.succeed(&args("eval.best=true"));
    assert_eq!(evaluated(), 3);
    let inputs = fixture.json("out/manifest.json")["inputs"].to_string();
    assert!(inputs.contains("step-00000003") && !inputs.contains("step-00000011"));
    let page = std::fs::read_to_string(fixture.path("out/report.html")).unwrap();
    assert!(page.contains("of step 3, the best checkpoint, against"));
    fixture.succeed(&args("eval.best=false"));
    assert_eq!(evaluated(), 11);
    // `eval.best` does not change which samples are evaluated.
    fixture.samples("s", SIDE, 3, 64);
    let samples = [
        "--dataset",
        "d",
        "--samples",
        "s",
        "--set",
        "eval.best=true",
    ];
    fixture.succeed(&[&samples[..], &ARGS[6..]].concat());
    std::fs::remove_file(fixture.path("run/step-00000003.safetensors")).unwrap();
    let outcome = fixture.run(&args("eval.best=true"));
    assert_eq!(outcome.code, 3);
    assert!(
        outcome
            .stderr
            .contains("step-00000003.safetensors` does not exist"),
        "{}",
        outcome.stderr
    );
}

/// An evaluation depends on which of the listed checkpoints is evaluated, but the rows don't.
#[test]
fn another_of_the_listed_checkpoints_is_another_evaluation() {
    let fixture = with_run(&[3, 9]);
    fixture.tell_best("run/step-00000009.safetensors", "frechet_distance", 1.0, 3);
    fixture.succeed(&ARGS);
    assert_eq!(fixture.json("out/metrics.json")["step"], 9);
    let (rows, files) = (table(&fixture), kept(&fixture));
    let given = ["--checkpoint", "run/step-00000003.safetensors"];
    let best = ["--set", "eval.best=true"];
    for more in [given, best] {
        fixture.succeed(&[&ARGS[..], &more].concat());
        assert_eq!(fixture.json("out/metrics.json")["step"], 3);
        assert_eq!(
            (table(&fixture), kept(&fixture)),
            (rows.clone(), files.clone())
        );
        let stdout = fixture.succeed(&[&ARGS[..], &more].concat());
        assert!(stdout.contains("up to date"), "{stdout}");
        fixture.succeed(&ARGS);
        assert_eq!(fixture.json("out/metrics.json")["step"], 9);
    }
}

#[test]
fn each_checkpoint_has_a_line_with_the_figures_of_its_own_evaluation() {
    let fixture = with_run(&[3, 11]);
    fixture.succeed(&ARGS);
    let (header, rows) = table(&fixture);
    let steps: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(steps, ["3", "11"]);
    // The newest is evaluated.
    assert_eq!(fixture.json("out/metrics.json")["step"], 11);
    for (row, file) in rows.iter().zip(["step-00000003", "step-00000011"]) {
        let checkpoint = format!("run/{file}.safetensors");
        let args = [
            "--dataset",
            "d",
            "--checkpoint",
            &checkpoint,
            "--set",
            "eval.n=96",
        ];
        fixture.succeed(&[&args[..], &["--out", file]].concat());
        let metrics = fixture.json(&format!("{file}/metrics.json"));
        let judged = fixture.json(&format!("{file}/discriminator.json"));
        for (name, value) in header.iter().zip(row) {
            let expected = match name.as_str() {
                "recall" => &metrics["quality"]["recall"]["value"],
                "memorised" => &metrics["pixels"]["memorised"]["value"],
                "duplicates" => &metrics["pixels"]["duplicates"],
                "train_accuracy" => &judged["parts"]["train"]["all"]["accuracy"],
                "generated_logit_quantile_0.5" => {
                    &judged["parts"]["generated"]["all"]["logit"]["quantiles"]["0.5"]
                }
                "test_roc_auc" => &judged["roc_auc"]["test_vs_generated"]["all"],
                _ => continue,
            };
            let value: f64 = value.parse().unwrap();
            assert_eq!(Some(value), expected.as_f64(), "{name}");
        }
        let wanted = ["recall", "memorised", "train_accuracy", "test_roc_auc"];
        assert!(
            wanted
                .iter()
                .all(|name| header.iter().any(|found| found == name))
        );
    }
    assert_ne!(rows[0][2..], rows[1][2..]);
    let chart = std::fs::read_to_string(fixture.path("out/discriminator-over-time.svg")).unwrap();
    for text in ["train", "test", "generated", ">3<", ">11<", "<polyline"] {
        assert!(chart.contains(text), "{text}");
    }
    let report = std::fs::read_to_string(fixture.path("out/report.html")).unwrap();
    assert!(report.contains("Logits by checkpoint"));
}

#[test]
fn what_was_measured_is_not_measured_again() {
    let fixture = with_run(&[3, 11]);
    fixture.succeed(&ARGS);
    let names = kept(&fixture);
    assert_eq!(names.len(), 2);
    // An impossible figure shows that the row is read from its file.
    let path = fixture.path("out/checkpoints").join(&names[0]);
    let genuine = std::fs::read(&path).unwrap();
    let mut file: serde_json::Value = serde_json::from_slice(&genuine).unwrap();
    file["row"]["metrics"]["pixels"]["duplicates"] = 77.into();
    let sha256 = dcgan_artifacts::sha256_bytes(file["row"].to_string().as_bytes());
    file["sha256"] = sha256.into();
    dcgan_artifacts::write_atomic(&path, file.to_string().as_bytes()).unwrap();
    fixture.checkpoint_of("run", SIDE, 3, 12);
    fixture.succeed(&ARGS);
    let (header, rows) = table(&fixture);
    let column = header.iter().position(|name| name == "duplicates").unwrap();
    let found: Vec<&str> = rows.iter().map(|row| row[column].as_str()).collect();
    assert_eq!(found[0], "77");
    assert_eq!(rows.len(), 3);

    // A damaged row is measured again.
    let mut damaged = genuine.clone();
    let place = damaged.iter().position(|&byte| byte == b'7').unwrap();
    damaged[place] = b'8';
    // The same for JSON that is not a row.
    for damaged in [damaged.as_slice(), b"[]", b"{}", b"7", b""] {
        dcgan_artifacts::write_atomic(&path, damaged).unwrap();
        fixture.succeed(&[&ARGS[..], &["--force"]].concat());
        assert_eq!(std::fs::read(&path).unwrap(), genuine);
    }

    // Rows of other settings and of deleted checkpoints are removed.
    std::fs::remove_file(checkpoint_path(&fixture.path("run"), 3)).unwrap();
    fixture.succeed(&[&ARGS[..], &["--set", "eval.seed=1"]].concat());
    let others = kept(&fixture);
    assert_eq!(others.len(), 2);
    assert!(others.iter().all(|name| !names.contains(name)));
}

#[test]
fn an_evaluation_that_was_stopped_goes_on_where_it_was() {
    let fixture = with_run(&[3, 11]);
    fixture.succeed(&ARGS);
    let (files, rows) = (fixture.files("out"), table(&fixture));
    // As if killed after the first row: no manifest, no table.
    let names = kept(&fixture);
    for name in files.keys() {
        std::fs::remove_file(fixture.path("out").join(name)).unwrap();
    }
    std::fs::remove_file(fixture.path("out/checkpoints").join(&names[1])).unwrap();
    fixture.succeed(&ARGS);
    assert_eq!((fixture.files("out"), table(&fixture)), (files, rows));
    assert_eq!(kept(&fixture), names);
}

#[test]
fn a_folder_without_checkpoints_is_named() {
    let fixture = with_run(&[]);
    insta::assert_snapshot!(fixture.fail(&ARGS), @r"
    exit code 3
    error: `run` has no checkpoints, expected files `step-NNNNNNNN.safetensors`
    hint: give the folder `train/checkpoints` of a run; `make train` makes checkpoints
    ");
    std::fs::remove_dir(fixture.path("run")).unwrap();
    insta::assert_snapshot!(fixture.fail(&ARGS), @r"
    exit code 3
    error: `run` does not exist, expected files `step-NNNNNNNN.safetensors`
    hint: give the folder `train/checkpoints` of a run; `make train` makes checkpoints
    ");
}
