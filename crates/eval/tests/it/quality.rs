//! The classifier and the figures of its features.

use crate::fixture::{Fixture, SIDE};
use dcgan_artifacts::{ClassifierFile, DatasetReader, Part, PartData, Samples, write_dataset};
use dcgan_random::{Purpose, Stream};
use serde_json::Value;
use std::collections::BTreeMap;

const EVALUATE: [&str; 6] = ["--dataset", "d", "--samples", "s", "--out", "out"];

/// The training part of dataset `d` as samples.
fn training_images_as_samples(fixture: &Fixture) {
    let dataset = DatasetReader::open(&fixture.path("d")).unwrap();
    let train = dataset.read_part(Part::Train).unwrap();
    let samples = Samples {
        images: train.images,
        labels: train.labels,
        n: train.n,
        height: SIDE,
        width: SIDE,
        channels: 1,
        seeds: Vec::new(),
        model_sha256: None,
    };
    samples.write(&fixture.path("s")).unwrap();
}

fn quality(fixture: &Fixture) -> Value {
    fixture.json("out/metrics.json")["quality"].clone()
}

/// Samples shuffled and sorted by class: every figure is the same to the last bit.
#[test]
fn the_order_of_the_images_changes_no_figure() {
    let fixture = Fixture::new();
    fixture.dataset("d", SIDE, 2, [130, 120]);
    training_images_as_samples(&fixture);
    let mut samples = Samples::read(&fixture.path("s")).unwrap();
    // The same image with two labels: either may be nearest to a test image.
    let size = SIDE * SIDE;
    samples.images.copy_within(..size, size);
    let mut figures = Vec::new();
    for is_sorted in [false, true] {
        let labels = samples.labels.clone().unwrap();
        let order = Stream::new(7, Purpose::Synthetic, 0).permutation(130);
        let mut order: Vec<usize> = order.into_iter().map(|i| i as usize).collect();
        if is_sorted {
            order.sort_by_key(|&i| (labels[i], i));
        }
        let image = |&i: &usize| samples.images[i * size..(i + 1) * size].iter().copied();
        let other = Samples {
            images: order.iter().flat_map(image).collect(),
            labels: Some(order.iter().map(|&i| labels[i]).collect()),
            ..samples.clone()
        };
        other.write(&fixture.path("s")).unwrap();
        fixture.succeed(&EVALUATE);
        figures.push(fixture.json("out/metrics.json"));
    }
    assert_eq!(figures[0], figures[1]);
    assert_eq!(figures[0]["pixels"]["duplicates"], 1);
}

/// A dataset sorted by class has the same figures as a shuffled one, with the same classifier, if
/// all its images are used.
#[test]
fn the_order_of_the_dataset_changes_no_figure_of_all_its_images() {
    let fixture = Fixture::new();
    fixture.dataset("d", SIDE, 2, [130, 120]);
    fixture.succeed(&["classifier", "--dataset", "d", "--out", "c"]);
    fixture.samples("s", SIDE, 2, 130);
    let dataset = DatasetReader::open(&fixture.path("d")).unwrap();
    let info = dataset.info().clone();
    let mut figures = Vec::new();
    for is_sorted in [false, true] {
        let part = |part| {
            let PartData { images, labels, n } = dataset.read_part(part).unwrap();
            let labels = labels.unwrap();
            let mut order: Vec<usize> = (0..n).collect();
            if is_sorted {
                order.sort_by_key(|&i| (labels[i], i));
            }
            let size = SIDE * SIDE;
            let image = |&i: &usize| images[i * size..(i + 1) * size].iter().copied();
            PartData {
                images: order.iter().flat_map(image).collect(),
                labels: Some(order.iter().map(|&i| labels[i]).collect()),
                n,
            }
        };
        let parts = BTreeMap::from([Part::Train, Part::Test].map(|name| (name, part(name))));
        write_dataset(&fixture.path("sorted"), &info, &parts).unwrap();
        let args = ["--dataset", "sorted", "--samples", "s", "--out", "out"];
        let given = ["--classifier", "c/classifier.safetensors"];
        fixture.succeed(&[&args[..], &given].concat());
        figures.push(quality(&fixture));
    }
    let [a, b] = &figures[..] else { panic!() };
    for (name, figure) in a.as_object().unwrap() {
        if figure["low"].is_null() {
            continue;
        }
        let number = |tree: &Value, leaf: &str| tree[name][leaf].as_f64().unwrap();
        // Each of these sets has all images.
        assert_eq!(
            number(a, "value").to_bits(),
            number(b, "value").to_bits(),
            "{name}"
        );
        assert_eq!(
            number(a, "real").to_bits(),
            number(b, "real").to_bits(),
            "{name}"
        );
    }
}

/// Real images instead of generated ones get the same figures as the values of real images.
#[test]
fn the_ceiling_is_what_real_images_get() {
    let fixture = Fixture::new();
    fixture.dataset("d", SIDE, 2, [130, 120]);
    training_images_as_samples(&fixture);
    fixture.succeed(&EVALUATE);
    let quality = quality(&fixture);
    for name in [
        "frechet_distance",
        "frechet_distance_class_mean",
        "kernel_distance",
        "precision",
        "recall",
        "density",
        "coverage",
    ] {
        let (value, real) = (
            quality[name]["value"].as_f64().unwrap(),
            quality[name]["real"].as_f64().unwrap(),
        );
        assert!(
            (value - real).abs() <= 1e-6 * real.abs(),
            "{name}: {value} {real}"
        );
        let low = quality[name]["low"].as_f64().unwrap();
        let high = quality[name]["high"].as_f64().unwrap();
        assert!(
            low <= value && value <= high,
            "{name}: {low} {value} {high}"
        );
        // The halves of the test part have about 30 images per class: too few.
        let n = quality[name]["halves"]["n"].as_u64();
        let expected = (name != "frechet_distance_class_mean").then_some(60);
        assert_eq!(n, expected, "{name}");
    }
    let halves = &quality["frechet_distance"]["halves"];
    let scale = halves["scaled"].as_f64().unwrap() / halves["value"].as_f64().unwrap();
    assert!((scale - (1.0 / 130.0 + 1.0 / 120.0) * 30.0).abs() < 1e-12);
    let set = |name: &str, n: usize, taught: bool| {
        let set = &quality["sets"][name];
        assert_eq!(
            (&set["n"], &set["taught_the_classifier"]),
            (&n.into(), &taught.into())
        );
    };
    set("reference", 120, false);
    set("real", 130, true);
    set("halves", 60, false);
    for name in ["zero", "one"] {
        let of_class = &quality["frechet_distance_by_class"][name];
        let [low, value, high] =
            ["low", "value", "high"].map(|key| of_class[key].as_f64().unwrap());
        assert!(low < value && value < high, "{name}: {low} {value} {high}");
        assert!(of_class["halves"].is_null());
    }
    // The page explains this, and which value is by construction.
    let page = String::from_utf8(fixture.files("out").remove("report.html").unwrap()).unwrap();
    for text in [
        "<th scope=\"col\">Real</th><th scope=\"col\">Halves</th>",
        "130 training images instead of the generated ones. The classifier was trained on these",
        "60 test images against as many others, on which the classifier was not trained",
        "0.0100<br><small>by construction</small></td>",
        "share nearer to a training image than 99 % of test images are",
    ] {
        assert!(page.contains(text), "{text}");
    }
    let shown = format!("{:.4}", halves["scaled"].as_f64().unwrap_or_default());
    assert!(page.contains(&format!("<td>{shown}</td>")), "{shown}");
    // The extractor records its accuracy on both parts, and so do the figures.
    let accuracy = &quality["class_accuracy"];
    assert_eq!(accuracy["real"], quality["extractor"]["test_accuracy"]);
    assert_eq!(accuracy["value"], quality["extractor"]["train_accuracy"]);
    let by_class = &quality["class_accuracy_by_class"];
    let of = |name: &str| by_class[name]["value"].as_f64().unwrap();
    let mean = f64::midpoint(of("zero"), of("one"));
    assert!((mean - accuracy["value"].as_f64().unwrap()).abs() < 1e-12);
}

#[test]
fn without_labels_the_features_are_random_and_say_so() {
    let fixture = Fixture::new();
    fixture.dataset("d", SIDE, 0, [70, 64]);
    fixture.samples("s", SIDE, 0, 64);
    fixture.succeed(&EVALUATE);
    let quality = quality(&fixture);
    assert_eq!(quality["extractor"]["name"], "random features");
    assert!(quality["frechet_distance"]["value"].as_f64().unwrap() > 0.0);
    for name in ["class_accuracy", "classifier_score", "diversity_by_class"] {
        assert!(quality.get(name).is_none(), "{name}");
    }
    assert!(!fixture.path("out/classifier.safetensors").exists());
}

#[test]
fn the_classifier_command_repeats_itself_and_its_file_serves() {
    let fixture = Fixture::new();
    fixture.dataset("d", SIDE, 3, [130, 64]);
    fixture.samples("s", SIDE, 3, 64);
    let train = |out: &str, threads: &str| {
        let args = [
            "classifier",
            "--dataset",
            "d",
            "--out",
            out,
            "--threads",
            threads,
        ];
        fixture.succeed(&args)
    };
    train("a", "1");
    train("b", "2");
    assert_eq!(fixture.files("a"), fixture.files("b"));
    assert!(train("a", "1").starts_with("nothing to do"));
    let file = ClassifierFile::read(&fixture.path("a/classifier.safetensors")).unwrap();
    assert_eq!((file.info.epochs, file.info.class_names.len()), (8, 3));
    // An evaluation trains the same one if none is given, and keeps it.
    fixture.succeed(&EVALUATE);
    let own = std::fs::read(fixture.path("out/classifier.safetensors")).unwrap();
    assert_eq!(own, fixture.files("a")["classifier.safetensors"]);
    let with_own = quality(&fixture);
    let given = ["--classifier", "a/classifier.safetensors"];
    fixture.succeed(&[&EVALUATE[..], &given].concat());
    assert_eq!(quality(&fixture), with_own);
    assert!(!fixture.path("out/classifier.safetensors").exists());
}

#[test]
fn classifiers_that_do_not_fit_are_refused() {
    let fixture = Fixture::new();
    fixture.dataset("d", SIDE, 3, [64, 64]);
    fixture.succeed(&["classifier", "--dataset", "d", "--out", "c3"]);
    fixture.dataset("other", SIDE, 2, [64, 64]);
    fixture.dataset("large", 12, 3, [64, 64]);
    fixture.samples("s", SIDE, 3, 64);
    fixture.samples("l", 12, 3, 64);
    fixture.samples("o", SIDE, 2, 64);
    let given = ["--classifier", "c3/classifier.safetensors", "--out", "out"];
    let large = fixture.fail(&[&["--dataset", "large", "--samples", "l"], &given[..]].concat());
    insta::assert_snapshot!(large, @r"
    exit code 3
    error: `c3/classifier.safetensors` has images of 8x8x1, expected 12x12x1 as in the dataset `large`
    hint: give a dataset of these images' size, for a network the one that it was trained on; leave a classifier of another size out, or set `eval.classifier=null`; samples and checkpoint need one size
    ");
    let other = fixture.fail(&[&["--dataset", "other", "--samples", "o"], &given[..]].concat());
    insta::assert_snapshot!(other, @r#"
    exit code 3
    error: `c3/classifier.safetensors` has the classes ["zero", "one", "two"], expected ["zero", "one"] as in the dataset `other`
    hint: give the dataset that the network was trained on; `dcgan-eval classifier` makes a classifier of it, or leave `--classifier` out and set `eval.classifier=null`
    "#);
    let mut file = ClassifierFile::read(&fixture.path("c3/classifier.safetensors")).unwrap();
    file.arrays.remove("f1/w");
    file.write(&fixture.path("c3/classifier.safetensors"))
        .unwrap();
    let partial = fixture.fail(&[&["--dataset", "d", "--samples", "s"], &given[..]].concat());
    insta::assert_snapshot!(partial, @r"
    exit code 3
    error: the classifier `c3/classifier.safetensors` cannot be built
    caused by: `f1/w` has 0 values, expected 32768
    hint: `dcgan-eval classifier` makes another one
    ");
    fixture.dataset("d", SIDE, 0, [64, 64]);
    let unlabelled = fixture.fail(&["classifier", "--dataset", "d", "--out", "out"]);
    insta::assert_snapshot!(unlabelled, @r"
    exit code 3
    error: `d` has no labels, expected a dataset with classes
    hint: give a dataset with labels; without them `dcgan-eval` uses fixed random features
    ");
}
