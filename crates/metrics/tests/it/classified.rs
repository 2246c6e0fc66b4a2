//! Accuracy, cross-entropy and score of a classifier's logits.

use crate::vectors::{assert_close, bytes, floats, measures, size};
use dcgan_metrics::{Classified, Error};

#[test]
fn figures_are_those_of_scipy_and_torch_fidelity() {
    let vectors = &measures()["classified"];
    let classified =
        Classified::new(&floats(&vectors["logits"]), size(&vectors["classes"])).unwrap();
    let labels = bytes(&vectors["labels"]);
    let n = labels.len() as f64;
    let hits = classified
        .hits(&labels)
        .unwrap()
        .into_iter()
        .filter(|&hit| hit)
        .count() as f64;
    assert_close(hits / n, vectors["accuracy"].as_f64().unwrap());
    let entropies = classified.cross_entropies(&labels).unwrap();
    assert_close(
        entropies.iter().sum::<f64>() / n,
        vectors["cross_entropy"].as_f64().unwrap(),
    );
    assert_close(classified.score(), vectors["score"].as_f64().unwrap());
}

#[test]
fn the_score_runs_from_one_to_the_number_of_classes() {
    let alike = Classified::new(&[5.0, 0.0, 5.0, 0.0], 2).unwrap();
    assert_close(alike.score(), 1.0);
    // The other class has probability 0 in f64.
    let certain = Classified::new(&[2000.0, 0.0, 0.0, 2000.0], 2).unwrap();
    assert_close(certain.score(), 2.0);
    // Splits of one image have only one class.
    assert_close(certain.score_over_splits(2, 0).unwrap().value, 1.0);
}

#[test]
fn ties_go_to_the_first_class() {
    let classified = Classified::new(&[1.0, 1.0, 0.0, 0.0, 2.0, 2.0], 3).unwrap();
    assert_eq!(classified.predictions(), [0, 1]);
    assert_eq!(classified.hits(&[0, 2]).unwrap(), [true, false]);
}

#[test]
fn what_does_not_fit_is_named() {
    assert!(matches!(Classified::new(&[], 2), Err(Error::TooFew { .. })));
    assert!(matches!(
        Classified::new(&[0.0; 3], 2),
        Err(Error::Length { .. })
    ));
    assert!(matches!(
        Classified::new(&[f32::NAN, 0.0], 2),
        Err(Error::NotFinite { .. })
    ));
    let classified = Classified::new(&[0.0, 1.0], 2).unwrap();
    let error = classified.cross_entropies(&[2]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`label` is 2, expected a number below the number of classes"
    );
    assert!(matches!(
        classified.hits(&[0, 1]),
        Err(Error::Length {
            array: "labels",
            ..
        })
    ));
    assert!(classified.score_over_splits(2, 0).is_err());
    assert!(classified.score_over_splits(0, 0).is_err());
}
