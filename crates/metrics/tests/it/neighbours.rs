//! Nearest neighbours: manifold measures, 1-NN error, memorisation, duplicates.

use crate::vectors::{assert_close, bytes, doubles, floats, measures, size};
use dcgan_metrics::{
    Error, Features, Pixels, duplicates, manifold, memorised, nearest, nearest_neighbour_errors,
};
use dcgan_random::{Purpose, Stream};
use proptest::prelude::*;

#[test]
fn manifold_measures_are_those_of_prdc() {
    let vectors = measures();
    let d = size(&vectors["d"]);
    let (real, generated) = (floats(&vectors["real"]), floats(&vectors["generated"]));
    let real = Features::new(&real, d).unwrap();
    let few = Features::new(&generated, d)
        .unwrap()
        .rows(0..size(&vectors["few"]));
    for (k, expected) in vectors["manifold"].as_object().unwrap() {
        let got = manifold(&real, &few, k.parse().unwrap()).unwrap();
        for (name, got) in [
            ("precision", got.precision()),
            ("recall", got.recall()),
            ("density", got.density()),
            ("coverage", got.coverage()),
        ] {
            assert_close(got, expected[name].as_f64().unwrap());
        }
    }
}

#[test]
fn manifold_measures_by_hand() {
    // Real points on a line at 0, 1, 3; balls to the nearest other: radii 1, 1, 2. Generated at
    // 0.5, 0.6, 9: radii 0.1, 0.1, 8.4.
    let real = Features::new(&[0.0, 1.0, 3.0], 1).unwrap();
    let generated = Features::new(&[0.5, 0.6, 9.0], 1).unwrap();
    let got = manifold(&real, &generated, 1).unwrap();
    assert_eq!(got.is_precise, [true, true, false]);
    // 3 and 1 are within 8.4 of 9, at distances 6 and 8.
    assert_eq!(got.is_recalled, [false, true, true]);
    assert_eq!(got.densities, [2.0, 2.0, 0.0]);
    assert_eq!(got.is_covered, [true, true, false]);
    assert!(matches!(
        manifold(&real, &generated, 0),
        Err(Error::OutOfRange { .. })
    ));
    assert!(matches!(
        manifold(&real, &generated, 3),
        Err(Error::TooFew { expected: 4, .. })
    ));
}

#[test]
fn nearest_images_are_those_of_scikit_learn_and_ties_go_to_the_first() {
    let vectors = &measures()["neighbours"];
    let d = size(&vectors["d"]);
    let (train, test) = (bytes(&vectors["train"]), bytes(&vectors["test"]));
    let (train, test) = (
        Pixels::new(&train, d).unwrap(),
        Pixels::new(&test, d).unwrap(),
    );
    let found = nearest(&test, &train).unwrap();
    let expected = doubles(&vectors["indices"])
        .into_iter()
        .zip(doubles(&vectors["squared"]));
    for (got, (index, squared)) in found.iter().zip(expected) {
        assert_eq!((got.index as f64).to_bits(), index.to_bits());
        assert_eq!(got.squared.to_bits(), squared.to_bits());
    }
    let (train_labels, test_labels) = (
        bytes(&vectors["train_labels"]),
        bytes(&vectors["test_labels"]),
    );
    let errors = nearest_neighbour_errors(&train, &train_labels, &test, &test_labels).unwrap();
    let share = errors.iter().filter(|&&wrong| wrong).count() as f64 / errors.len() as f64;
    assert_close(share, vectors["error"].as_f64().unwrap());
    let short = nearest_neighbour_errors(&train, &train_labels[1..], &test, &test_labels);
    assert!(matches!(
        short,
        Err(Error::Length {
            array: "train_labels",
            ..
        })
    ));
}

fn random_pixels(n: usize, index: u64) -> Vec<u8> {
    let mut stream = Stream::new(4, Purpose::Synthetic, index);
    // Mostly black and white, the hardest case for exact sums.
    (0..n)
        .map(|_| match stream.below(4) {
            0 => 0,
            1 => 255,
            _ => u8::try_from(stream.below(256)).unwrap(),
        })
        .collect()
}

fn naive(queries: &[u8], references: &[u8], d: usize) -> Vec<(usize, i64)> {
    queries
        .chunks(d)
        .map(|q| {
            let squared = |r: &[u8]| -> i64 {
                q.iter()
                    .zip(r)
                    .map(|(&q, &r)| (i64::from(q) - i64::from(r)).pow(2))
                    .sum()
            };
            let all = references.chunks(d).map(squared).enumerate();
            all.min_by_key(|&(index, squared)| (squared, index))
                .unwrap()
        })
        .collect()
}

fn assert_exact(queries: &[u8], references: &[u8], d: usize) {
    let found = nearest(
        &Pixels::new(queries, d).unwrap(),
        &Pixels::new(references, d).unwrap(),
    )
    .unwrap();
    for (got, (index, squared)) in found.iter().zip(naive(queries, references, d)) {
        assert_eq!(
            (got.index, got.squared.to_bits()),
            (index, (squared as f64).to_bits())
        );
    }
}

#[test]
fn pixel_distances_are_exact_beyond_the_integers_of_a_float() {
    // 4,100 coordinates of black against white: squares up to 2.7e8, far above 2^24.
    let (queries, references) = (random_pixels(7 * 4100, 1), random_pixels(9 * 4100, 2));
    assert_exact(&queries, &references, 4100);
    assert_exact(&[0; 5000], &[255; 5000], 5000);
}

#[test]
fn nothing_is_lost_at_the_edges_of_blocks() {
    let (queries, references) = (random_pixels(300 * 2, 3), random_pixels(8200 * 2, 4));
    assert_exact(&queries, &references, 2);
}

#[test]
fn copies_are_found() {
    // The test images' distances are 1 to 100; their 1 % quantile is 1.99.
    let test: Vec<f64> = (1..=100).map(|i| f64::from(i * i)).collect();
    let got = memorised(&[0.0, 3.9, 4.0, 400.0], &test, 0.01).unwrap();
    assert_eq!(got, [true, true, false, false]);
    assert!(memorised(&[], &test, 0.01).is_err());
    let images = [1, 2, 3, 4, 1, 2, 5, 6, 1, 2, 3, 4];
    assert_eq!(duplicates(&Pixels::new(&images, 2).unwrap()), 3);
    assert_eq!(duplicates(&Pixels::new(&images, 4).unwrap()), 1);
}

proptest! {
    #[test]
    fn nearest_is_its_definition(
        d in 1_usize..40, queries in 1_usize..12, references in 1_usize..12, seed in 0_u64..1000,
    ) {
        assert_exact(&random_pixels(queries * d, seed), &random_pixels(references * d, seed + 1), d);
    }
}
