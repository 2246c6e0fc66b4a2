//! The figures that need no network.

use crate::fixture::{Fixture, SIDE};
use dcgan_artifacts::{DatasetReader, NeighboursFile, Part, Samples};
use dcgan_metrics::{Pixels, nearest, nearest_neighbour_errors};

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
    assert_eq!(pixels["nearest_training_distance"]["value"], 0.0);
    // A classifier taught by the copies errs as one taught by the originals.
    let error = &pixels["nearest_neighbour_error"];
    assert_eq!(error["value"], error["real"]);
}

#[test]
fn figures_are_those_of_the_library() {
    let fixture = Fixture::new();
    let dataset = DatasetReader::open(&fixture.dataset("d", SIDE, 3, [90, 70])).unwrap();
    let samples = Samples::read(&fixture.samples("s", SIDE, 3, 40)).unwrap();
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
    // The ceiling knows as many real images as there are generated ones.
    let n = 40;
    let real = error(
        &train.images[..n * SIDE * SIDE],
        &train.labels.unwrap()[..n],
    );
    assert_eq!(got["real"], real);
    assert!(got["low"].as_f64().unwrap() <= got["value"].as_f64().unwrap());
    let found = nearest(&of(&samples.images), &of(&train.images)).unwrap();
    let distance = found.iter().map(|n| n.squared.sqrt()).sum::<f64>() / n as f64;
    assert_eq!(pixels["nearest_training_distance"]["value"], distance);
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
        (kept.info.first, kept.all.len(), kept.first.len()),
        (40, 70, 70)
    );
    let real = |pixels: &serde_json::Value| pixels["nearest_training_distance"]["real"].clone();
    let pixels = || fixture.json("out/metrics.json")["pixels"].clone();
    let expected = pixels();

    // Distances that nobody would find show that they are taken from the file.
    let mut altered = kept.clone();
    altered.all = vec![(0, 0); 70];
    altered.write(&path).unwrap();
    fixture.succeed(&args);
    assert_eq!(real(&pixels()), 0.0);

    // Of another dataset, with positions beyond the dataset, or damaged, they are found again.
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

    // For another number of images only the smaller search is redone.
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
