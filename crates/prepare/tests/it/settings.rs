//! Invalid settings: exit code 2, nothing written.

use crate::Folder;
use insta::assert_snapshot;

#[test]
fn no_source_at_all() {
    assert_snapshot!(Folder::empty().fail("--out out"), @r"
    exit code 2
    error: `prepare.idx.train_images` is not set: expected a file, as `prepare.source` is `idx`
    hint: name a pipeline with `--pipeline`, or give `--set prepare.idx.train_images=FILE` or `--set prepare.source=synthetic`
    ");
}

#[test]
fn names_for_other_classes_than_are_drawn() {
    let arguments = "--out out --set prepare.source=synthetic --set prepare.class_names=[a,b]";
    assert_snapshot!(Folder::empty().fail(arguments), @r"
    exit code 2
    error: `prepare.class_names` doesn't fit `prepare.synthetic.classes`: expected 10 names or none, got 2
    hint: give a name to each class, or to none
    ");
}

#[test]
fn a_validation_part_that_classes_cannot_share() {
    let folder = Folder::with_sources();
    let arguments = "--pipeline pipeline.yaml --out out --set prepare.validation=4";
    assert_snapshot!(folder.fail(arguments), @r"
    exit code 2
    error: `prepare.validation` can't be shared out evenly: expected a multiple of 3 (classes), got 4
    hint: set it to 3: an image of each class stays in the training part
    ");
    let small = arguments.replace("=4", "=2");
    assert_snapshot!(folder.fail(&small), @r"
    exit code 2
    error: `prepare.validation` can't be shared out evenly: expected a multiple of 3 (classes), got 2
    hint: set it to 0 or 3
    ");
    let large = arguments.replace("=4", "=400");
    assert_snapshot!(folder.fail(&large), @r"
    exit code 2
    error: `prepare.validation` can't be shared out evenly: expected a multiple of 3 (classes), got 400
    hint: set it to 3: an image of each class stays in the training part
    ");
    folder.succeed(&arguments.replace("=4", "=3"));
}

#[test]
fn a_validation_part_that_leaves_nothing_to_train_on() {
    let folder = Folder::with_sources();
    let arguments = "--pipeline pipeline.yaml --out out --set prepare.validation=6";
    assert_snapshot!(folder.fail(arguments), @r"
    exit code 3
    error: too few training images for `prepare.validation`: expected more than 2 of class `0`, got 2
    hint: set it to 3 or less: an image of each class stays in the training part
    ");
    folder.put("train-labels", &crate::labels(&[0, 1, 2, 0, 1, 1]));
    let arguments = "--pipeline pipeline.yaml --out out --set prepare.validation=3";
    assert_snapshot!(folder.fail(arguments), @r"
    exit code 3
    error: too few training images for `prepare.validation`: expected more than 1 of class `2`, got 1
    hint: set it to 0: an image of each class stays in the training part
    ");
}

/// No label is 0: the other two classes share the validation part.
#[test]
fn a_class_without_images_takes_no_share_of_the_validation_part() {
    let folder = Folder::with_sources();
    folder.put("train-labels", &crate::labels(&[1, 2, 2, 1, 1, 2]));
    folder.succeed("--pipeline pipeline.yaml --out out --set prepare.validation=4");
    let dataset = folder.path().join("out/dataset.safetensors");
    let dataset = dcgan_artifacts::DatasetReader::open(&dataset).unwrap();
    let mut labels = dataset
        .labels(dcgan_artifacts::Part::Validation)
        .unwrap()
        .to_vec();
    labels.sort_unstable();
    assert_eq!(labels, [1, 1, 2, 2]);
    let arguments = "--pipeline pipeline.yaml --out none --set prepare.validation=3";
    let failure = folder.run(arguments);
    assert_eq!(failure.code, 2);
    assert!(
        failure.stderr.ends_with("hint: set it to 2 or 4\n"),
        "{}",
        failure.stderr
    );
}

#[test]
fn the_exit_code_of_wrong_usage() {
    let folder = Folder::with_sources();
    assert_eq!(folder.run("--pipeline pipeline.yaml").code, 2);
    assert_eq!(
        folder
            .run("--pipeline pipeline.yaml --out out --no-such-option")
            .code,
        2
    );
    assert_eq!(folder.run("--pipeline none.yaml --out out").code, 2);
    assert_eq!(folder.run("--out out --set prepare.sauce=idx").code, 2);
}
