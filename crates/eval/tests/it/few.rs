//! Few images: exactly the figures that can't be computed are left out and listed.

use crate::fixture::{Fixture, SIDE};
use serde_json::Value;
use std::collections::BTreeSet;

/// The numbers of an evaluation.
#[derive(Debug, Clone, Copy)]
struct Case {
    classes: usize,
    train: usize,
    test: usize,
    generated: usize,
}

/// Cases just below and at every minimum number of images.
fn cases() -> Vec<Case> {
    let labelled = |train, test, generated| Case {
        classes: 3,
        train,
        test,
        generated,
    };
    let numbers = [
        1, 2, 4, 5, 6, 11, 12, 19, 20, 39, 40, 49, 50, 63, 64, 79, 80, 130,
    ];
    let mut cases: Vec<Case> = numbers.map(|n| labelled(130, 130, n)).to_vec();
    cases.extend(numbers.map(|n| labelled(130, n, 130)));
    cases.extend([3, 39, 40, 63, 64].map(|n| labelled(n, 130, 130)));
    cases.extend([(130, 0, 130), (63, 0, 30), (3, 3, 3)].map(|(a, b, c)| labelled(a, b, c)));
    let unlabelled = [(130, 130, 130), (17, 3, 50), (449, 51, 100), (3, 0, 1)];
    cases.extend(unlabelled.map(|(train, test, generated)| Case {
        classes: 0,
        train,
        test,
        generated,
    }));
    cases
}

impl Case {
    fn fixture(self) -> Fixture {
        let fixture = Fixture::new();
        let side = if self.classes > 0 { SIDE } else { 16 };
        fixture.dataset("d", side, self.classes, [self.train, self.test]);
        fixture.checkpoint("c", side, self.classes);
        fixture.samples("s", side, self.classes, self.generated);
        fixture
    }

    /// Every figure that exists with enough images, with its name in `missing`.
    fn figures(self) -> Vec<String> {
        let mut figures: Vec<String> = ["train", "test", "generated", "train_minus_test"]
            .map(|kind| format!("discriminator.{kind}"))
            .to_vec();
        for figure in ["roc_auc", "calibration_error"] {
            for part in ["train", "test"] {
                figures.push(format!("discriminator.{figure}.{part}_vs_generated"));
            }
        }
        let mut add = |names: &[&str]| figures.extend(names.iter().map(ToString::to_string));
        add(&[
            "alarms.discriminator_saturated",
            "alarms.generator_saturated",
            "alarms.overfitting",
        ]);
        add(&["quality.frechet_distance", "quality.kernel_distance"]);
        add(&[
            "quality.precision",
            "quality.recall",
            "quality.density",
            "quality.coverage",
        ]);
        add(&["pixels.memorised", "pixels.nearest_training_distance"]);
        if self.classes > 0 {
            add(&[
                "quality.class_accuracy",
                "quality.cross_entropy",
                "quality.classifier_score",
            ]);
            add(&[
                "quality.frechet_distance_class_mean",
                "pixels.nearest_neighbour_error",
            ]);
            add(&[
                "quality.class_accuracy_by_class",
                "quality.diversity_by_class",
            ]);
            add(&["quality.frechet_distance_by_class", "alarms.collapse"]);
        }
        figures
    }
}

/// The value at a dotted key.
fn at<'a>(tree: &'a Value, figure: &str) -> &'a Value {
    figure.split('.').fold(tree, |tree, key| &tree[key])
}

fn has_null(tree: &Value) -> bool {
    match tree {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(leaves) => leaves.values().any(has_null),
        _ => false,
    }
}

/// The figures, intervals and values of real images that `metrics.json` lacks.
fn absent(case: Case, metrics: &Value) -> BTreeSet<String> {
    // Figures of two sets: they have an interval, and values of real images.
    let of_two = [
        "frechet_distance",
        "kernel_distance",
        "precision",
        "recall",
        "density",
        "coverage",
    ];
    let of_two = of_two.map(|name| format!("quality.{name}"));
    let others = [
        "quality.class_accuracy",
        "quality.cross_entropy",
        "quality.classifier_score",
    ];
    let pixels = ["pixels.memorised", "pixels.nearest_neighbour_error"];
    let mut absent = BTreeSet::new();
    for figure in case.figures() {
        let tree = at(metrics, &figure);
        if tree.is_null() {
            absent.insert(figure);
            continue;
        }
        let mut leaves = Vec::new();
        if of_two.contains(&figure) {
            leaves.push(("halves", "halves"));
            if case.test > 0 {
                leaves.push(("real", "real"));
            }
        }
        if figure == "quality.classifier_score" {
            leaves.push(("real", "real"));
        }
        let is_one = others.iter().chain(&pixels).any(|name| *name == figure);
        if of_two.contains(&figure) || is_one {
            leaves.push(("low", "interval"));
        }
        for (leaf, name) in leaves {
            if tree[leaf].is_null() {
                absent.insert(format!("{figure}.{name}"));
            }
        }
    }
    absent
}

/// The names in the list of missing figures: of all classes, and of single classes.
fn listed(metrics: &Value) -> (BTreeSet<String>, BTreeSet<(String, String)>) {
    let (mut all, mut of_classes) = (BTreeSet::new(), BTreeSet::new());
    for missing in metrics["missing"].as_array().into_iter().flatten() {
        let figure = missing["figure"].as_str().unwrap().to_owned();
        assert!(!missing["reason"].as_str().unwrap().is_empty());
        match missing["classes"].as_array() {
            None => assert!(all.insert(figure), "{missing}"),
            Some(classes) => of_classes.extend(classes.iter().map(|class| {
                let class = class.as_str().unwrap().to_owned();
                (figure.clone(), class)
            })),
        }
    }
    (all, of_classes)
}

/// The figures of single classes that `metrics.json` lacks but has for other classes.
fn absent_of_classes(case: Case, metrics: &Value) -> BTreeSet<(String, String)> {
    let mut absent = BTreeSet::new();
    for name in [
        "class_accuracy_by_class",
        "frechet_distance_by_class",
        "diversity_by_class",
    ] {
        let figure = format!("quality.{name}");
        let Some(found) = at(metrics, &figure).as_object() else {
            continue;
        };
        for class in Fixture::class_names(case.classes.min(case.train)) {
            match found.get(&class) {
                None => assert!(absent.insert((figure.clone(), class))),
                Some(leaf) if leaf["low"].is_null() => {
                    absent.insert((format!("{figure}.interval"), class));
                }
                Some(_) => {}
            }
        }
    }
    absent
}

#[test]
fn what_is_left_out_is_named_and_nothing_else_is_left_out() {
    for case in cases() {
        let fixture = case.fixture();
        let args =
            "--dataset d --samples s --checkpoint c --out out --set eval.classifier_epochs=1";
        let args: Vec<&str> = args.split(' ').collect();
        let planned = fixture.succeed(&[&args[..], &["--dry-run", "--json"]].concat());
        let stdout = fixture.succeed(&args);
        let metrics = fixture.json("out/metrics.json");
        assert!(!has_null(&metrics), "{case:?}: {metrics:#}");
        let (all, of_classes) = listed(&metrics);
        assert_eq!(all, absent(case, &metrics), "{case:?}");
        assert_eq!(of_classes, absent_of_classes(case, &metrics), "{case:?}");

        // The report and stdout name each of them.
        let page = std::fs::read_to_string(fixture.path("out/report.html")).unwrap();
        for missing in metrics["missing"].as_array().into_iter().flatten() {
            for text in [&missing["figure"], &missing["reason"]] {
                let text = text.as_str().unwrap();
                assert!(stdout.contains(text), "{case:?}: `{text}` in {stdout}");
                assert!(page.contains(text), "{case:?}: `{text}` in the report");
            }
        }
        assert_eq!(
            stdout.contains("left out because"),
            !all.is_empty(),
            "{stdout}"
        );
        assert_eq!(
            page.contains("<h3>Left out</h3>"),
            !all.is_empty(),
            "{case:?}"
        );

        // A dry run lists the same files.
        let planned: Value = serde_json::from_str(&planned).unwrap();
        let planned: BTreeSet<&str> = planned["files"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let files = fixture.files("out");
        let written: BTreeSet<&str> = files.keys().map(String::as_str).collect();
        assert_eq!(planned, written, "{case:?}");
    }
}

#[test]
fn checkpoints_of_few_images_have_their_lines_and_charts() {
    for (test, n) in [(3, 50), (51, 100), (0, 5)] {
        let fixture = Fixture::new();
        fixture.dataset("d", 16, 0, [70, test]);
        std::fs::create_dir(fixture.path("checkpoints")).unwrap();
        for step in [3, 9] {
            fixture.checkpoint_of("checkpoints", 16, 0, step);
        }
        let n = format!("eval.n={n}");
        let args = [
            "--dataset",
            "d",
            "--checkpoints",
            "checkpoints",
            "--out",
            "out",
            "--set",
            &n,
        ];
        let planned = fixture.succeed(&[&args[..], &["--dry-run", "--json"]].concat());
        fixture.succeed(&args);
        let planned: Value = serde_json::from_str(&planned).unwrap();
        let mut planned: Vec<String> = serde_json::from_value(planned["files"].clone()).unwrap();
        // The fixture lists no folders.
        planned.retain(|name| name != "checkpoints/*.json");
        planned.sort();
        let written: Vec<String> = fixture.files("out").into_keys().collect();
        assert_eq!(planned, written, "{test} test images, {n}");
        let table = String::from_utf8(fixture.files("out")["checkpoints.csv"].clone()).unwrap();
        assert_eq!(table.lines().count(), 3, "{table}");
        assert!(!table.contains("NaN") && !table.contains("inf"), "{table}");
    }
}

/// A row is of `eval.n` images that the checkpoint draws, however many samples are evaluated.
#[test]
fn checkpoints_next_to_samples_have_the_charts_of_their_own_images() {
    let fixture = Fixture::new();
    fixture.dataset("d", SIDE, 3, [130, 130]);
    std::fs::create_dir(fixture.path("checkpoints")).unwrap();
    for step in [3, 9] {
        fixture.checkpoint_of("checkpoints", SIDE, 3, step);
    }
    fixture.samples("few", SIDE, 3, 5);
    fixture.samples("many", SIDE, 3, 130);
    let over_time = |names: &BTreeSet<String>| -> Vec<String> {
        let mut names: Vec<String> = names.iter().cloned().collect();
        names.retain(|name| name.ends_with("-over-time.svg"));
        names
    };
    let [quality, distance, errors, discriminator] =
        ["quality", "distance", "errors", "discriminator"].map(|of| format!("{of}-over-time.svg"));
    let few = vec![discriminator.clone(), errors.clone(), quality.clone()];
    let all = vec![discriminator, distance, errors, quality];
    // The second evaluation replaces the first: no chart of that one may stay.
    for (samples, n, expected) in [("few", "eval.n=130", all), ("many", "eval.n=5", few)] {
        let args = format!(
            "--dataset d --samples {samples} --checkpoints checkpoints --out out --set {n} \
             --set eval.classifier_epochs=1"
        );
        let args: Vec<&str> = args.split(' ').collect();
        let planned = fixture.succeed(&[&args[..], &["--dry-run", "--json"]].concat());
        fixture.succeed(&args);
        let planned: Value = serde_json::from_str(&planned).unwrap();
        let mut planned: BTreeSet<String> =
            serde_json::from_value(planned["files"].clone()).unwrap();
        assert!(planned.remove("checkpoints/*.json"), "{samples}");
        let written: BTreeSet<String> = fixture.files("out").into_keys().collect();
        assert_eq!(planned, written, "{samples}");
        assert_eq!(over_time(&written), expected, "{samples}");
    }
}
