//! Errors: exit code, message and hint.

use crate::program::{Place, assert_same, report, text};
use dcgan_artifacts::{RunFile, RunLock, checkpoint_path, read_checkpoint_info};
use dcgan_testkit::{Missing, untested};
use serde_json::{Value, json};
use std::fs;

#[test]
fn another_run_in_the_folder_is_named_key_by_key() {
    let place = Place::new();
    place.train("run", &["train.epochs=2"]);
    let before = place.files("run");
    let other = [
        "train.epochs=1",
        "train.seed=7",
        "train.learning_rate=0.001",
    ];
    insta::assert_snapshot!(place.fail("run", &other, &[]), @"
    exit code 2
    error: `run` holds another run: `train.epochs` was `2`, is `1`, `train.learning_rate` was `0.0002`, is `0.001`, `train.seed` was `0`, is `7`
    hint: choose another `--out`, go back to the old settings, or use `--force` to move the old run aside and start over
    ");
    assert_same(&before, &place.files("run"));
}

#[test]
fn another_precision_is_another_run() {
    let place = Place::new();
    place.train("run", &["train.epochs=1"]);
    let report = place.fail("run", &["train.epochs=1", "train.precision=bf16"], &[]);
    insta::assert_snapshot!(report, @"
    exit code 2
    error: `run` holds another run: `train.precision` was `f32`, is `bf16`
    hint: choose another `--out`, go back to the old settings, or use `--force` to move the old run aside and start over
    ");
}

/// The kernels recorded in `run.json` and the manifest of a run.
fn recorded_kernels(place: &Place, out: &str) -> [serde_json::Value; 2] {
    let run = fs::read(place.path(out).join("run.json")).unwrap();
    let run: serde_json::Value = serde_json::from_slice(&run).unwrap();
    let manifest = dcgan_artifacts::Manifest::read(&place.path(out)).unwrap();
    let settings = manifest.unwrap().settings;
    [run, settings].map(|settings| settings["train"]["kernels"].clone())
}

#[test]
fn other_kernels_are_another_run() {
    let place = Place::new();
    place.train("run", &["train.epochs=1"]);
    assert_eq!(recorded_kernels(&place, "run"), ["auto", "auto"]);
    let refusal = place.fail("run", &["train.epochs=2", "train.kernels=direct"], &[]);
    insta::assert_snapshot!(refusal, @"
    exit code 2
    error: `run` holds another run: `train.kernels` was `auto`, is `direct`
    hint: choose another `--out`, go back to the old settings, or use `--force` to move the old run aside and start over
    ");
    let mut told = place.command("run", &["train.epochs=1"]);
    assert_eq!(report(told.env("DCGAN_KERNELS", "direct")), refusal);
}

#[test]
fn kernels_that_are_not_known_are_refused_by_name() {
    let place = Place::new();
    insta::assert_snapshot!(place.fail("run", &["train.kernels=fast"], &[]), @"
    exit code 2
    error: `train.kernels` in `--set train.kernels=fast`: expected one of `auto`, `gemm`, `direct`, `winograd`, `baseline`, `portable`, found `fast`
    hint: every key is explained in `pipelines/mnist.yaml`
    ");
    let mut told = place.command("run", &[]);
    insta::assert_snapshot!(report(told.env("DCGAN_KERNELS", "Gemm")), @"
    exit code 2
    error: environment variable `DCGAN_KERNELS`: expected one of `auto`, `gemm`, `direct`, `winograd`, `baseline`, `portable`, found `Gemm`
    hint: did you mean `gemm`?
    ");
    assert!(!place.path("run").exists());
}

/// The last bits of these two forms differ on every processor.
#[test]
fn a_run_is_computed_with_the_kernels_that_it_says() {
    let place = Place::new();
    place.train("direct", &["train.epochs=1", "train.kernels=direct"]);
    let mut told = place.command("told", &["train.epochs=1", "train.kernels=gemm"]);
    let output = told.env("DCGAN_KERNELS", "direct").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_same(&place.files("direct"), &place.files("told"));
    place.train("winograd", &["train.epochs=1", "train.kernels=winograd"]);
    for name in ["direct", "winograd"] {
        assert_eq!(recorded_kernels(&place, name), [name, name]);
    }
    let weights = |out: &str| fs::read(place.path(out).join("generator.safetensors")).unwrap();
    assert_ne!(weights("direct"), weights("winograd"));
}

/// Plain candle operations are the same arithmetic, several times as slow.
#[test]
fn portable_kernels_agree_with_the_fused_ones() {
    let place = Place::new();
    place.train("fused", &["train.epochs=1"]);
    let mut told = place.command("portable", &["train.epochs=1"]);
    let output = told.env("DCGAN_KERNELS", "portable").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        recorded_kernels(&place, "portable"),
        ["portable", "portable"]
    );
    // In two runs, with another number of threads.
    let settings = ["train.epochs=1", "train.kernels=portable"];
    place.train("goes", &settings);
    let goes = ["train.epochs=2", "train.kernels=portable"];
    place.train("goes", &goes);
    let mut whole = place.command("whole", &goes);
    let output = whole.args(["--threads", "3"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_same(&place.files("goes"), &place.files("whole"));

    let rows = |out: &str| {
        let text = fs::read_to_string(place.path(out).join("metrics.csv")).unwrap();
        let row = |line: &str| -> Vec<f64> {
            line.split(',').map(|cell| cell.parse().unwrap()).collect()
        };
        text.lines().skip(1).map(row).collect::<Vec<_>>()
    };
    let (fused, portable) = (rows("fused"), rows("portable"));
    assert_ne!(fused, portable, "the same kernels");
    assert_eq!(fused.len(), portable.len());
    for (fused, portable) in fused.iter().flatten().zip(portable.iter().flatten()) {
        let apart = (fused - portable).abs();
        assert!(apart <= 1e-3 * fused.abs().max(1.0), "{fused} {portable}");
    }
}

#[test]
fn portable_kernels_have_no_bfloat16() {
    let place = Place::new();
    let settings = ["train.precision=bf16", "train.kernels=portable"];
    insta::assert_snapshot!(place.fail("run", &settings, &["--dry-run"]), @"
    exit code 2
    error: `train.precision`: expected `f32` with `train.kernels: portable`, got `bf16`
    hint: set `train.precision: f32`, or other kernels, in the settings or by `DCGAN_KERNELS`
    ");
    insta::assert_snapshot!(place.fail("run", &settings, &[]), @"
    exit code 2
    error: `train.precision`: expected `f32` with `train.kernels: portable`, got `bf16`
    hint: set `train.precision: f32`, or other kernels, in the settings or by `DCGAN_KERNELS`
    ");
    assert!(!place.path("run").exists());
}

#[test]
fn bfloat16_without_its_instructions() {
    let place = Place::new();
    let settings = ["train.epochs=1", "train.precision=bf16"];
    let baseline = [&settings[..], &["train.kernels=baseline"]].concat();
    let mut without = place.command("run", &baseline);
    let expected =
        "`train.precision`: expected `f32` on a processor without AVX512_BF16, got `bf16`";
    let refusal = report(&mut without);
    assert!(
        refusal.starts_with(&format!("exit code 2\nerror: {expected}; this one has ")),
        "{refusal}"
    );
    assert!(
        refusal.contains("\nhint: set `train.precision: f32`, or "),
        "{refusal}"
    );
    assert!(!place.path("run").exists());

    if dcgan::Precision::Bf16
        .missing(dcgan::Kernels::Auto)
        .is_some()
    {
        untested(
            "a finished run in bfloat16",
            Missing::Instructions("AVX512_BF16"),
        );
        return;
    }
    // A finished run needs no such instructions; this one claims to be made without them.
    place.train("run", &settings);
    let path = place.path("run/run.json");
    let run = fs::read_to_string(&path).unwrap();
    let run = run.replace(r#""kernels": "auto""#, r#""kernels": "baseline""#);
    dcgan_artifacts::write_atomic(&path, run.as_bytes()).unwrap();
    let mut manifest = dcgan_artifacts::Manifest::read(&place.path("run"))
        .unwrap()
        .unwrap();
    let record = dcgan_artifacts::FileRecord::of_file(&place.path("run"), "run.json").unwrap();
    manifest.outputs.retain(|output| output.name != record.name);
    manifest.outputs.push(record);
    manifest.write(&place.path("run")).unwrap();
    let output = without.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(text(&output.stdout).starts_with("nothing to do"));
}

#[test]
fn another_dataset_is_another_run() {
    let place = Place::new();
    place.train("run", &["train.epochs=1"]);
    place.write_dataset("other.safetensors", [8, 8, 1], 27, 3);
    let report = report(&mut place.command_on("other.safetensors", "run", &["train.epochs=1"]));
    assert!(
        report.starts_with("exit code 2\nerror: `run` holds another run: `dataset.sha256` was")
    );
}

#[test]
fn an_unfinished_run_is_guarded_before_its_first_checkpoint() {
    let place = Place::new();
    fs::create_dir(place.path("run")).unwrap();
    place.train("begun", &["train.epochs=1"]);
    fs::copy(place.path("begun/run.json"), place.path("run/run.json")).unwrap();
    let report = place.fail("run", &["train.epochs=1", "train.seed=3"], &[]);
    assert!(report.contains("`train.seed` was `0`, is `3`"), "{report}");
}

#[test]
fn force_moves_the_old_run_aside() {
    let place = Place::new();
    place.train("run", &["train.epochs=1"]);
    let old = place.files("run");
    let force = |seed: &str| {
        let mut command = place.command("run", &["train.epochs=1", seed]);
        assert!(command.arg("--force").status().unwrap().success());
    };
    force("train.seed=1");
    assert_same(&old, &place.files("run.old-1"));
    let new = place.files("run");
    assert_ne!(old["metrics.csv"], new["metrics.csv"]);
    force("train.seed=0");
    assert_same(&new, &place.files("run.old-2"));
    assert_same(&old, &place.files("run"));
}

/// After the move, `.` would be the old run.
#[test]
fn force_does_not_move_the_folder_that_it_was_started_in() {
    let place = Place::new();
    place.train("run", &["train.epochs=1"]);
    let before = place.files("run");
    let mut command = place.command_on("../dataset.safetensors", ".", &["train.epochs=1"]);
    command.current_dir(place.path("run"));
    let said = report(command.args(["--force", "--set", "train.seed=1"]));
    assert!(said.starts_with("exit code 5\n"), "{said}");
    assert!(said.contains("the program was started in it"), "{said}");
    assert_same(&before, &place.files("run"));
}

#[test]
fn force_goes_on_with_an_unfinished_run() {
    let place = Place::new();
    place.train("run", &["train.epochs=2"]);
    let expected = place.files("run");
    fs::remove_file(place.path("run/manifest.json")).unwrap();
    let mut command = place.command("run", &["train.epochs=2"]);
    assert!(command.arg("--force").status().unwrap().success());
    assert!(!place.path("run.old-1").exists());
    assert_same(&expected, &place.files("run"));
}

#[test]
fn a_folder_with_other_things_is_not_ours() {
    let place = Place::new();
    fs::create_dir_all(place.path("run/letters")).unwrap();
    insta::assert_snapshot!(place.fail("run", &[], &["--force"]), @"
    exit code 5
    error: `run` is not a folder of this program: expected `run.json`, got `letters`
    hint: choose another `--out`, an empty or a new folder
    ");
}

#[test]
fn a_locked_folder() {
    let place = Place::new();
    fs::create_dir(place.path("run")).unwrap();
    let _lock = RunLock::acquire(&place.path("run")).unwrap();
    let report = place
        .fail("run", &[], &[])
        .replace(&std::process::id().to_string(), "PID");
    insta::assert_snapshot!(report, @"
    exit code 5
    error: folder `run` is locked by process PID
    hint: wait for it to end, or choose another `--out`
    ");
}

#[test]
fn a_dataset_that_is_not_there() {
    let place = Place::new();
    let report = report(&mut place.command_on("nowhere.safetensors", "run", &[]));
    insta::assert_snapshot!(report, @"
    exit code 3
    error: dataset `nowhere.safetensors` does not exist
    hint: `make prepare` makes that of a run, `dcgan-prepare --out FOLDER` one elsewhere; or give another path
    ");
    assert!(!place.path("run").exists());
}

#[test]
fn a_batch_larger_than_the_dataset() {
    let place = Place::new();
    insta::assert_snapshot!(place.fail("run", &["train.batch_size=27"], &[]), @"
    exit code 2
    error: `train.batch_size`: expected at most the 26 training pictures of `dataset.safetensors`, got 27
    hint: set `train.batch_size` to 26 or less
    ");
}

#[test]
fn no_labels_for_the_labelled_network() {
    let place = Place::new();
    place.write_dataset("plain.safetensors", [8, 8, 1], 26, 0);
    insta::assert_snapshot!(report(&mut place.command_on("plain.safetensors", "run", &[])), @"
    exit code 3
    error: dataset `plain.safetensors` does not fit `train.network: labelled`: expected `train/labels`, got none
    hint: prepare the dataset with labels, or set `train.network: unlabelled`
    ");
}

#[test]
fn pictures_of_a_size_that_the_network_cant_have() {
    let place = Place::new();
    place.write_dataset("odd.safetensors", [8, 10, 1], 26, 3);
    insta::assert_snapshot!(report(&mut place.command_on("odd.safetensors", "run", &[])), @"
    exit code 3
    error: dataset `odd.safetensors` does not fit `train.network: labelled`
    caused by: network setting `width` is `10`, expected a multiple of 4, at most 4096, for the labelled network
    hint: prepare pictures whose sides are multiples of 4, or set `train.network: unlabelled`, which takes any size from 16
    ");
    place.write_dataset("small.safetensors", [40, 31, 3], 26, 0);
    let settings = ["train.network=unlabelled", "train.depth=5"];
    insta::assert_snapshot!(report(&mut place.command_on("small.safetensors", "run", &settings)), @"
    exit code 3
    error: dataset `small.safetensors` does not fit `train.network: unlabelled`
    caused by: network setting `width` is `31`, expected 32 to 4096 for the unlabelled network of depth 5
    hint: prepare larger pictures, or set a smaller `train.depth`
    ");
}

#[test]
fn an_unknown_setting() {
    let place = Place::new();
    let report = place.fail("run", &["train.bach_size=3"], &[]);
    assert!(
        report.starts_with("exit code 2\n") && report.contains("batch_size"),
        "{report}"
    );
}

#[test]
fn a_checkpoint_of_another_network() {
    let place = Place::new();
    place.train("run", &["train.epochs=1"]);
    place.train(
        "other",
        &["train.epochs=1", "train.gf_dim=3", "train.seed=4"],
    );
    fs::remove_file(place.path("run/manifest.json")).unwrap();
    let checkpoint = "checkpoints/step-00000006.safetensors";
    fs::copy(
        place.path("other").join(checkpoint),
        place.path("run").join(checkpoint),
    )
    .unwrap();
    insta::assert_snapshot!(place.fail("run", &["train.epochs=1"], &[]), @"
    exit code 3
    error: checkpoint `run/checkpoints/step-00000006.safetensors` is of another run: `network.gf_dim`: expected `2`, got `3`, `seed`: expected `0`, got `4`
    hint: move it out of the folder: the run resumes from the checkpoint before it
    ");
}

#[test]
fn a_dry_run_writes_nothing() {
    let place = Place::new();
    let output = place
        .command("run", &["train.epochs=2"])
        .arg("--dry-run")
        .output()
        .unwrap();
    assert!(output.status.success());
    assert!(!place.path("run").exists());
    insta::assert_snapshot!(text(&output.stdout), @r#"
    would start a run
    steps: 12 in 2 epochs of 6
    train.batch_size: 4
    train.best: none
    train.beta1: 0.5
    train.checkpoint_every: 4
    train.collapse_watch: 200
    train.depth: 4
    train.df_dim: 2
    train.dfc_dim: 8
    train.ema: 0.0
    train.epochs: 2
    train.flip: false
    train.generator_updates: 2
    train.gf_dim: 2
    train.gfc_dim: 8
    train.grid_every: 5
    train.keep_checkpoints: 3
    train.kernels: auto
    train.label_smoothing: 0.0
    train.learning_rate: 0.0002
    train.learning_rate_d: null
    train.learning_rate_half_life: 0.0
    train.log_every: 1
    train.max_rollbacks: 3
    train.moving_averages: updates
    train.network: labelled
    train.on_divergence: stop
    train.precision: f32
    train.reshuffle: true
    train.score_every: 0
    train.seed: 0
    train.tensorboard: false
    train.z_dim: 4
    train.z_distribution: uniform
    reads dataset.safetensors (2202 bytes)
    writes run/run.json
    writes run/metrics.csv
    writes run/histograms.csv
    writes run/timing.csv
    may write run/events.csv
    writes run/checkpoints/step-NNNNNNNN.safetensors
    writes run/samples/reals.png
    writes run/samples/step-NNNNNNNN.png
    writes run/generator.safetensors
    writes run/discriminator.safetensors
    writes run/manifest.json
    "#);

    place.train("run", &["train.epochs=1"]);
    let before = place.files("run");
    for (settings, would) in [
        (
            "train.epochs=1",
            "nothing to do: `run` is up to date, 6 steps\n",
        ),
        (
            "train.epochs=2",
            "would resume from the newest checkpoint\n",
        ),
    ] {
        let output = place
            .command("run", &[settings])
            .arg("--dry-run")
            .output()
            .unwrap();
        assert!(text(&output.stdout).starts_with(would), "{output:?}");
    }
    assert_same(&before, &place.files("run"));
}

#[test]
fn a_result_as_json() {
    let place = Place::new();
    let output = place
        .command("run", &["train.epochs=1"])
        .arg("--json")
        .output()
        .unwrap();
    insta::assert_snapshot!(text(&output.stdout), @r#"
    {
      "epoch": 1,
      "files": [
        "checkpoints/step-00000004.safetensors",
        "checkpoints/step-00000006.safetensors",
        "discriminator.safetensors",
        "generator.safetensors",
        "histograms.csv",
        "metrics.csv",
        "run.json",
        "samples/reals.png",
        "samples/step-00000000.png",
        "samples/step-00000005.png",
        "samples/step-00000006.png",
        "timing.csv",
        "manifest.json"
      ],
      "out": "run",
      "outcome": "done",
      "stage": "dcgan-train",
      "step": 6
    }
    "#);
}

/// Another trainer writes the same run with what a dry run prints.
#[test]
fn a_dry_run_as_json_has_the_record_of_the_run_and_its_networks() {
    let place = Place::new();
    let result = |settings: &[&str], arguments: &[&str]| -> Value {
        let mut command = place.command("run", settings);
        let output = command.args(arguments).arg("--json").output().unwrap();
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let settings = ["train.epochs=1", "train.z_dim=5"];
    let would = result(&settings, &["--dry-run"]);
    result(&settings, &[]);
    let record = RunFile::read(&place.path("run")).unwrap().unwrap();
    assert_eq!(would["run"], record.sections);
    let info = read_checkpoint_info(&checkpoint_path(&place.path("run/checkpoints"), 6)).unwrap();
    assert_eq!(would["network"], json!(info.network));
    assert_eq!(would["network"]["z_dim"], 5);
    // So, too, for one that would go on; nothing else has these keys.
    let longer = result(&["train.epochs=2", "train.z_dim=5"], &["--dry-run"]);
    assert_eq!(longer["run"]["train"]["epochs"], 2);
    assert_eq!(longer["network"], would["network"]);
    assert!(result(&settings, &["--dry-run"]).get("run").is_none());
}
