//! Latent arithmetic: the files are decoded and compared with the images of the terms.

use crate::pictures::{cell, places, png};
use crate::support::Place;
use dcgan_checkpoints::LoadedGenerator;
use std::fs;

#[test]
fn a_row_shows_the_terms_and_the_sum() {
    for (place, h, w) in places() {
        let options = ["--mode", "arithmetic", "--seeds", "4", "--expr"];
        let expression = "mean(0,3) - 0.5*image 3 + seed 7";
        let outcome = place.sample("out", &[&options[..], &[expression]].concat());
        assert_eq!(outcome.code, 0, "{outcome:?}");
        assert_eq!(
            place.names("out"),
            ["arithmetic.json", "arithmetic.png", "manifest.json"]
        );
        let model = LoadedGenerator::load(&place.path("model.safetensors")).unwrap();
        let classes = model.info().class_names.len();
        let rows = classes.max(1);
        let grid = png(&place, "out/arithmetic.png");
        assert_eq!(
            (grid.height(), grid.width()),
            (rows * (h + 2) - 2, 4 * (w + 2) - 2)
        );
        for row in 0..rows {
            let cells: Vec<_> = (0..4)
                .map(|column| cell(&grid, [h, w], row, column))
                .collect();
            let class = row.to_string();
            let class = if classes > 0 {
                &["--class", class.as_str()][..]
            } else {
                &[]
            };
            let plain = |out: &str, seed: &str| {
                let out = format!("{out}-{row}");
                place
                    .samples(&out, &[class, &["--n", "4", "--seeds", seed]].concat())
                    .images
            };
            let size = model.image_bytes();
            assert_eq!(cells[1], plain("of-4", "4")[3 * size..]);
            assert_eq!(cells[2], plain("of-7", "7")[..size]);
            assert!(cells[0] != cells[1] && cells[3] != cells[2]);
        }

        let numbers: serde_json::Value =
            serde_json::from_slice(&fs::read(place.path("out/arithmetic.json")).unwrap()).unwrap();
        assert_eq!(numbers["columns"][1]["factor"], -0.5);
        assert_eq!(numbers["columns"][0]["vector"], "mean(0,3)");
        // mean(0,3) - image 3 / 2 = image 0 / 2.
        let (first, other) = (model.latents(4, 0, 1), model.latents(7, 0, 1));
        let z = numbers["z"].as_array().unwrap();
        assert_eq!(z.len(), first.len());
        for (i, z) in z.iter().enumerate() {
            let expected = f64::from(first[i]) / 2.0 + f64::from(other[i]);
            assert!((z.as_f64().unwrap() - expected).abs() < 1e-6, "{i}");
        }
    }
}

#[test]
fn terms_that_cancel_leave_the_other() {
    let place = Place::labelled();
    let options = ["--mode", "arithmetic", "--class", "one", "--expr"];
    let expression = ["- seed 5 + image 2 + 2 * seed 5 - seed 5"];
    let outcome = place.sample("out", &[&options[..], &expression].concat());
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let grid = png(&place, "out/arithmetic.png");
    assert_eq!((grid.height(), grid.width()), (8, 5 * 10 - 2));
    let sum = cell(&grid, [8, 8], 0, 4);
    assert_eq!(sum, cell(&grid, [8, 8], 0, 1));
    assert_ne!(sum, cell(&grid, [8, 8], 0, 0));
}

#[test]
fn what_can_not_be_added_is_named() {
    let place = Place::unlabelled();
    let failure = |options: &[&str]| {
        let failure = place.sample("out", &[&["--mode", "arithmetic"], options].concat());
        assert!(!place.path("out").exists());
        failure.failure()
    };
    insta::assert_snapshot!(failure(&[]), @r"
    exit code 2
    error: `--mode arithmetic` needs `--expr EXPRESSION`
    hint: `--help` shows an example
    ");
    insta::assert_snapshot!(failure(&["--expr", "mean(1,2) + smile"]), @r"
    exit code 2
    error: `--expr mean(1,2) + smile`: expected `mean(`, `image`, `seed` or a factor at character 13, found `smile`
    hint: write it as `mean(3,8,9) - mean(1,4) + 0.5 * seed 7`
    ");
    insta::assert_snapshot!(failure(&["--expr", "seed 1", "--class", "1"]), @r"
    exit code 2
    error: class `1` was asked for, but this model was trained without labels
    hint: leave the class out, or take a model of `train.network: labelled`
    ");
}
