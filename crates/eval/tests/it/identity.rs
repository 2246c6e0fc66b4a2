//! When an evaluation is up to date, and that equal evaluations have equal bytes.

use crate::fixture::{Fixture, SIDE};
use dcgan_artifacts::Manifest;

fn with_inputs() -> Fixture {
    let fixture = Fixture::new();
    fixture.dataset("d", SIDE, 3, [90, 70]);
    fixture.checkpoint("c", SIDE, 3);
    fixture
}

const ARGS: [&str; 6] = ["--dataset", "d", "--checkpoint", "c", "--set", "eval.n=96"];

fn args<'a>(more: &[&'a str]) -> Vec<&'a str> {
    ARGS.iter().chain(more).copied().collect()
}

#[test]
fn equal_runs_have_equal_bytes_for_any_number_of_threads() {
    let fixture = with_inputs();
    fixture.succeed(&args(&["--out", "a", "--threads", "1"]));
    fixture.succeed(&args(&["--out", "b", "--threads", "1"]));
    fixture.succeed(&args(&["--out", "c2", "--threads", "2"]));
    let files = fixture.files("a");
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "accuracy-by-class.svg",
            "calibration.svg",
            "classifier.safetensors",
            "discriminator.csv",
            "discriminator.json",
            "grid-classes.png",
            "grid.png",
            "interpolation.png",
            "logits.svg",
            "manifest.json",
            "metrics.json",
            "nearest.csv",
            "nearest.png",
            "neighbours.safetensors",
            "probabilities.svg",
            "report.html",
            "surest.png",
            "worst.png"
        ]
    );
    assert_eq!(files, fixture.files("b"));
    assert_eq!(files, fixture.files("c2"));
}

#[test]
fn an_equal_run_is_not_repeated_unless_forced() {
    let fixture = with_inputs();
    fixture.succeed(&args(&["--out", "out"]));
    let files = fixture.files("out");
    let modified = || {
        std::fs::metadata(fixture.path("out/manifest.json"))
            .unwrap()
            .modified()
            .unwrap()
    };
    let before = modified();
    let stdout = fixture.succeed(&args(&["--out", "out", "--threads", "2", "--quiet"]));
    insta::assert_snapshot!(stdout, @"nothing to do: `out` is up to date");
    assert_eq!(modified(), before);
    fixture.succeed(&args(&["--out", "out", "--force"]));
    assert_ne!(modified(), before);
    assert_eq!(fixture.files("out"), files);
}

#[test]
fn changed_settings_inputs_or_damaged_outputs_are_redone() {
    let fixture = with_inputs();
    fixture.succeed(&args(&["--out", "out"]));
    let files = fixture.files("out");
    fixture.succeed(&args(&["--out", "out", "--set", "eval.seed=1"]));
    assert_ne!(fixture.files("out")["metrics.json"], files["metrics.json"]);
    fixture.succeed(&args(&["--out", "out"]));
    assert_eq!(fixture.files("out"), files);
    std::fs::remove_file(fixture.path("out/metrics.json")).unwrap();
    fixture.succeed(&args(&["--out", "out"]));
    assert_eq!(fixture.files("out"), files);
    fixture.dataset("d", SIDE, 3, [91, 70]);
    fixture.succeed(&args(&["--out", "out"]));
    assert_eq!(fixture.json("out/metrics.json")["images"]["train"], 91);
}

/// Removes keys of `section` from the manifest in `out`, as if an older program had written it.
fn forget(fixture: &Fixture, section: &str, keys: &[&str]) {
    let folder = fixture.path("out");
    let mut manifest = Manifest::read(&folder).unwrap().unwrap();
    for key in keys {
        let (parent, name) = key.rsplit_once('/').unwrap_or(("", key));
        let place = manifest
            .settings
            .pointer_mut(&format!("/{section}{parent}"));
        let removed = place.unwrap().as_object_mut().unwrap().remove(name);
        assert!(removed.is_some(), "`{key}`");
    }
    manifest.write(&folder).unwrap();
}

#[test]
fn an_evaluation_from_before_a_setting_existed_has_its_default() {
    let fixture = with_inputs();
    let is_up_to_date = |args: &[&str]| fixture.succeed(args).contains("is up to date");
    let all = args(&["--out", "out"]);
    assert!(!is_up_to_date(&all));
    let keys = ["kernels", "best", "/alarms/oscillation"];
    forget(&fixture, "eval", &keys);
    assert!(is_up_to_date(&all));
    for other in ["eval.kernels=winograd", "eval.alarms.oscillation=0.3"] {
        let other = args(&["--out", "out", "--set", other, "--dry-run"]);
        assert!(!is_up_to_date(&other), "{other:?}");
    }

    let all = ["classifier", "--dataset", "d", "--out", "out"];
    std::fs::remove_dir_all(fixture.path("out")).unwrap();
    assert!(!is_up_to_date(&all));
    forget(&fixture, "classifier", &["kernels"]);
    assert!(is_up_to_date(&all));
    let other = [&all[..], &["--set", "eval.kernels=winograd", "--dry-run"]].concat();
    assert!(!is_up_to_date(&other));
}

#[test]
fn an_evaluation_whose_figures_are_defined_otherwise_is_made_anew() {
    let fixture = with_inputs();
    let all = args(&["--out", "out", "--set", "eval.classifier_epochs=1"]);
    let is_up_to_date = || fixture.succeed(&all).contains("is up to date");
    assert!(!is_up_to_date());
    let expected = fixture.files("out");
    assert!(is_up_to_date());
    let settings = |change: &dyn Fn(&mut serde_json::Map<String, serde_json::Value>)| {
        let folder = fixture.path("out");
        let mut manifest = Manifest::read(&folder).unwrap().unwrap();
        change(manifest.settings.as_object_mut().unwrap());
        manifest.write(&folder).unwrap();
    };
    // A manifest without the number, and one with another number.
    settings(&|settings| assert!(settings.remove("figures").is_some()));
    assert!(!is_up_to_date());
    assert_eq!(fixture.files("out"), expected);
    settings(&|settings| settings["figures"] = 2.into());
    assert!(!is_up_to_date());
    assert_eq!(fixture.files("out"), expected);
}

/// The classifier kept for the next evaluation depends on the kernels.
#[test]
fn an_evaluation_with_other_kernels_takes_over_nothing() {
    let fixture = with_inputs();
    let with = |out: &str, kernels: &str| {
        let kernels = format!("eval.kernels={kernels}");
        fixture.succeed(&args(&["--out", out, "--set", &kernels]));
        fixture.files(out)
    };
    let direct = with("direct", "direct");
    let portable = with("portable", "portable");
    let kept = "classifier.safetensors";
    assert!(direct[kept] != portable[kept], "the forms do not differ");
    let again = with("direct", "portable");
    for (name, bytes) in &portable {
        assert!(again[name] == *bytes, "`{name}`");
    }
    let manifest = Manifest::read(&fixture.path("direct")).unwrap().unwrap();
    assert_eq!(manifest.settings["eval"]["kernels"], "portable");
}

#[test]
fn the_variable_for_the_kernels_is_heeded_or_refused() {
    let fixture = with_inputs();
    let told = |kernels: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_dcgan-eval"));
        command.args(args(&["--out", "out", "--set", "eval.classifier_epochs=1"]));
        let folder = fixture.path("d").parent().unwrap().to_owned();
        command.env("DCGAN_KERNELS", kernels).current_dir(folder);
        dcgan_testkit::run(&mut command)
    };
    let refused = told("0");
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(!fixture.path("out").exists());
    for kernels in ["gemm", "portable"] {
        let _ = told(kernels).succeeded();
        let manifest = Manifest::read(&fixture.path("out")).unwrap().unwrap();
        assert_eq!(manifest.settings["eval"]["kernels"], kernels);
    }
}

#[test]
fn files_of_an_earlier_evaluation_do_not_linger() {
    let fixture = with_inputs();
    fixture.samples("s", SIDE, 0, 20);
    fixture.succeed(&args(&["--out", "out"]));
    fixture.succeed(&["--dataset", "d", "--samples", "s", "--out", "out"]);
    let files = fixture.files("out");
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "classifier.safetensors",
            "grid.png",
            "manifest.json",
            "metrics.json",
            "nearest.csv",
            "nearest.png",
            "neighbours.safetensors",
            "report.html",
            "surest.png",
            "worst.png"
        ]
    );
}

#[test]
fn a_dry_run_writes_nothing() {
    let fixture = with_inputs();
    let stdout = fixture.succeed(&args(&["--out", "out", "--dry-run"]));
    assert!(!fixture.path("out").exists());
    insta::assert_snapshot!(stdout, @"
    dataset `noise`: 8x8x1, 3 classes
    eval.alarms.collapse: 0.5
    eval.alarms.discriminator_saturated: 0.98
    eval.alarms.generator_saturated: 0.02
    eval.alarms.oscillation: 0.4
    eval.alarms.overfitting: 0.1
    eval.best: false
    eval.classifier_epochs: 8
    eval.ema: false
    eval.histogram_bins: 50
    eval.kernels: auto
    eval.n: 96
    eval.seed: 0
    figures: 3
    reads c (14792 bytes)
    reads d (11048 bytes)
    writes out/grid.png
    writes out/grid-classes.png
    writes out/worst.png
    writes out/surest.png
    writes out/accuracy-by-class.svg
    writes out/nearest.png
    writes out/nearest.csv
    writes out/neighbours.safetensors
    writes out/classifier.safetensors
    writes out/interpolation.png
    writes out/discriminator.csv
    writes out/discriminator.json
    writes out/logits.svg
    writes out/probabilities.svg
    writes out/calibration.svg
    writes out/report.html
    writes out/metrics.json
    writes out/manifest.json
    ");
    fixture.succeed(&args(&["--out", "out"]));
    let stdout = fixture.succeed(&args(&["--out", "out", "--dry-run", "--json"]));
    let json: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(json["outcome"], "up to date");
}

#[test]
fn the_help_names_every_option_with_its_default() {
    let fixture = Fixture::new();
    insta::assert_snapshot!(fixture.succeed(&["--help"]), @r"
    Evaluate a generator: quality, diversity, copying, weak classes and the discriminator's output, with
    confidence intervals.

    With `--checkpoint` its generator draws the images. With `--samples` they come from that file; the
    discriminator's figures then need `--checkpoint` too, for its discriminator, and are left out
    without it.

    Usage: dcgan-eval [OPTIONS] --dataset <FILE> --out <DIR>
           dcgan-eval <COMMAND>

    Commands:
      classifier  Train the classifier whose features the metrics use, on the training part only
      compare     Compare evaluated runs in one page and one table
      verify      Verify the files of a run, from its figures and samples back to its sources

    Options:
          --dataset <FILE>
              Dataset with the real images to compare with (dataset.safetensors)

          --checkpoint <FILE>
              Checkpoint of dcgan-train: its generator draws the images, its discriminator rates them

          --checkpoints <DIR>
              Folder of checkpoints to measure too: a row each in checkpoints.csv, and the logits over
              the training. Without `--checkpoint` and `--samples` the newest is evaluated

          --samples <PATH>
              Images to evaluate instead of a checkpoint's: samples.safetensors, any safetensors, .npz
              or .npy file of images, or a folder of pictures, with or without sub-folders for classes

          --samples-labels <FILE>
              Classes of the pictures in the folder `--samples`: a CSV table of file and class

          --samples-range <RANGE>
              Black and white of `--samples` with float values: unit for 0 and 1, signed for -1 and 1,
              bytes for 0 and 255; values outside are clamped [default: inferred from the values]

          --classifier <FILE>
              Classifier whose features the metrics use [default: `eval.classifier`, or a newly trained
              one]

          --metrics <FILE>
              The run's metrics.csv: curves in the report, and the alarm for oscillation

          --histograms <FILE>
              The run's histograms.csv: D(x) and D(G(z)) over the training in the report

          --scores <FILE>
              The run's scores.csv: curves in the report, with the best checkpoint marked

          --run <FILE>
              The run's run.json: the settings of the training in the report

          --timing <FILE>
              The run's timing.csv: timing.html next to the report

          --grids <DIR>
              Folder of the run's grids (step-NNNNNNNN.png): the film of the training in the report

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Common options:
          --pipeline <FILE>
              Pipeline file (YAML) with the settings of all stages [default: built-in settings]

          --set <KEY=VALUE>
              Override one setting, as `train.batch_size=32`; may be repeated

          --out <DIR>
              Folder that this stage writes

          --threads <N>
              Number of threads; does not change the result [default: all cores]

          --force
              Start over where the stage refuses to run or has nothing to do

          --quiet
              Print no progress bar and no messages below warnings

          --json
              Print the result as JSON

          --dry-run
              Check settings and inputs, print what would be read and written, and write nothing

    Settings of this stage and their defaults; `pipelines/mnist.yaml` explains each, and `--set
    KEY=VALUE` overrides one:
      eval.alarms.collapse = 0.5
      eval.alarms.discriminator_saturated = 0.98
      eval.alarms.generator_saturated = 0.02
      eval.alarms.oscillation = 0.4
      eval.alarms.overfitting = 0.1
      eval.best = false
      eval.classifier = none
      eval.classifier_epochs = 8
      eval.ema = false
      eval.histogram_bins = 50
      eval.kernels = auto
      eval.n = 10000
      eval.seed = 0
    ");
}
