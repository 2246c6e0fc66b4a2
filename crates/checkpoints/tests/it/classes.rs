//! Resolving a typed class.

use crate::support::{info, labelled, unlabelled};
use dcgan_artifacts::NetworkInfo;
use dcgan_checkpoints::ClassChoice;

fn network(names: &[&str]) -> NetworkInfo {
    NetworkInfo {
        class_names: names.iter().map(|&name| name.to_owned()).collect(),
        ..info(&labelled())
    }
}

#[test]
fn a_name_goes_before_a_number() {
    let swapped = network(&["1", "0", "cat"]);
    let resolve = |typed| ClassChoice::resolve(Some(typed), &swapped).unwrap();
    assert_eq!(resolve("1"), ClassChoice::Only(0));
    assert_eq!(resolve("0"), ClassChoice::Only(1));
    assert_eq!(resolve("cat"), ClassChoice::Only(2));
    assert_eq!(resolve("2"), ClassChoice::Only(2));
}

#[test]
fn without_one_all_take_turns() {
    let three = ClassChoice::resolve(None, &network(&["a", "b", "c"])).unwrap();
    assert_eq!(three.classes(4, 4), Some(vec![1, 2, 0, 1]));
    let none = ClassChoice::resolve(None, &info(&unlabelled())).unwrap();
    assert_eq!(none, ClassChoice::Unlabelled);
    assert_eq!(none.classes(0, 3), None);
    assert_eq!(three.each(), [Some(0), Some(1), Some(2)]);
    assert_eq!(ClassChoice::Only(2).each(), [Some(2)]);
    assert_eq!(none.each(), [None]);
}

#[test]
fn classes_that_were_not_trained_take_no_turn_and_are_refused_by_name() {
    let network = NetworkInfo {
        untrained_classes: vec![3, 0],
        ..network(&["0", "1", "2", "3", "4"])
    };
    let turns = ClassChoice::resolve(None, &network).unwrap();
    assert_eq!(turns.classes(0, 5), Some(vec![1, 2, 4, 1, 2]));
    assert_eq!(turns.each(), [Some(1), Some(2), Some(4)]);
    assert_eq!(
        ClassChoice::resolve(Some("4"), &network).unwrap(),
        ClassChoice::Only(4)
    );
    let refused = |typed| {
        ClassChoice::resolve(Some(typed), &network)
            .unwrap_err()
            .to_string()
    };
    insta::assert_snapshot!(refused("3"), @"class `3` was never trained, as no training picture had it: this model draws `1`, `2`, `4`");
    insta::assert_snapshot!(refused("5"), @"no class `5`: this model has `1`, `2`, `4`");
}

#[test]
fn the_last_of_256_classes_has_a_number() {
    let names: Vec<String> = (0..256).map(|class| format!("c{class}")).collect();
    let many = NetworkInfo {
        class_names: names,
        ..info(&labelled())
    };
    assert_eq!(
        ClassChoice::resolve(Some("255"), &many).unwrap(),
        ClassChoice::Only(255)
    );
    let all = ClassChoice::resolve(None, &many).unwrap();
    assert_eq!(all.class(511), Some(255));
    let each = all.each();
    assert_eq!((each.len(), each[255]), (256, Some(255)));
    let error = ClassChoice::resolve(Some("256"), &many)
        .unwrap_err()
        .to_string();
    assert!(error.ends_with("`c39` and 216 more"), "{error}");
}
