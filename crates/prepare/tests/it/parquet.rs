//! Parquet tables of pictures as a source.

use crate::samples::{assert_part, dataset, folder_of, values};
use dcgan_artifacts::Part;
use insta::assert_snapshot;

const PARQUET: &str = "--out out --set prepare.source=parquet --set prepare.pictures.height=8 \
                       --set prepare.pictures.width=8";
const IMAGE: usize = 8 * 8 * 3;

#[test]
fn a_table_of_hugging_face_names_its_classes() {
    let folder = folder_of(&["huggingface.parquet"]);
    let arguments = format!(
        "{PARQUET} --set prepare.parquet.train=hugging*.parquet \
         --set prepare.pictures.labels=column"
    );
    let said = folder.succeed(&arguments);
    assert!(said.contains("audit: 1 near_duplicate\n"), "{said}");
    let found = dataset(&folder);
    // Two groups of rows, in the order of the rows.
    assert_part(&found, Part::Train, 6, IMAGE, 0);
    assert_eq!(found.info().class_names, ["ant", "cat", "bee"]);
    let source = &found.info().sources[0];
    assert_eq!(
        (source.name.as_str(), source.count),
        ("huggingface.parquet", Some(6))
    );
    folder.succeed(&format!("{arguments} --set prepare.class_names=[a,b,c,d]"));
    assert_eq!(dataset(&folder).info().class_names, ["a", "b", "c", "d"]);
}

#[test]
fn pages_of_the_second_version_with_nulls_and_words() {
    let folder = folder_of(&["words.parquet"]);
    folder.succeed(&format!(
        "{PARQUET} --set prepare.parquet.train=words.parquet --set prepare.parquet.image=picture \
         --set prepare.parquet.label=kind --set prepare.pictures.labels=column"
    ));
    let found = dataset(&folder);
    assert_eq!(found.info().class_names, ["ant", "bee", "cat"]);
    let train = found.read_part(Part::Train).unwrap();
    assert_eq!(train.labels.unwrap(), [2, 1, 2, 0]);
    let all = values(6 * IMAGE, 0);
    let expected = [0, 2, 3, 4].map(|i| &all[i * IMAGE..][..IMAGE]).concat();
    assert_eq!(train.images, expected);
    let table = String::from_utf8(folder.get("out/audit.csv")).unwrap();
    assert_snapshot!(table, @r"
    part,source,index,finding,detail
    train,row-000000004,,near_duplicate,1 of 64 bits differ from `row-000000000` in train
    train,row-000000005,,no_class,no label in its row
    train,row-000000001,,damaged,no picture: the row has a null
    ");
}

#[test]
fn what_does_not_fit_is_refused_with_a_way_out() {
    let folder = folder_of(&[
        "huggingface.parquet",
        "words.parquet",
        "zstd.parquet",
        "kaggle.csv",
    ]);
    let fail = |path: &str, more: &str| {
        folder.fail(&format!(
            "{PARQUET} --set prepare.parquet.train={path} {more}"
        ))
    };
    assert_snapshot!(folder.fail(PARQUET), @r"
    exit code 2
    error: `prepare.parquet.train` is not set: expected a file, as `prepare.source` is `parquet`
    hint: give `--set prepare.parquet.train=FILE`, a table with pictures
    ");
    assert_snapshot!(fail("none.parquet", ""), @r"
    exit code 3
    error: file `none.parquet` does not exist
    hint: check the path
    ");
    assert_snapshot!(fail("kaggle.csv", ""), @r"
    exit code 3
    error: `kaggle.csv` is no Parquet table: expected one that ends with its metadata
    hint: the download may have been cut: get the file again
    ");
    let bytes = folder.get("huggingface.parquet");
    folder.put("cut.parquet", &bytes[..bytes.len() / 2]);
    assert_snapshot!(fail("cut.parquet", ""), @r"
    exit code 3
    error: `cut.parquet` is no Parquet table: expected one that ends with its metadata
    hint: the download may have been cut: get the file again
    ");
    assert_snapshot!(fail("words.parquet", ""), @r"
    exit code 3
    error: `words.parquet` has no column `image`: expected a column of pictures, got `picture`, `kind`
    hint: name the columns in `prepare.parquet.image` and `prepare.parquet.label`; without labels set `prepare.pictures.labels` to `none`
    ");
    assert_snapshot!(fail("huggingface.parquet", "--set prepare.parquet.image=label"), @r#"
    exit code 3
    error: `huggingface.parquet`, column `label`: expected a column of pictures, got values of another type
    hint: write the table again with `compression="snappy"`, for example by `Dataset.to_parquet` of the library `datasets`
    "#);
    assert_snapshot!(fail("zstd.parquet", "--set prepare.parquet.image=picture"), @r#"
    exit code 3
    error: `zstd.parquet`, column `picture`: expected a column of pictures, got pages compressed by Zstandard
    hint: write the table again with `compression="snappy"`, for example by `Dataset.to_parquet` of the library `datasets`
    "#);
    assert_snapshot!(
        folder.fail("--out out --set prepare.source=folder --set prepare.pictures.labels=column"),
        @r"
    exit code 2
    error: `prepare.pictures.labels` in `--set prepare.pictures.labels=column`: expected another value, as `prepare.source` is not `parquet`, found `column`
    hint: every key is explained in `pipelines/mnist.yaml`
    "
    );
}
