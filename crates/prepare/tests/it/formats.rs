//! Unusual folders and tables: unsupported formats, odd ends, parts instead of classes.

use crate::{Folder, picture};
use dcgan_artifacts::{DatasetReader, Part};
use dcgan_testkit::Outcome;
use image::ImageFormat::{Jpeg, Png};
use insta::assert_snapshot;

const ARGUMENTS: &str = "--out out --set prepare.source=folder --set prepare.folder=photos \
    --set prepare.pictures.height=8 --set prepare.pictures.width=8";

/// The start of an iPhone's picture.
const HEIC: &[u8] = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic and what follows";

fn photos(n: u8) -> Folder {
    let folder = Folder::empty();
    for seed in 0..n {
        folder.put(
            &format!("photos/{seed:02}.png"),
            &picture(Png, 16, 16, seed),
        );
    }
    folder
}

fn rows(folder: &Folder) -> String {
    let table = String::from_utf8(folder.get("out/audit.csv")).unwrap();
    table.lines().skip(1).collect::<Vec<_>>().join("\n")
}

#[test]
fn pictures_that_are_not_read_are_counted_and_named() {
    let folder = photos(20);
    folder.put("photos/IMG_1.HEIC", HEIC);
    folder.put("photos/IMG_2.jpg", HEIC);
    let Outcome {
        code,
        stdout,
        stderr,
    } = folder.run(ARGUMENTS);
    assert_eq!(code, 0);
    assert_snapshot!(stderr, @r"
    warning: 2 files were skipped: `out/audit.csv` names each
    warning: 2 files are HEIC: convert them first, for example with `heif-convert FILE FILE.png`
    ");
    assert_snapshot!(stdout, @r"
    dataset: 20 train, 8x8x3, no labels
    audit: 2 unsupported
    `dcgan-eval` will leave out some figures:
      the training part has 20 images and 64 are needed: discriminator.train, discriminator.roc_auc.train_vs_generated, discriminator.calibration_error.train_vs_generated, discriminator.train_minus_test, alarms.discriminator_saturated, alarms.overfitting
      there is no test part: discriminator.test, discriminator.roc_auc.test_vs_generated, discriminator.calibration_error.test_vs_generated, pixels.memorised, pixels.nearest_training_distance
      the training part has 20 images and 40 are needed: quality.frechet_distance
      the training part has 20 images and 50 are needed: quality.kernel_distance.interval
    wrote out/dataset.safetensors
    ");
    assert_snapshot!(rows(&folder), @r#"
    train,IMG_1.HEIC,,unsupported,"HEIC: convert it first, for example with `heif-convert FILE FILE.png`"
    train,IMG_2.jpg,,unsupported,"HEIC: convert it first, for example with `heif-convert FILE FILE.png`"
    "#);
}

#[test]
fn the_last_line_says_when_more_than_a_tenth_is_missing() {
    // One of ten is not more than a tenth, two of eleven are.
    let folder = photos(9);
    folder.put("photos/a.heic", HEIC);
    folder.put("photos/notes.txt", b"about these pictures");
    let last = |folder: &Folder| folder.succeed(ARGUMENTS).lines().last().unwrap().to_owned();
    assert_eq!(last(&folder), "wrote out/dataset.safetensors");
    folder.put("photos/b.jpg", &picture(Jpeg, 40, 40, 1)[..200]);
    assert_eq!(
        last(&folder),
        "more than a tenth is missing: 2 of 11 files were skipped, `out/audit.csv` names each"
    );
}

#[test]
fn nothing_but_pictures_that_are_not_read() {
    let folder = Folder::empty();
    folder.put("photos/about.txt", b"from the phone");
    folder.put("photos/a.heic", HEIC);
    assert_snapshot!(folder.fail(ARGUMENTS), @r"
    exit code 3
    error: `photos` has no picture to train on: expected at least one, got 2 files that can't be used
    hint: the first that can't be used is `a.heic`: unsupported, HEIC: convert it first, for example with `heif-convert FILE FILE.png`
    ");
}

#[test]
fn odd_ends_are_told_and_cost_nothing() {
    let folder = photos(1);
    let jpeg = picture(Jpeg, 40, 40, 1);
    folder.put(
        "photos/behind.jpg",
        &[&jpeg[..], b"\xff\xda and more"].concat(),
    );
    folder.put("photos/endless.jpg", &jpeg[..jpeg.len() - 2]);
    folder.put("photos/whole.jpg", &jpeg);
    let stdout = folder.succeed(ARGUMENTS);
    assert!(
        stdout.contains("4 train") && !stdout.contains("tenth"),
        "{stdout}"
    );
    assert_snapshot!(rows(&folder), @r"
    train,endless.jpg,,duplicate,same pixels as `behind.jpg` in train
    train,whole.jpg,,duplicate,same pixels as `behind.jpg` in train
    train,behind.jpg,,odd_end,11 bytes after its end
    train,endless.jpg,,odd_end,its end-of-image marker is missing; all its pixels are there
    ");
    // No image is lost, so `strict` does not stop.
    folder.succeed(&format!(
        "{ARGUMENTS} --force --set prepare.pictures.strict=true"
    ));
}

/// Warnings of a run on folders with these pictures.
fn warned(paths: &[&str], more: &str) -> String {
    let folder = Folder::empty();
    for (path, seed) in paths.iter().zip(0..) {
        folder.put(&format!("photos/{path}.png"), &picture(Png, 16, 16, seed));
    }
    let labels = "--set prepare.pictures.labels=folder";
    let run = folder.run(&format!("{ARGUMENTS} {labels} {more}"));
    assert_eq!(run.code, 0, "{}", run.stderr);
    run.stderr
}

#[test]
fn classes_that_are_parts() {
    let parts = ["train/cat/1", "train/dog/1", "test/cat/1", "test/dog/1"];
    assert_snapshot!(warned(&parts, ""), @"warning: the classes `train` and `test` have the names of parts of a dataset: if they are, set `prepare.folder` to `photos/train` and `prepare.test_folder` to `photos/test`");
    assert_snapshot!(warned(&["Train/cat/1", "Train/dog/1"], ""), @"warning: the class `Train` has the name of a part of a dataset: if it is one, set `prepare.folder` to `photos/Train`");
    assert_snapshot!(warned(&["cat/1", "dog/1", "val/1"], ""), @"warning: the class `val` has the name of a part of a dataset: if it is one, move it out of `prepare.folder` and give it as `prepare.test_folder`");
    assert_eq!(warned(&["cat/1", "dog/1", "train station/1"], ""), "");
    let given = "--set prepare.folder=photos/train --set prepare.test_folder=photos/test";
    assert_eq!(warned(&parts, given), "");
}

#[test]
fn one_class_that_holds_the_classes() {
    let up = ["set/cat/1", "set/dog/1", "set/dog/2"];
    assert_snapshot!(warned(&up, ""), @"warning: every picture is of the one class `set`: if its 2 folders are the classes, set `prepare.folder` to `photos/set`");
    assert_eq!(warned(&["cat/1", "cat/2"], ""), "");
    assert_eq!(warned(&["cat/deep/1", "cat/deep/2"], ""), "");
    assert_eq!(warned(&["cat/deep/1", "dog/deep/2"], ""), "");
}

mod tables {
    use super::{ARGUMENTS, DatasetReader, Folder, Part, assert_snapshot, picture, rows};
    use image::ImageFormat::Png;

    const CSV: &str = "--set prepare.pictures.labels=csv \
        --set prepare.pictures.labels_file=labels.csv";

    /// Two pictures in separate folders, and a table.
    fn with(table: &[u8]) -> Folder {
        let folder = Folder::empty();
        folder.put("photos/blue/1.png", &picture(Png, 16, 16, 1));
        folder.put("photos/red/2.png", &picture(Png, 16, 16, 2));
        folder.put("labels.csv", table);
        folder
    }

    /// Labels and audit of a table that must be valid.
    #[track_caller]
    fn labels(table: &[u8]) -> (Vec<u8>, String) {
        let folder = with(table);
        folder.succeed(&format!("{ARGUMENTS} {CSV}"));
        let dataset = DatasetReader::open(&folder.path().join("out/dataset.safetensors")).unwrap();
        assert_eq!(dataset.info().class_names, ["blue", "red"]);
        (dataset.labels(Part::Train).unwrap().to_vec(), rows(&folder))
    }

    #[track_caller]
    fn refused(table: &[u8]) -> String {
        with(table).fail(&format!("{ARGUMENTS} {CSV}"))
    }

    #[test]
    fn of_spreadsheets() {
        let fine = (vec![0, 1], String::new());
        for table in [
            "file,label\r\nblue\\1.png,blue\r\nred\\2.png,red\r\n",
            "\u{feff}File,Label\r\n.\\blue\\1.png,blue\r\n.\\red\\2.png,red\r\n",
            "file;label\nblue/1.png;blue\nred/2.png;red\n",
            "blue/1.png\tblue\nred/2.png\tred\n",
            "file,label,\nblue/1.png,blue,\nred/2.png,red,,\n",
            "image_id,class\nblue/1.png,blue\nred/2.png,red\n",
            "\n\nfilename, label\n\nblue/1.png, blue\n\nred/2.png, red\n",
        ] {
            assert_eq!(labels(table.as_bytes()), fine, "{table}");
        }
    }

    #[test]
    fn a_first_row_that_no_picture_has_is_a_heading_only_if_it_looks_like_one() {
        let missing = |file: &str, label: &str| {
            let table = format!("{file},{label}\nblue/1.png,blue\nred/2.png,red\n");
            labels(table.as_bytes()).1
        };
        assert_eq!(missing("photo", "species"), "");
        assert_snapshot!(missing("blue/0.png", "green"), @"train,blue/0.png,,no_picture,a row in the table of labels without a picture");
        assert_snapshot!(missing("blue/0", "blue"), @"train,blue/0,,no_picture,a row in the table of labels without a picture");
    }

    #[test]
    fn a_row_of_a_picture_that_is_skipped_has_a_picture() {
        let folder = with(b"blue/1.png,blue\nred/2.png,red\nred/3.heic,red\n");
        folder.put("photos/red/3.heic", super::HEIC);
        folder.succeed(&format!("{ARGUMENTS} {CSV}"));
        assert_snapshot!(rows(&folder), @r#"train,red/3.heic,,unsupported,"HEIC: convert it first, for example with `heif-convert FILE FILE.png`""#);
    }

    #[test]
    fn whose_rows_are_no_pictures() {
        assert_snapshot!(refused(b"file,label\nblue/1.PNG,blue\nred/2.PNG,red\n"), @r"
        exit code 3
        error: no row of `labels.csv` is that of a picture: expected a file such as `blue/1.png`, got such as `blue/1.PNG`
        hint: write capital and small letters as the files have them
        ");
        assert_snapshot!(refused(b"id,color\nblue/1,blue\nred/2,red\n"), @r"
        exit code 3
        error: no row of `labels.csv` is that of a picture: expected a file such as `blue/1.png`, got such as `blue/1`
        hint: write each file with its extension
        ");
        assert_snapshot!(refused(b"C:\\photos\\red\\2.png,red\n"), @r"
        exit code 3
        error: no row of `labels.csv` is that of a picture: expected a file such as `red/2.png`, got such as `C:\photos\red\2.png`
        hint: paths count from the pictures' folder: change them, or the folder
        ");
        assert_snapshot!(refused(b"2.png,red\n1.png,blue\n"), @r"
        exit code 3
        error: no row of `labels.csv` is that of a picture: expected a file such as `blue/1.png`, got such as `1.png`
        hint: paths count from the pictures' folder: change them, or the folder
        ");
        assert_snapshot!(refused(b"x.png,red\n"), @r"
        exit code 3
        error: no row of `labels.csv` is that of a picture: expected a file such as `blue/1.png`, got such as `x.png`
        hint: paths count from the pictures' folder: change them, or the folder
        ");
    }

    #[test]
    fn that_are_no_text_or_name_a_file_twice() {
        let wide: Vec<u8> = "\u{feff}file,label"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_snapshot!(refused(&wide), @r"
        exit code 3
        error: `labels.csv` is UTF-16: expected a CSV table in UTF-8
        hint: save it as CSV in UTF-8, which a spreadsheet offers as `CSV UTF-8`: a row `cats/1.png,cat` for each picture
        ");
        assert_snapshot!(refused(b"PK\x03\x04 and a workbook"), @r"
        exit code 3
        error: `labels.csv` is a ZIP archive, as a workbook is: expected a CSV table in UTF-8
        hint: save it as CSV in UTF-8, which a spreadsheet offers as `CSV UTF-8`: a row `cats/1.png,cat` for each picture
        ");
        assert_snapshot!(refused(b"blue/1.png,gr\xfcn\n"), @r"
        exit code 3
        error: `labels.csv` is not a CSV table in UTF-8
        caused by: CSV parse error: record 0 (line 1, field: 1, byte: 0): invalid utf-8: invalid UTF-8 in field 1 near byte index 2
        hint: save it as CSV in UTF-8, which a spreadsheet offers as `CSV UTF-8`: a row `cats/1.png,cat` for each picture
        ");
        assert_snapshot!(refused(b"blue/1.png,blue\nblue\\1.png,red\n"), @r"
        exit code 3
        error: line 2 of `labels.csv` labels `blue\1.png` again: expected one row for each file
        hint: remove one of the two rows
        ");
    }
}
