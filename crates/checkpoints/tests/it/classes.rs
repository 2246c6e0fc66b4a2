//! What a typed class means.

use dcgan_checkpoints::ClassChoice;

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn a_name_goes_before_a_number() {
    let swapped = names(&["1", "0", "cat"]);
    let resolve = |typed| ClassChoice::resolve(Some(typed), &swapped).unwrap();
    assert_eq!(resolve("1"), ClassChoice::Only(0));
    assert_eq!(resolve("0"), ClassChoice::Only(1));
    assert_eq!(resolve("cat"), ClassChoice::Only(2));
    assert_eq!(resolve("2"), ClassChoice::Only(2));
}

#[test]
fn without_one_all_take_turns() {
    let three = ClassChoice::resolve(None, &names(&["a", "b", "c"])).unwrap();
    assert_eq!(three.classes(4, 4), Some(vec![1, 2, 0, 1]));
    let none = ClassChoice::resolve(None, &[]).unwrap();
    assert_eq!(none, ClassChoice::Unlabelled);
    assert_eq!(none.classes(0, 3), None);
    assert_eq!(three.each(), [Some(0), Some(1), Some(2)]);
    assert_eq!(ClassChoice::Only(2).each(), [Some(2)]);
    assert_eq!(none.each(), [None]);
}

#[test]
fn the_last_of_256_classes_has_a_number() {
    let many: Vec<String> = (0..256).map(|class| format!("c{class}")).collect();
    assert_eq!(
        ClassChoice::resolve(Some("255"), &many).unwrap(),
        ClassChoice::Only(255)
    );
    assert_eq!(ClassChoice::Cycle { classes: 256 }.class(511), Some(255));
    let each = ClassChoice::Cycle { classes: 256 }.each();
    assert_eq!((each.len(), each[255]), (256, Some(255)));
    let error = ClassChoice::resolve(Some("256"), &many)
        .unwrap_err()
        .to_string();
    assert!(error.ends_with("`c39` and 216 more"), "{error}");
}
