//! The score during training equals the measures of an evaluation.

use dcgan_metrics::{
    Classified, Classifier, ClassifierConfig, Error, FEATURES, Features, Gaussian, Scorer,
    frechet_distance,
};

const CONFIG: ClassifierConfig = ClassifierConfig {
    height: 8,
    width: 8,
    channels: 1,
    classes: 3,
};

fn noise(n: usize, index: u64) -> Vec<u8> {
    dcgan_testkit::noise(3, index, n * 64)
}

fn classifier() -> Classifier {
    Classifier::init(CONFIG, 5)
}

#[test]
fn it_is_made_of_the_measures_of_an_evaluation() {
    let (real, images) = (noise(130, 0), noise(70, 1));
    let classes: Vec<u8> = (0..70).map(|i| i % 3).collect();
    let real_features = classifier().read(&real).unwrap().features;
    let scorer = Scorer::new(classifier(), &real_features).unwrap();
    let reading = classifier().read(&images).unwrap();
    // In two parts: the same.
    let mut in_parts = scorer.read(&images[..33 * 64]).unwrap();
    let rest = scorer.read(&images[33 * 64..]).unwrap();
    in_parts.logits.extend(rest.logits);
    in_parts.features.extend(rest.features);
    assert_eq!(in_parts, reading);
    let score = scorer.score(&reading, Some(&classes)).unwrap();

    let gaussian = |features| Gaussian::of(&Features::new(features, FEATURES).unwrap()).unwrap();
    let distance =
        frechet_distance(&gaussian(&real_features), &gaussian(&reading.features)).unwrap();
    assert_eq!(score.frechet_distance.to_bits(), distance.to_bits());
    assert!(distance > 0.0);
    let hits = Classified::new(&reading.logits, 3).unwrap().hits(&classes);
    let n_hits = hits.unwrap().iter().filter(|&&hit| hit).count();
    assert_eq!(score.class_accuracy, Some(n_hits as f64 / 70.0));

    let unlabelled = scorer.score(&reading, None).unwrap();
    assert_eq!(unlabelled.class_accuracy, None);
    assert_eq!(
        unlabelled.frechet_distance.to_bits(),
        score.frechet_distance.to_bits()
    );
}

#[test]
fn real_images_are_nearer_than_images_of_another_kind() {
    let features = classifier().read(&noise(130, 0)).unwrap().features;
    let scorer = Scorer::new(classifier(), &features).unwrap();
    let distance = |images: &[u8]| {
        let score = scorer.score(&scorer.read(images).unwrap(), None);
        score.unwrap().frechet_distance
    };
    let dark: Vec<u8> = noise(130, 2).iter().map(|&byte| byte / 4).collect();
    assert!(distance(&noise(130, 2)) < distance(&dark));
}

#[test]
fn too_few_images_and_other_lengths_are_refused() {
    assert!(matches!(
        Scorer::new(classifier(), &[0.5; FEATURES]),
        Err(Error::TooFew { got: 1, .. })
    ));
    let features = classifier().read(&noise(9, 0)).unwrap().features;
    let scorer = Scorer::new(classifier(), &features).unwrap();
    assert!(matches!(
        scorer.score(&scorer.read(&noise(1, 1)).unwrap(), None),
        Err(Error::TooFew { got: 1, .. })
    ));
    let images = noise(4, 1);
    let incomplete = scorer.read(&images[1..]);
    assert!(matches!(incomplete, Err(Error::Length { .. })));
    let reading = scorer.read(&images).unwrap();
    let of_three = scorer.score(&reading, Some(&[0, 1, 2]));
    assert!(matches!(of_three, Err(Error::Length { .. })));
}
