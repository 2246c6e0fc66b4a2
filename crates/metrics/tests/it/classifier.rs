//! The classifier learns, is reproducible, and survives a round trip through arrays.

use dcgan_metrics::{Classified, Classifier, ClassifierConfig, Error, FEATURES};
use dcgan_random::{Purpose, Stream};

const CONFIG: ClassifierConfig = ClassifierConfig {
    height: 12,
    width: 10,
    channels: 1,
    classes: 3,
};

/// Bars across, bars down and plain noise, each of random strength.
fn images(n: usize, seed: u64) -> (Vec<u8>, Vec<u8>) {
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for i in 0..n as u64 {
        let mut stream = Stream::new(seed, Purpose::Synthetic, i);
        let label = u8::try_from(stream.below(3)).unwrap();
        let strength = 60 + stream.below(60);
        for y in 0..12_u32 {
            for x in 0..10_u32 {
                let is_lit = match label {
                    0 => y % 4 < 2,
                    1 => x % 4 < 2,
                    _ => stream.below(2) == 1,
                };
                let value = if is_lit {
                    128 + strength
                } else {
                    128 - strength
                };
                pixels.push(u8::try_from(value).unwrap());
            }
        }
        labels.push(label);
    }
    (pixels, labels)
}

fn trained(seed: u64) -> Classifier {
    let (pixels, labels) = images(640, 1);
    let mut classifier = Classifier::init(CONFIG, seed);
    classifier
        .train(&pixels, &labels, 3, seed, |_, _, _| true)
        .unwrap();
    classifier
}

#[test]
fn it_learns_what_it_has_not_seen() {
    let (pixels, labels) = images(300, 2);
    let reading = trained(0).read(&pixels).unwrap();
    let classified = Classified::new(&reading.logits, 3).unwrap();
    let hits = classified
        .hits(&labels)
        .unwrap()
        .into_iter()
        .filter(|&hit| hit)
        .count();
    assert!(hits >= 294, "{hits} of 300");
    assert_eq!(reading.features.len(), 300 * FEATURES);
}

#[test]
fn equal_seeds_give_equal_bytes_and_arrays_bring_it_back() {
    let arrays = trained(0).arrays();
    assert_eq!(arrays, trained(0).arrays());
    assert_ne!(arrays, trained(1).arrays());
    let again = Classifier::from_arrays(CONFIG, &arrays).unwrap();
    assert_eq!(again.arrays(), arrays);
}

#[test]
fn a_reading_depends_on_its_image_alone() {
    let (pixels, _) = images(130, 3);
    let classifier = Classifier::init(CONFIG, 0);
    let whole = classifier.read(&pixels).unwrap();
    let size = 12 * 10;
    let one = classifier.read(&pixels[100 * size..101 * size]).unwrap();
    assert_eq!(one.features, whole.features[100 * FEATURES..101 * FEATURES]);
    assert_eq!(one.logits, whole.logits[300..303]);
}

#[test]
fn the_loss_falls_and_training_can_be_stopped() {
    let (pixels, labels) = images(640, 1);
    let mut classifier = Classifier::init(CONFIG, 0);
    let mut losses = Vec::new();
    let report = |step: usize, steps: usize, loss: f64| {
        assert_eq!(steps, 20);
        losses.push(loss);
        step < 15
    };
    classifier.train(&pixels, &labels, 2, 0, report).unwrap();
    assert_eq!(losses.len(), 15);
    assert!(losses[14] < losses[0] / 3.0, "{losses:?}");
}

#[test]
fn what_does_not_fit_is_named() {
    let (pixels, mut labels) = images(64, 1);
    let mut classifier = Classifier::init(CONFIG, 0);
    let mut train = |pixels: &[u8], labels: &[u8]| {
        classifier
            .train(pixels, labels, 1, 0, |_, _, _| true)
            .unwrap_err()
    };
    assert!(matches!(
        train(&pixels, &labels[1..]),
        Error::TooFew {
            expected: 64,
            got: 63,
            ..
        }
    ));
    assert!(matches!(
        train(&pixels[1..], &labels),
        Error::Length {
            array: "images",
            ..
        }
    ));
    labels[5] = 3;
    assert!(matches!(
        train(&pixels, &labels),
        Error::OutOfRange {
            argument: "label",
            ..
        }
    ));
    let mut arrays = classifier.arrays();
    arrays.remove("f1/w");
    let error = Classifier::from_arrays(CONFIG, &arrays).unwrap_err();
    assert_eq!(error.to_string(), "`f1/w` has 0 values, expected 73728");
    assert!(classifier.read(&pixels[1..]).is_err());
}

/// 25 x 32 + 25 x 32 x 64 + 576 x 128 + 128 x 3 + 3, and four numbers per normalised feature.
#[test]
fn the_number_of_weights_is_known() {
    let arrays = Classifier::init(CONFIG, 0).arrays();
    let count: usize = arrays.values().map(|(_, values)| values.len()).sum();
    assert_eq!(count, 800 + 51_200 + 73_728 + 384 + 3 + 4 * (32 + 64 + 128));
}
