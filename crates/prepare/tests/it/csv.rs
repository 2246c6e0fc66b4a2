//! Tables of pixels as a source.

use crate::samples::{assert_part, dataset, folder_of, size, values};
use crate::{Folder, gzip};
use dcgan_artifacts::Part;
use insta::assert_snapshot;

const CSV: &str = "--out out --set prepare.source=csv";

#[test]
fn a_table_with_a_heading_and_one_without() {
    let folder = folder_of(&["kaggle.csv", "last.csv.gz"]);
    folder.succeed(&format!("{CSV} --set prepare.csv.train=kaggle.csv"));
    let kaggle = dataset(&folder);
    assert_eq!(size(&kaggle), [4, 4, 1]);
    assert_part(&kaggle, Part::Train, 6, 16, 0);
    assert_eq!(kaggle.info().class_names, ["0", "1", "2"]);
    let source = &kaggle.info().sources[0];
    assert_eq!(
        (source.name.as_str(), source.count),
        ("kaggle.csv", Some(6))
    );

    folder.succeed(&format!(
        "{CSV} --set prepare.csv.train=last.csv.gz --set prepare.csv.label=last"
    ));
    assert_part(&dataset(&folder), Part::Train, 3, 16, 100);
}

#[test]
fn labels_in_words_and_colours_in_both_orders() {
    let folder = folder_of(&["words.csv"]);
    let words = "--set prepare.csv.train=words.csv --set prepare.csv.height=2 \
                 --set prepare.csv.width=3 --set prepare.csv.channels=3";
    folder.succeed(&format!("{CSV} {words}"));
    let found = dataset(&folder);
    assert_eq!(size(&found), [2, 3, 3]);
    assert_eq!(found.info().class_names, ["ant", "bee", "cat"]);
    let train = found.read_part(Part::Train).unwrap();
    assert_eq!(train.images, values(6 * 18, 0));
    assert_eq!(train.labels.unwrap(), [2, 0, 1, 2, 0, 1]);
    // In the order of the settings, and colour by colour.
    folder.succeed(&format!(
        "{CSV} {words} --set prepare.csv.planes=true --set prepare.class_names=[cat,ant,bee]"
    ));
    let train = dataset(&folder).read_part(Part::Train).unwrap();
    assert_eq!(train.labels.unwrap(), [0, 1, 2, 0, 1, 2]);
    assert_eq!(train.images[..4], [0, 42, 84, 7]);
}

/// As Kaggle's test part, which has no labels.
#[test]
fn a_test_part_is_held_out_or_read_from_a_table() {
    let folder = folder_of(&["kaggle.csv"]);
    folder.put("test.csv", b"label,a,b,c,d\n1,9,8,7,6\n0,1,2,3,4.0\n");
    folder.put("train.csv", b"label,a,b,c,d\n0,1,2,3,4\n1,5,6,7,8\n");
    folder.succeed(&format!(
        "{CSV} --set prepare.csv.train=train.csv --set prepare.csv.test=test.csv"
    ));
    let test = dataset(&folder).read_part(Part::Test).unwrap();
    assert_eq!(test.images, [9, 8, 7, 6, 1, 2, 3, 4]);
    assert_eq!(test.labels.unwrap(), [1, 0]);
    let arguments = format!("{CSV} --set prepare.csv.train=kaggle.csv");
    folder.succeed(&format!("{arguments} --set prepare.csv.test_share=0.5"));
    let held = dataset(&folder);
    let n = |part| held.len(part).unwrap();
    assert_eq!(n(Part::Train) + n(Part::Test), 6);
    assert!(n(Part::Test) > 0);
    // The share that the hint names leaves a row.
    let failure = folder.fail(&format!("{arguments} --set prepare.csv.test_share=0.9999"));
    let (before, share) = failure.split_once("test_share` to ").unwrap();
    assert_snapshot!(before, @r"
    exit code 3
    setting `prepare.csv.test_share` has changed: making the result again
    error: all 6 pictures of `kaggle.csv` fell to the test part: expected at least one to train on
    hint: lower `prepare.csv.
    ");
    let share = share.split(' ').next().unwrap();
    folder.succeed(&format!("{arguments} --set prepare.csv.test_share={share}"));
}

#[test]
fn without_labels_every_column_is_a_pixel() {
    let folder = Folder::empty();
    folder.put("plain.csv", &gzip(b"1,2,3,4\n5,6,7,8\n"));
    let said = folder.succeed(&format!("{CSV} --set prepare.csv.train=plain.csv"));
    assert!(said.contains("2 train, 2x2x1, no labels"), "{said}");
}

#[test]
fn what_does_not_fit_is_refused_with_a_way_out() {
    let folder = folder_of(&["kaggle.csv"]);
    let fail = |text: &str, more: &str| {
        folder.put("x.csv", text.as_bytes());
        folder.fail(&format!("{CSV} --set prepare.csv.train=x.csv {more}"))
    };
    assert_snapshot!(folder.fail(CSV), @r"
    exit code 2
    error: `prepare.csv.train` is not set: expected a file, as `prepare.source` is `csv`
    hint: give `--set prepare.csv.train=FILE`, a table with a row per image
    ");
    assert_snapshot!(fail("label,a,b,c\n1,2,3,4\n", ""), @r"
    exit code 3
    error: `x.csv` has 4 columns: expected the pixels of a square and a label
    hint: set `prepare.csv.height` and `prepare.csv.width`, `prepare.csv.channels` for colours, and `prepare.csv.label` for the column of labels
    ");
    assert_snapshot!(fail("label,a,b,c,d\n", ""), @r"
    exit code 3
    error: `x.csv` has no row of pixels: expected at least one
    hint: give a table with a row per image
    ");
    assert_snapshot!(fail("label,a,b,c,d\n0,1,2,3,4\n0,1,2\n", ""), @r"
    exit code 3
    error: line 3 of `x.csv` has 3 cells: expected 5, as the first row
    hint: the download may have been cut: get the file again
    ");
    assert_snapshot!(fail("0,1,2,3,4\n0,1,2,256,4\n", ""), @r"
    exit code 3
    error: line 2 of `x.csv`, column 4: expected a whole number from 0 to 255, got `256`
    hint: pixels are bytes; `prepare.csv.label` says which column has the labels
    ");
    assert_snapshot!(fail("0,1,2,3,4\n0,1,0.5,6,4\n", ""), @r"
    exit code 3
    error: line 2 of `x.csv`, column 3: expected a whole number from 0 to 255, got `0.5`
    hint: pixels are bytes; `prepare.csv.label` says which column has the labels
    ");
    assert_snapshot!(fail("0,1,2,3,4\n,1,5,6,4\n", ""), @r"
    exit code 3
    error: line 2 of `x.csv` has no label: expected one in column 1
    hint: `prepare.csv.label` says which column has the labels
    ");
    assert_snapshot!(fail("300,1,2,3,4\n", ""), @r"
    exit code 3
    error: label `300` can't be a class: expected a number below 256, or text on one line
    hint: `prepare.csv.label` says which column has the labels; `none` reads none
    ");
    assert_snapshot!(fail("ant,1,2,3,4\n", "--set prepare.class_names=[bee]"), @r"
    exit code 3
    error: label `ant` has no class: expected one of the 1 names in `prepare.class_names`
    hint: name every class in `prepare.class_names`, or leave it empty
    ");
    assert_snapshot!(fail("1,2,3,4,5\n", "--set prepare.csv.height=2"), @r"
    exit code 2
    error: `prepare.csv.height` in `--set prepare.csv.height=2`: expected `prepare.csv.width` with it, found none
    hint: every key is explained in `pipelines/mnist.yaml`
    ");
    assert_snapshot!(fail("1,2,3,4\n", "--set prepare.csv.test=kaggle.csv"), @r"
    exit code 3
    error: `x.csv` and `kaggle.csv` differ in size: expected images of [2, 2, 1], got [4, 4, 1] (height, width, channels)
    hint: give files of the same dataset
    ");
    assert_snapshot!(
        fail("1,2,3,4,5\n", "--set prepare.csv.test=kaggle.csv --set prepare.csv.test_share=0.1"),
        @r"
    exit code 2
    error: `prepare.csv.test_share` in `--set prepare.csv.test_share=0.1`: expected 0, as `prepare.csv.test` is the test part, found 0.1
    hint: every key is explained in `pipelines/mnist.yaml`
    "
    );
    let rows = (0..300).map(|i| format!("{i},1,2,3,4\n"));
    let many = rows.collect::<Vec<_>>().concat();
    assert_snapshot!(fail(&many, ""), @r"
    exit code 3
    error: `x.csv` has more than 256 different labels in column 1: expected the classes
    hint: `prepare.csv.label` says which column has the labels; `none` reads none
    ");
    let packed = gzip(b"1,2,3,4,5\n1,2,3,4,5\n");
    folder.put("cut.csv", &packed[..packed.len() - 9]);
    assert_snapshot!(folder.fail(&format!("{CSV} --set prepare.csv.train=cut.csv")), @r"
    exit code 3
    error: could not read `cut.csv`
    caused by: incomplete deflate stream
    hint: check the file: the download may have been cut
    ");
}
