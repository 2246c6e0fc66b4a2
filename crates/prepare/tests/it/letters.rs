//! Letters in EMNIST's format: labels from 1, transposed.

use crate::{Folder, gzip, idx, images, labels};
use dcgan_artifacts::{DatasetReader, Part};
use insta::assert_snapshot;

const ARGUMENTS: &str = "--pipeline pipeline.yaml --out out";

/// Six images of 3x4 pixels with the labels 1 to 3.
fn from_one() -> Folder {
    let folder = Folder::with_sources();
    folder.put("train-labels", &labels(&[1, 2, 3, 1, 2, 3]));
    folder.put("test-labels", &labels(&[3, 1]));
    folder
}

fn open(folder: &Folder) -> DatasetReader {
    DatasetReader::open(&folder.path().join("out/dataset.safetensors")).unwrap()
}

#[test]
fn labels_that_count_from_one() {
    let folder = from_one();
    let first = format!("{ARGUMENTS} --set prepare.idx.first_label=1");
    let run = folder.run(&first);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let dataset = open(&folder);
    assert_eq!(dataset.labels(Part::Train).unwrap(), [0, 1, 2, 0, 1, 2]);
    assert_eq!(dataset.labels(Part::Test).unwrap(), [2, 0]);
    assert_eq!(dataset.info().class_names, ["1", "2", "3"]);
    let settings = &folder.json("out/manifest.json")["settings"]["prepare"]["idx"];
    assert_eq!(settings["first_label"], 1);
    assert!(folder.succeed(&first).starts_with("nothing to do"));
    // With names they are the same.
    folder.succeed(&format!("{first} --set prepare.class_names=[A,B,C]"));
    let named = open(&folder);
    assert_eq!(named.info().class_names, ["A", "B", "C"]);
    assert_eq!(named.labels(Part::Train), dataset.labels(Part::Train));
}

#[test]
fn labels_from_one_are_recognised() {
    let folder = from_one();
    let run = folder.run(ARGUMENTS);
    assert_eq!(run.code, 0);
    assert_snapshot!(run.stderr, @"warning: the labels are 1 to 3, so that class 0 has no picture: if they count from 1, set `prepare.idx.first_label` to 1");
    assert_eq!(
        open(&folder).labels(Part::Train).unwrap(),
        [1, 2, 3, 1, 2, 3]
    );
    let settings = &folder.json("out/manifest.json")["settings"]["prepare"]["idx"];
    assert_eq!(
        settings.get("first_label"),
        None,
        "as before it could be set"
    );

    assert_snapshot!(from_one().fail(&format!("{ARGUMENTS} --set prepare.class_names=[A,B,C]")), @r"
    exit code 3
    error: label 3 of image 2 in `train-labels` has no class: expected labels below 3, as `prepare.class_names` has 3 names
    hint: the labels count from 1: set `prepare.idx.first_label` to 1
    ");
    // With a gap, or a 0 in either part, there is no warning.
    for (train, test) in [([1, 2, 4, 1, 2, 4], [1, 2]), ([1, 2, 3, 1, 2, 3], [0, 1])] {
        folder.put("train-labels", &labels(&train));
        folder.put("test-labels", &labels(&test));
        assert_eq!(
            folder
                .run(ARGUMENTS)
                .stderr
                .lines()
                .find(|l| l.contains("count from 1")),
            None
        );
    }
}

#[test]
fn a_label_below_the_first_and_one_beyond_the_last() {
    let folder = from_one();
    assert_snapshot!(folder.fail(&format!("{ARGUMENTS} --set prepare.idx.first_label=2")), @r"
    exit code 3
    error: label 1 of image 0 in `train-labels` has no class: expected labels from 2 on, as `prepare.idx.first_label` says
    hint: set it to the smallest label
    ");
    let few = "--set prepare.idx.first_label=1 --set prepare.class_names=[A,B]";
    assert_snapshot!(folder.fail(&format!("{ARGUMENTS} {few}")), @r"
    exit code 3
    error: label 3 of image 2 in `train-labels` has no class: expected labels 1 to 2, as `prepare.class_names` has 2 names
    hint: name every class in `prepare.class_names`, or leave it empty
    ");
}

#[test]
fn rows_for_columns() {
    let folder = Folder::with_sources();
    let transposed = format!("{ARGUMENTS} --set prepare.idx.transpose=true");
    folder.succeed(&transposed);
    let dataset = open(&folder);
    let info = dataset.info();
    assert_eq!((info.height, info.width), (4, 3));
    let train = dataset.read_part(Part::Train).unwrap().images;
    // Image 1 counts from 12: its first row is its first column.
    assert_eq!(
        train[12..24],
        [12, 16, 20, 13, 17, 21, 14, 18, 22, 15, 19, 23]
    );
    assert_eq!(
        folder.json("out/manifest.json")["settings"]["prepare"]["idx"]["transpose"],
        true
    );
    assert!(folder.succeed(&transposed).starts_with("nothing to do"));
    assert!(
        folder.succeed(ARGUMENTS).contains("wrote"),
        "another dataset"
    );
}

#[test]
fn emnist_is_recognised_by_its_name_alone() {
    let run = |folder: &str, more: &str| {
        let sources = Folder::empty();
        let path = format!("{folder}/train-images.gz");
        sources.put(&path, &gzip(&images(6, 0)));
        let run = sources.run(&format!(
            "--out out --set prepare.idx.train_images={path} {more}"
        ));
        assert_eq!(run.code, 0, "{}", run.stderr);
        run.stderr
    };
    assert_snapshot!(run("data/EMNIST-letters", ""), @"warning: `data/EMNIST-letters/train-images.gz` is EMNIST by its name, which stores rows for columns: if `preview.png` shows letters on their side, set `prepare.idx.transpose` to true");
    assert_eq!(run("emnist", "--set prepare.idx.transpose=true"), "");
    for other in ["femnist", "mnist", "emnist/mnist"] {
        assert_eq!(run(other, ""), "", "{other}");
    }
}

#[test]
fn a_file_that_was_unpacked_already_is_taken_and_told() {
    let folder = Folder::with_sources();
    folder.put("train-images.gz", &images(6, 0));
    let run = folder.run(ARGUMENTS);
    assert_eq!(run.code, 0);
    assert_snapshot!(run.stderr, @"`train-images.gz` is not compressed, whatever its name says: taken as it is");
    let longer = idx([0, 0, 8, 3], &[6, 3, 4], &[7; 73]);
    folder.put("train-images.gz", &longer);
    assert_eq!(folder.run(ARGUMENTS).code, 3);
}
