//! The figures of pixels.

use crate::fixture::{Fixture, SIDE};
use dcgan_artifacts::{
    DatasetInfo, DatasetReader, NeighboursFile, Part, PartData, Samples, write_dataset,
};
use dcgan_metrics::{Pixels, nearest, nearest_neighbour_errors};
use std::collections::BTreeMap;

fn mean(flags: &[bool]) -> f64 {
    flags.iter().filter(|&&flag| flag).count() as f64 / flags.len() as f64
}

#[test]
fn copies_of_training_images_are_called_so() {
    let fixture = Fixture::new();
    let dataset = DatasetReader::open(&fixture.dataset("d", SIDE, 3, [90, 70])).unwrap();
    let train = dataset.read_part(Part::Train).unwrap();
    // The first image twice, then each once: 91 images, one duplicate.
    let first = train.images[..SIDE * SIDE].to_vec();
    let copies = Samples {
        images: [first, train.images].concat(),
        labels: train
            .labels
            .map(|labels| [vec![labels[0]], labels].concat()),
        n: 91,
        height: SIDE,
        width: SIDE,
        channels: 1,
        seeds: Vec::new(),
        model_sha256: None,
    };
    copies.write(&fixture.path("s")).unwrap();
    fixture.succeed(&["--dataset", "d", "--samples", "s", "--out", "out"]);
    let pixels = &fixture.json("out/metrics.json")["pixels"];
    assert_eq!(pixels["duplicates"], 1);
    assert_eq!(pixels["memorised"]["value"], 1.0);
    // By definition of the quantile.
    assert_eq!(pixels["memorised"]["real"], 0.01);
    assert_eq!(pixels["memorised"]["real_by_construction"], true);
    assert_eq!(pixels["nearest_training_distance"]["value"], 0.0);
    // A classifier trained on the copies has the same errors as one trained on the originals.
    let error = &pixels["nearest_neighbour_error"];
    assert_eq!(error["value"], error["real"]);
    let page = std::fs::read_to_string(fixture.path("out/report.html")).unwrap();
    assert!(!page.contains(NO_COPIES));
}

/// How the page says that images may be near to training images without being copies.
const NO_COPIES: &str = "Memorised may mislead here: ";

/// Such as those of a generator after its first steps: grey is nearer to any image of noise than
/// another image of noise is.
#[test]
fn grey_images_are_near_to_training_images_and_may_be_no_copies() {
    let fixture = Fixture::new();
    fixture.dataset("d", SIDE, 3, [90, 70]);
    let (n, side) = (60, SIDE * SIDE);
    let images = crate::fixture::noise(n * side, 9);
    let images = images.into_iter().map(|value| 120 + value / 16).collect();
    let grey = Samples {
        images,
        labels: None,
        n,
        height: SIDE,
        width: SIDE,
        channels: 1,
        seeds: Vec::new(),
        model_sha256: None,
    };
    grey.write(&fixture.path("s")).unwrap();
    let stdout = fixture.succeed(&["--dataset", "d", "--samples", "s", "--out", "out"]);
    let metrics = fixture.json("out/metrics.json");
    assert_eq!(metrics["pixels"]["memorised"]["value"], 1.0);
    assert_eq!(metrics["quality"]["recall"]["value"], 0.0);
    let page = std::fs::read_to_string(fixture.path("out/report.html")).unwrap();
    for said in [stdout, page] {
        assert!(said.contains(NO_COPIES), "{said}");
    }
}

#[test]
fn figures_are_those_of_the_library() {
    let fixture = Fixture::new();
    let dataset = DatasetReader::open(&fixture.dataset("d", SIDE, 3, [90, 70])).unwrap();
    let n = 90;
    let samples = Samples::read(&fixture.samples("s", SIDE, 3, n)).unwrap();
    fixture.succeed(&["--dataset", "d", "--samples", "s", "--out", "out"]);
    let pixels = &fixture.json("out/metrics.json")["pixels"];
    let (train, test) = (
        dataset.read_part(Part::Train).unwrap(),
        dataset.read_part(Part::Test).unwrap(),
    );
    let of = |values| Pixels::new(values, SIDE * SIDE).unwrap();
    let test_labels = test.labels.unwrap();
    let error = |images, labels: &[u8]| {
        let errors = nearest_neighbour_errors(&of(images), labels, &of(&test.images), &test_labels);
        mean(&errors.unwrap())
    };
    let got = &pixels["nearest_neighbour_error"];
    assert_eq!(
        got["value"],
        error(&samples.images, &samples.labels.unwrap())
    );
    // The value for real images uses as many as there are generated ones: here all of them.
    let real = error(&train.images, &train.labels.unwrap());
    assert_eq!(got["real"], real);
    assert!(got["low"].as_f64().unwrap() <= got["value"].as_f64().unwrap());
    let found = nearest(&of(&samples.images), &of(&train.images)).unwrap();
    let distance = found.iter().map(|n| n.squared.sqrt()).sum::<f64>() / n as f64;
    assert_eq!(pixels["nearest_training_distance"]["value"], distance);
}

/// A training part sorted by class, like a folder: its first images are of the first class.
#[test]
fn the_ceiling_of_the_error_knows_images_of_every_class() {
    let fixture = Fixture::new();
    let side = SIDE * SIDE;
    // Three classes of different greys, with a little noise.
    let part = |n: usize, seed: u8| {
        let mut labels: Vec<u8> = (0..n).map(|i| u8::try_from(i % 3).unwrap()).collect();
        labels.sort_unstable();
        let pixel = |(i, label): (usize, &u8)| {
            let noise = u8::try_from((i * 7 + usize::from(seed)) % 11).unwrap();
            vec![100 * label + noise; side]
        };
        let images = labels.iter().enumerate().flat_map(pixel).collect();
        PartData {
            images,
            labels: Some(labels),
            n,
        }
    };
    let info = DatasetInfo {
        name: "greys".into(),
        class_names: Fixture::class_names(3),
        height: SIDE,
        width: SIDE,
        channels: 1,
        sources: Vec::new(),
    };
    let parts = BTreeMap::from([(Part::Train, part(300, 1)), (Part::Test, part(60, 2))]);
    write_dataset(&fixture.path("d"), &info, &parts).unwrap();
    fixture.samples("s", SIDE, 3, 30);
    fixture.succeed(&["--dataset", "d", "--samples", "s", "--out", "out"]);
    let error = &fixture.json("out/metrics.json")["pixels"]["nearest_neighbour_error"];
    assert_eq!(error["real"], 0.0);
    // The nearest image of every test image is of the same class.
    let kept = NeighboursFile::read(&fixture.path("out/neighbours.safetensors")).unwrap();
    assert_eq!(kept.info.first, 30);
    let mut found: Vec<u64> = kept.first.iter().map(|(at, _)| at / 100).collect();
    found.dedup();
    assert_eq!(found, [0, 1, 2]);
}

#[test]
fn kept_neighbours_are_used_for_their_dataset_alone() {
    let fixture = Fixture::new();
    let dataset = fixture.dataset("d", SIDE, 3, [90, 70]);
    fixture.samples("s", SIDE, 3, 40);
    let args = [
        "--dataset",
        "d",
        "--samples",
        "s",
        "--out",
        "out",
        "--force",
    ];
    fixture.succeed(&args);
    let fresh = fixture.files("out");
    let path = fixture.path("out/neighbours.safetensors");
    let kept = NeighboursFile::read(&path).unwrap();
    let of = DatasetReader::open(&dataset).unwrap();
    assert_eq!(kept.info.dataset_sha256, of.content_sha256());
    assert_eq!(
        (
            kept.info.first,
            kept.info.draw,
            kept.all.len(),
            kept.first.len()
        ),
        (40, Some(0), 70, 70)
    );
    let real = |pixels: &serde_json::Value| pixels["nearest_training_distance"]["real"].clone();
    let pixels = || fixture.json("out/metrics.json")["pixels"].clone();
    let expected = pixels();

    // Impossible distances show that they are read from the file.
    let mut altered = kept.clone();
    altered.all = vec![(0, 0); 70];
    altered.write(&path).unwrap();
    fixture.succeed(&args);
    assert_eq!(real(&pixels()), 0.0);

    // They are computed again if they are of another dataset, out of range, or damaged.
    let mut other = altered.clone();
    other.info.dataset_sha256 = "0".repeat(64);
    let mut beyond = altered.clone();
    beyond.all[0].0 = 90;
    for unfit in [other, beyond] {
        unfit.write(&path).unwrap();
        fixture.succeed(&args);
        assert_eq!(pixels(), expected);
        assert_eq!(fixture.files("out"), fresh);
    }
    let mut bytes = std::fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    dcgan_artifacts::write_atomic(&path, &bytes).unwrap();
    fixture.succeed(&args);
    assert_eq!(fixture.files("out"), fresh);

    // For another draw, another number of images or the first images (as in older files), only the
    // smaller search is repeated.
    let mut of_version_1 = altered.clone();
    of_version_1.info.draw = None;
    of_version_1.first = vec![(0, 0); 70];
    of_version_1.write(&path).unwrap();
    fixture.succeed(&args);
    let again = NeighboursFile::read(&path).unwrap();
    assert_eq!((&again.first, &again.all), (&kept.first, &altered.all));
    fixture.succeed(&[&args[..], &["--set", "eval.seed=1"]].concat());
    let again = NeighboursFile::read(&path).unwrap();
    assert_eq!((again.info.draw, &again.all), (Some(1), &altered.all));
    assert_ne!(again.first, kept.first);
    altered.write(&path).unwrap();
    fixture.samples("s", SIDE, 3, 41);
    fixture.succeed(&args);
    let again = NeighboursFile::read(&path).unwrap();
    assert_eq!((again.info.first, &again.all), (41, &altered.all));
}

#[test]
fn what_needs_labels_or_a_test_part_is_absent_without() {
    let fixture = Fixture::new();
    fixture.dataset("d", SIDE, 0, [90, 70]);
    fixture.samples("s", SIDE, 0, 40);
    fixture.succeed(&["--dataset", "d", "--samples", "s", "--out", "out"]);
    let pixels = &fixture.json("out/metrics.json")["pixels"];
    assert!(pixels.get("nearest_neighbour_error").is_none());
    assert!(pixels.get("memorised").is_some());
    fixture.dataset("d", SIDE, 0, [90, 0]);
    fixture.succeed(&["--dataset", "d", "--samples", "s", "--out", "out"]);
    let pixels = fixture.json("out/metrics.json")["pixels"].clone();
    assert_eq!(pixels, serde_json::json!({ "duplicates": 0 }));
}
