//! The nearest training images, compared with a plain search.

use crate::pictures::{cell, places, png};
use crate::support::Place;
use dcgan_artifacts::{DatasetInfo, Part, PartData, Samples, write_dataset};
use std::collections::BTreeMap;
use std::fs;

/// Writes a dataset of `images` of the shape of `like`, all of the only class.
fn write_images(place: &Place, like: &Samples, images: &[u8]) {
    let n = images.len() / (like.height * like.width * like.channels);
    let info = DatasetInfo {
        name: "mine".into(),
        class_names: vec!["a".into()],
        height: like.height,
        width: like.width,
        channels: like.channels,
        sources: Vec::new(),
    };
    let part = PartData {
        images: images.to_vec(),
        labels: Some(vec![0; n]),
        n,
    };
    let path = place.path("dataset.safetensors");
    write_dataset(&path, &info, &BTreeMap::from([(Part::Train, part)])).unwrap();
}

const OPTIONS: &[&str] = &[
    "--mode",
    "nearest",
    "--n",
    "2",
    "--seeds",
    "3,1",
    "--neighbours",
    "3",
    "--dataset",
];

fn nearest(place: &Place, out: &str, more: &[&str]) -> dcgan_testkit::Outcome {
    let dataset = place.path("dataset.safetensors");
    place.sample(out, &[OPTIONS, &[dataset.to_str().unwrap()], more].concat())
}

#[test]
fn each_sample_has_its_nearest_beside_it_in_order() {
    for (place, h, w) in places() {
        let samples = place.samples("plain", &["--n", "2", "--seeds", "3,1"]);
        let size = h * w * samples.channels;
        // Other images of the model, and a copy of the third sample.
        let mut train = place
            .samples("train", &["--n", "20", "--seeds", "9"])
            .images;
        train.extend_from_slice(&samples.images[2 * size..3 * size]);
        write_images(&place, &samples, &train);
        let outcome = nearest(&place, "out", &[]);
        assert_eq!(outcome.code, 0, "{outcome:?}");
        assert_eq!(
            place.names("out"),
            ["manifest.json", "nearest.json", "nearest.png"]
        );
        let grid = png(&place, "out/nearest.png");
        assert_eq!(
            (grid.height(), grid.width()),
            (4 * (h + 2) - 2, 4 * (w + 2) - 2)
        );
        let json = fs::read(place.path("out/nearest.json")).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        for (row, sample) in samples.images.chunks(size).enumerate() {
            let distance = |image: &[u8]| {
                let squares = sample
                    .iter()
                    .zip(image)
                    .map(|(&a, &b)| f64::from(a) - f64::from(b));
                squares
                    .map(|difference| difference * difference)
                    .sum::<f64>()
            };
            let mut order: Vec<(usize, &[u8])> = train.chunks(size).enumerate().collect();
            order.sort_by(|a, b| distance(a.1).total_cmp(&distance(b.1)));
            assert_eq!(cell(&grid, [h, w], row, 0), sample);
            let of_row = &json["samples"][row];
            assert_eq!(
                (&of_row["seed"], &of_row["image"]),
                (&[3, 3, 1, 1][row].into(), &(row % 2).into())
            );
            for (column, (index, image)) in order[..3].iter().enumerate() {
                assert_eq!(cell(&grid, [h, w], row, column + 1), *image);
                let neighbour = &of_row["nearest"][column];
                assert_eq!(neighbour["index"], *index);
                assert_eq!(neighbour["distance"], distance(image).sqrt());
                assert_eq!(neighbour["label"], 0);
            }
        }
        assert_eq!(json["samples"][2]["nearest"][0]["distance"], 0.0);
        assert_eq!(json["samples"][2]["nearest"][0]["index"], 20);

        let again = nearest(&place, "out", &["--threads", "1"]);
        assert!(again.stdout.contains("is up to date"), "{again:?}");
        write_images(&place, &samples, &train[size..]);
        let other = nearest(&place, "out", &[]);
        assert!(!other.stdout.contains("is up to date"), "{other:?}");
    }
}

#[test]
fn more_neighbours_than_images_are_refused() {
    let place = Place::labelled();
    let samples = place.samples("plain", &["--n", "3"]);
    let size = samples.images.len() / 3;
    write_images(&place, &samples, &samples.images[size..]);
    insta::assert_snapshot!(nearest(&place, "out", &[]).failure(), @r"
    exit code 2
    error: `--neighbours 3`: `[DIR]/dataset.safetensors` holds 2 training images
    hint: use `--neighbours 2` or fewer
    ");
    assert!(!place.path("out").exists());
}

#[test]
fn what_can_not_be_compared_is_named() {
    let place = Place::labelled();
    insta::assert_snapshot!(place.sample("out", &["--mode", "nearest"]).failure(), @r"
    exit code 2
    error: `--mode nearest` needs `--dataset FILE`
    hint: `--help` shows an example
    ");
    insta::assert_snapshot!(nearest(&place, "out", &[]).failure(), @r"
    exit code 3
    error: dataset `[DIR]/dataset.safetensors` does not exist
    hint: `make prepare` makes that of a run, `dcgan-prepare --out FOLDER` one elsewhere; or give another path
    ");
    let other = Place::unlabelled().samples("plain", &["--n", "1"]);
    write_images(&place, &other, &other.images);
    insta::assert_snapshot!(nearest(&place, "out", &[]).failure(), @r"
    exit code 3
    error: `[DIR]/dataset.safetensors` holds images of 18x16x3, the model draws 8x8x1
    hint: use the dataset that the model was trained on
    ");
    assert!(!place.path("out").exists());
}
