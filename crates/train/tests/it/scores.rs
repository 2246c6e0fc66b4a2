//! `scores.csv`, and the best checkpoint by it.

use crate::program::{Place, assert_same, report, text};
use dcgan::{Generator, ZDistribution};
use dcgan_artifacts::{
    Checkpoint, ClassifierFile, DatasetReader, Part, checkpoint_path, list_checkpoints,
    read_checkpoint_info,
};
use dcgan_checkpoints::images_from_latents;
use dcgan_metrics::{
    Classified, Classifier, ClassifierConfig, FEATURES, Features, Gaussian, frechet_distance,
};
use dcgan_random::{Purpose, Stream};
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Settings with scores, for [`scored`].
const SCORED: [&str; 2] = [
    "train.score_every=2",
    "train.classifier=classifier.safetensors",
];

fn noise(n: usize, index: u64) -> Vec<u8> {
    dcgan_testkit::noise(9, index, n * 64)
}

/// A folder with a dataset that has a validation part, and a classifier.
fn scored() -> Place {
    let place = Place::new();
    write_dataset(&place, "dataset.safetensors", 66, 2);
    place.write_classifier("classifier.safetensors", 1);
    place
}

/// 26 pictures to train on, `n` of validation, 9 to test on.
fn write_dataset(place: &Place, name: &str, n: usize, test: u64) {
    place.write_parts(
        name,
        [8, 8, 1],
        3,
        [
            (Part::Train, noise(26, 0)),
            (Part::Validation, noise(n, 1)),
            (Part::Test, noise(9, test)),
        ],
    );
}

/// The rows of `scores.csv` as (step, scores).
fn rows(place: &Place, out: &str) -> Vec<(u64, Vec<f64>)> {
    let text = fs::read_to_string(place.path(out).join("scores.csv")).unwrap();
    text.lines()
        .skip(1)
        .map(|line| {
            let mut fields = line.split(',');
            let step = fields.next().unwrap().parse().unwrap();
            (
                step,
                fields.skip(1).map(|field| field.parse().unwrap()).collect(),
            )
        })
        .collect()
}

#[test]
fn scores_touch_nothing_of_the_training() {
    let place = scored();
    let settings = [
        "train.epochs=2",
        "train.ema=0.9",
        "train.keep_checkpoints=0",
    ];
    place.train("plain", &settings);
    place.train("scored", &[&settings[..], &SCORED].concat());
    let (plain, scored) = (place.files("plain"), place.files("scored"));
    let header = text(&scored["scores.csv"]);
    assert!(header.starts_with(
        "step,epoch,class_accuracy,frechet_distance,ema_class_accuracy,ema_frechet_distance\n2,1,"
    ));
    assert_eq!(rows(&place, "scored").len(), 6);
    assert!(!plain.contains_key("scores.csv"));
    for name in scored.keys().filter(|name| *name != "scores.csv") {
        if ["manifest.json", "run.json"].contains(&name.as_str()) {
            continue;
        }
        if !name.starts_with("checkpoints/") {
            assert!(plain[name] == scored[name], "{name}");
            continue;
        }
        let [plain, scored] =
            ["plain", "scored"].map(|out| Checkpoint::read(&place.path(out).join(name)).unwrap());
        assert!(scored.info.tables.contains_key("scores.csv"));
        let (mut info, tables) = (scored.info.clone(), plain.info.tables.clone());
        info.tables = tables;
        assert_eq!(Checkpoint { info, ..scored }, plain, "{name}");
    }
}

/// The last row equals the measures of pictures drawn from the last checkpoint.
#[test]
fn a_row_is_what_the_measures_say_of_the_generator() {
    let place = scored();
    let settings = ["train.epochs=1", "train.ema=0.9", "train.seed=5"];
    place.train("run", &[&settings[..], &SCORED].concat());
    let path = checkpoint_path(&place.path("run/checkpoints"), 6);
    let checkpoint = Checkpoint::read(&path).unwrap();
    let config = dcgan_checkpoints::network_config(&checkpoint.info.network).unwrap();
    let file = ClassifierFile::read(&place.path("classifier.safetensors")).unwrap();
    let of = ClassifierConfig {
        height: 8,
        width: 8,
        channels: 1,
        classes: 3,
    };
    let classifier = Classifier::from_arrays(of, &file.arrays).unwrap();
    let gaussian =
        |features: &[f32]| Gaussian::of(&Features::new(features, FEATURES).unwrap()).unwrap();
    let dataset = DatasetReader::open(&place.path("dataset.safetensors")).unwrap();
    let real = dataset.read_part(Part::Validation).unwrap().images;
    let real = gaussian(&classifier.read(&real).unwrap().features);
    let purpose = Purpose::ScoreLatent;
    let z = ZDistribution::Uniform.rows(4, 5, purpose, 0, 2000);
    let classes: Vec<u8> = (0..2000_u32)
        .map(|i| u8::try_from(i % 3).unwrap())
        .collect();
    let mut expected = Vec::new();
    for weights in [&checkpoint.weights, &checkpoint.ema] {
        let generator = Generator::from_arrays(&config, weights).unwrap();
        let images = images_from_latents(&generator, &z, Some(&classes)).unwrap();
        let reading = classifier.read(&images).unwrap();
        let hits = Classified::new(&reading.logits, 3)
            .unwrap()
            .hits(&classes)
            .unwrap();
        expected.push(hits.iter().filter(|&&hit| hit).count() as f64 / 2000.0);
        expected.push(frechet_distance(&real, &gaussian(&reading.features)).unwrap());
    }
    let rows = rows(&place, "run");
    assert_eq!(rows.last(), Some(&(6, expected)));
    assert_ne!(rows[0].1, rows[2].1);
}

/// Neither the test part nor the number of threads changes scores.
#[test]
fn scores_are_the_same_for_another_test_part_and_any_number_of_threads() {
    let place = scored();
    let settings = [&["train.epochs=1"][..], &SCORED].concat();
    place.train("run", &settings);
    let expected = place.files("run");
    for threads in ["1", "3"] {
        let mut command = place.command(threads, &settings);
        assert!(
            command
                .args(["--threads", threads])
                .status()
                .unwrap()
                .success()
        );
        assert_same(&expected, &place.files(threads));
    }
    write_dataset(&place, "other.safetensors", 66, 3);
    let mut command = place.command_on("other.safetensors", "other", &settings);
    assert!(command.status().unwrap().success());
    let other = place.files("other");
    assert_eq!(text(&other["scores.csv"]), text(&expected["scores.csv"]));
    assert_ne!(other["run.json"], expected["run.json"]);
}

/// The steps of the checkpoints in `out`.
fn steps(place: &Place, out: &str) -> Vec<u64> {
    let listed = list_checkpoints(&place.path(out).join("checkpoints")).unwrap();
    listed.into_iter().map(|(step, _)| step).collect()
}

/// The first of the best among the rows of every fourth step.
fn best_of(rows: &[(u64, Vec<f64>)], column: usize, is_accuracy: bool) -> (u64, f64) {
    let mut best: Option<(u64, f64)> = None;
    for (step, scores) in rows.iter().filter(|(step, _)| step % 4 == 0) {
        let better = match best {
            None => true,
            Some((_, value)) if is_accuracy => scores[column] > value,
            Some((_, value)) => scores[column] < value,
        };
        if better {
            best = Some((*step, scores[column]));
        }
    }
    best.unwrap()
}

#[test]
fn the_best_checkpoint_is_told_and_kept() {
    let place = scored();
    let mut before_the_kept = 0;
    for (metric, column, is_accuracy) in [
        ("class_accuracy", 0, true),
        ("frechet_distance", 1, false),
        ("ema_class_accuracy", 2, true),
        ("ema_frechet_distance", 3, false),
    ] {
        let best = format!("train.best={metric}");
        // The last step, 42, has a checkpoint that a longer run would not have.
        let settings = [
            "train.epochs=7",
            "train.keep_checkpoints=2",
            "train.ema=0.5",
        ];
        let settings = [&settings[..], &SCORED, &[&best]].concat();
        let output = place.train(metric, &settings);
        let (step, value) = best_of(&rows(&place, metric), column, is_accuracy);
        let said = text(&output.stdout);
        let expected = format!(
            "best {metric}: {value} at step {step}: `{metric}/checkpoints/step-{step:08}.safetensors`\n"
        );
        assert!(
            said.ends_with(&expected),
            "{said} does not end in {expected}"
        );

        let mut kept = vec![step, 40, 42];
        kept.dedup();
        assert_eq!(steps(&place, metric), kept, "{metric}");
        before_the_kept += usize::from(step < 40);
        let path = checkpoint_path(&place.path(metric).join("checkpoints"), 42);
        let recorded = read_checkpoint_info(&path).unwrap().best.unwrap();
        assert_eq!((recorded.metric.as_str(), recorded.step), (metric, step));
        assert_eq!(recorded.value.to_bits(), value.to_bits());

        // In two runs: the same.
        let first = [&["train.epochs=3"], &settings[1..]].concat();
        place.train("in-two", &first);
        place.train("in-two", &settings);
        assert_same(&place.files(metric), &place.files("in-two"));
        fs::remove_dir_all(place.path("in-two")).unwrap();
    }
    assert!(
        before_the_kept > 0,
        "no best checkpoint would have been deleted"
    );
}

/// Signals and kills at any instant, with scores, the best checkpoint and event files.
#[test]
fn stopped_and_killed_is_undisturbed() {
    let place = scored();
    let settings = [
        "train.epochs=40",
        "train.keep_checkpoints=1",
        "train.ema=0.9",
        "train.checkpoint_every=20",
        "train.best=frechet_distance",
        "train.tensorboard=true",
        "train.score_every=10",
        SCORED[1],
    ];
    let started = Instant::now();
    place.train("undisturbed", &settings);
    let span = started.elapsed();
    let expected = place.files("undisturbed");
    let mut instants = Stream::new(4, Purpose::Synthetic, 0);
    let mut met = 0;
    for signal in ["KILL", "INT", "KILL", "TERM", "KILL"] {
        let mut command = place.command("run", &settings);
        let command = command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        std::thread::sleep(
            span.mul_f32(0.1 + 0.3 * instants.uniform())
                .max(Duration::from_millis(30)),
        );
        let id = child.id().to_string();
        // Fails if the child has ended already; its exit code then shows that.
        let _ = Command::new("kill")
            .args([&format!("-{signal}"), &id])
            .status();
        met += usize::from(child.wait().unwrap().code() != Some(0));
    }
    assert!(met > 2, "{met} runs were interrupted");
    place.train("run", &settings);
    assert_same(&expected, &place.files("run"));
    let best = read_checkpoint_info(&checkpoint_path(&place.path("run/checkpoints"), 240));
    let best = best.unwrap().best.unwrap();
    assert!(steps(&place, "run").contains(&best.step));
}

#[test]
fn data_without_labels_are_scored_by_random_features() {
    let place = Place::new();
    let pictures = |n: usize, index| noise(n * 4, index);
    place.write_parts(
        "plain.safetensors",
        [16, 16, 1],
        0,
        [
            (Part::Train, pictures(9, 0)),
            (Part::Validation, pictures(64, 1)),
        ],
    );
    let settings = [
        "train.network=unlabelled",
        "train.epochs=2",
        "train.score_every=1",
        "train.best=frechet_distance",
    ];
    let mut command = place.command_on("plain.safetensors", "run", &settings);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let scores = text(&place.files("run")["scores.csv"]);
    assert!(
        scores.starts_with("step,epoch,frechet_distance\n1,1,"),
        "{scores}"
    );
    assert_eq!(scores.lines().count(), 5);
}

#[test]
fn another_classifier_is_another_run() {
    let place = scored();
    place.train("run", &[&["train.epochs=1"][..], &SCORED].concat());
    place.write_classifier("other.safetensors", 2);
    fs::copy(
        place.path("classifier.safetensors"),
        place.path("elsewhere.safetensors"),
    )
    .unwrap();
    let settings = [
        "train.epochs=1",
        SCORED[0],
        "train.classifier=elsewhere.safetensors",
    ];
    // The same classifier under another name is the same run.
    let output = place.train("run", &settings);
    assert!(text(&output.stdout).starts_with("nothing to do"));
    let settings = [
        "train.epochs=1",
        SCORED[0],
        "train.classifier=other.safetensors",
    ];
    let report = place.fail("run", &settings, &[]);
    assert!(
        report.starts_with("exit code 2\nerror: `run` holds another run: `classifier.sha256` was"),
        "{report}"
    );
}

#[test]
fn a_dry_run_says_what_scores_read_and_write() {
    let place = scored();
    let settings = [&["train.tensorboard=true"][..], &SCORED].concat();
    let mut command = place.command("run", &settings);
    let output = command.arg("--dry-run").output().unwrap();
    let said = text(&output.stdout);
    for line in [
        "reads classifier.safetensors (",
        "writes run/scores.csv\n",
        "writes run/tensorboard/events.out.tfevents.dcgan\n",
    ] {
        assert!(said.contains(line), "{said}");
    }
    assert!(!place.path("run").exists());
}

#[test]
fn what_scores_need_is_named() {
    let place = Place::new();
    place.write_classifier("classifier.safetensors", 1);
    insta::assert_snapshot!(place.fail("run", &SCORED, &[]), @"
    exit code 2
    error: `train.score_every`: expected at least 64 pictures in the validation part of `dataset.safetensors`, got 0
    hint: set `prepare.validation` to 64 or more, a multiple of the classes, and prepare the dataset again; or set `train.score_every: 0`
    ");
    write_dataset(&place, "few.safetensors", 63, 2);
    insta::assert_snapshot!(report(&mut place.command_on("few.safetensors", "run", &SCORED)), @"
    exit code 2
    error: `train.score_every`: expected at least 64 pictures in the validation part of `few.safetensors`, got 63
    hint: set `prepare.validation` to 64 or more, a multiple of the classes, and prepare the dataset again; or set `train.score_every: 0`
    ");
    write_dataset(&place, "dataset.safetensors", 66, 2);
    insta::assert_snapshot!(place.fail("run", &SCORED[..1], &[]), @"
    exit code 2
    error: `train.score_every`: expected `train.classifier`, as `dataset.safetensors` has labels, got none
    hint: set `train.classifier` to a file of `dcgan-eval classifier --dataset dataset.safetensors --out DIR`; or set `train.score_every: 0`
    ");
    let missing = [SCORED[0], "train.classifier=nowhere.safetensors"];
    insta::assert_snapshot!(place.fail("run", &missing, &[]), @"
    exit code 3
    error: classifier `nowhere.safetensors` does not exist
    hint: `dcgan-eval classifier` makes one; or give another path
    ");
    place.write_parts(
        "four.safetensors",
        [8, 8, 1],
        4,
        [
            (Part::Train, noise(26, 0)),
            (Part::Validation, noise(64, 1)),
        ],
    );
    insta::assert_snapshot!(report(&mut place.command_on("four.safetensors", "run", &SCORED)), @"
    exit code 3
    error: classifier `classifier.safetensors` does not fit dataset `four.safetensors`: expected pictures of 8x8x1 with the classes class 0, class 1, class 2, class 3, got 8x8x1 with the classes class 0, class 1, class 2
    hint: set `train.classifier` to another file; `dcgan-eval classifier` trains one
    ");
    assert!(!place.path("run").exists());
}
