//! Folders of pictures: files, parts, classes, and reproducible bytes.

use crate::{Folder, encode, picture};
use dcgan_artifacts::{DatasetReader, Part};
use image::ImageFormat::{Bmp, Gif, Jpeg, Png, WebP};
use image::{GrayImage, Luma};
use insta::assert_snapshot;

const ARGUMENTS: &str = "--out out --set prepare.source=folder --set prepare.folder=photos \
    --set prepare.pictures.height=16 --set prepare.pictures.width=16";

/// Two classes, five formats, a nested folder.
fn photos() -> Folder {
    let folder = Folder::empty();
    folder.put("photos/cats/1.png", &picture(Png, 20, 30, 1));
    folder.put("photos/cats/2.jpg", &picture(Jpeg, 40, 16, 2));
    folder.put("photos/cats/deep/3.GIF", &picture(Gif, 16, 16, 3));
    folder.put("photos/dogs/1.bmp", &picture(Bmp, 7, 9, 4));
    folder.put("photos/dogs/2.webp", &picture(WebP, 33, 17, 5));
    folder
}

fn open(folder: &Folder) -> DatasetReader {
    DatasetReader::open(&folder.path().join("out/dataset.safetensors")).unwrap()
}

fn findings(folder: &Folder) -> String {
    String::from_utf8(folder.get("out/audit.csv")).unwrap()
}

fn contents(folder: &Folder, out: &str) -> Vec<Vec<u8>> {
    folder
        .names(out)
        .iter()
        .filter(|name| *name != ".lock")
        .map(|name| folder.get(&format!("{out}/{name}")))
        .collect()
}

#[test]
fn every_format_without_classes() {
    let folder = photos();
    assert_snapshot!(folder.succeed(ARGUMENTS), @r"
    dataset: 5 train, 16x16x3, no labels
    audit: no findings
    `dcgan-eval` will leave out some figures:
      the training part has 5 images and 64 are needed: discriminator.train, discriminator.roc_auc.train_vs_generated, discriminator.calibration_error.train_vs_generated, discriminator.train_minus_test, alarms.discriminator_saturated, alarms.overfitting
      there is no test part: discriminator.test, discriminator.roc_auc.test_vs_generated, discriminator.calibration_error.test_vs_generated, pixels.memorised, pixels.nearest_training_distance
      the training part has 5 images and 40 are needed: quality.frechet_distance
      the training part has 5 images and 50 are needed: quality.kernel_distance.interval
      the training part has 5 images and 6 are needed: quality.precision, quality.recall, quality.density, quality.coverage
    wrote out/dataset.safetensors
    ");
    let dataset = open(&folder);
    assert_eq!(dataset.info().class_names.len(), 0);
    assert_eq!(dataset.len(Part::Test), None);
    let source = &dataset.info().sources[0];
    assert_eq!((source.name.as_str(), source.count), ("photos", Some(5)));
    let preview = image::load_from_memory(&folder.get("out/preview.png")).unwrap();
    assert!(preview.width() > 16 * 5);
}

#[test]
fn the_preview_shows_the_whole_range() {
    let folder = Folder::empty();
    for value in 0..200 {
        let flat = GrayImage::from_pixel(2, 2, Luma([value]));
        folder.put(
            &format!("photos/{value:03}.png"),
            &encode(&flat.into(), Png),
        );
    }
    let size = "--set prepare.pictures.height=2 --set prepare.pictures.width=2";
    folder.succeed(&format!("{ARGUMENTS} {size}"));
    let preview = image::load_from_memory(&folder.get("out/preview.png")).unwrap();
    let (preview, last) = (preview.into_luma8(), 10 * 2 + 9 * 2 - 1);
    assert_eq!(preview.dimensions(), (last + 1, last + 1));
    // Every second one, from the first row to the last.
    assert_eq!(preview.get_pixel(0, 0), &Luma([0]));
    assert_eq!(preview.get_pixel(4, 0), &Luma([2]));
    assert_eq!(preview.get_pixel(last, last), &Luma([198]));
}

#[test]
fn classes_by_folder() {
    let folder = photos();
    let arguments = format!("{ARGUMENTS} --set prepare.pictures.labels=folder");
    assert!(
        folder
            .succeed(&arguments)
            .contains("5 train, 16x16x3, 2 classes")
    );
    let dataset = open(&folder);
    assert_eq!(dataset.info().class_names, ["cats", "dogs"]);
    assert_eq!(dataset.labels(Part::Train).unwrap(), [0, 0, 0, 1, 1]);

    let named = format!("{arguments} --set prepare.class_names=[fish,dogs,cats]");
    folder.succeed(&named);
    let dataset = open(&folder);
    assert_eq!(dataset.labels(Part::Train).unwrap(), [2, 2, 2, 1, 1]);
    assert!(findings(&folder).contains("empty_class,no image of class `fish`"));

    let unknown = format!("{arguments} --set prepare.class_names=[dogs]");
    assert_snapshot!(folder.fail(&unknown), @r"
    exit code 3
    error: class `cats` has no number: expected one of the 1 names in `prepare.class_names`
    hint: name every class in `prepare.class_names`, or leave it empty
    ");
}

#[test]
fn numbered_classes_are_in_order_of_their_numbers() {
    let folder = Folder::empty();
    for (seed, class) in (1..).zip(["10", "9", "2"]) {
        folder.put(
            &format!("photos/{class}/a.png"),
            &picture(Png, 16, 16, seed),
        );
    }
    folder.succeed(&format!("{ARGUMENTS} --set prepare.pictures.labels=folder"));
    assert_eq!(open(&folder).info().class_names, ["2", "9", "10"]);
}

#[test]
fn a_picture_beside_the_class_folders_has_no_class() {
    let folder = photos();
    folder.put("photos/stray.png", &picture(Png, 16, 16, 9));
    let arguments = format!("{ARGUMENTS} --set prepare.pictures.labels=folder");
    let run = folder.run(&arguments);
    assert_eq!(run.code, 0);
    assert_snapshot!(run.stderr, @"warning: 1 file was skipped: `out/audit.csv` names each");
    assert!(findings(&folder).contains("train,stray.png,,no_class,in no sub-folder"));
    assert_eq!(open(&folder).len(Part::Train), Some(5));
    assert_eq!(folder.json("out/audit.json")["skipped"], 1);
}

#[test]
fn classes_by_a_table() {
    let folder = photos();
    folder.put(
        "photos/labels.csv",
        b"file,label\ncats/1.png,tabby\ndogs/1.bmp,\"big, brown\"\n./dogs/2.webp,tabby\ngone.png,tabby\n",
    );
    let arguments = format!(
        "{ARGUMENTS} --set prepare.pictures.labels=csv \
         --set prepare.pictures.labels_file=photos/labels.csv"
    );
    folder.succeed(&arguments);
    let dataset = open(&folder);
    assert_eq!(dataset.info().class_names, ["big, brown", "tabby"]);
    assert_eq!(dataset.labels(Part::Train).unwrap(), [1, 0, 1]);
    assert_snapshot!(findings(&folder), @r"
    part,source,index,finding,detail
    train,gone.png,,no_picture,a row in the table of labels without a picture
    train,cats/2.jpg,,no_class,no row in the table of labels
    train,cats/deep/3.GIF,,no_class,no row in the table of labels
    ");
    let names: Vec<&str> = dataset
        .info()
        .sources
        .iter()
        .map(|s| s.name.as_str())
        .collect();
    assert_eq!(names, ["photos", "labels.csv"]);

    // As a spreadsheet saves it.
    folder.put(
        "photos/labels.csv",
        b"\xef\xbb\xbffile,label\r\ncats/1.png,a\r\n",
    );
    folder.succeed(&arguments);
    assert_eq!(open(&folder).info().class_names, ["a"]);

    folder.put("photos/labels.csv", b"cats/1.png,a\ncats/1.png,b\n");
    assert!(
        folder
            .run(&arguments)
            .stderr
            .contains("line 2 of `photos/labels.csv` labels `cats/1.png` again")
    );
    folder.put("photos/labels.csv", b"cats/1.png,a\ncats/2.jpg\n");
    let run = folder.run(&arguments);
    assert_eq!(run.code, 3);
    assert_snapshot!(run.stderr, @r"
    error: line 2 of `photos/labels.csv` is not a row of labels: expected `file,label`, got `cats/2.jpg`
    hint: give a row `cats/1.png,cat` for each picture, paths from the pictures' folder
    ");
    std::fs::remove_file(folder.path().join("photos/labels.csv")).unwrap();
    assert_eq!(folder.run(&arguments).code, 3);
}

#[test]
fn more_classes_than_labels_can_tell_apart() {
    let folder = Folder::empty();
    for class in 0..257 {
        let bytes = picture(Png, 2, 2, u8::try_from(class % 251).unwrap());
        folder.put(&format!("photos/{class}/a.png"), &bytes);
    }
    let labelled = format!("{ARGUMENTS} --set prepare.pictures.labels=folder");
    assert_snapshot!(folder.fail(&labelled), @r"
    exit code 3
    error: too many classes: expected at most 256, got 257
    hint: join classes; or set `prepare.pictures.labels=none`, and leave `prepare.pictures.labels_file` out: the unlabelled network needs none
    ");
    folder.succeed(ARGUMENTS);
}

#[test]
fn a_test_folder_and_several_folders() {
    let folder = photos();
    folder.put("more/fish/1.png", &picture(Png, 16, 16, 8));
    folder.put("held-out/dogs/9.png", &picture(Png, 16, 16, 7));
    let arguments = format!(
        "{ARGUMENTS} --set prepare.folder=[photos,more] --set prepare.test_folder=held-out \
         --set prepare.pictures.labels=folder"
    );
    folder.succeed(&arguments);
    let dataset = open(&folder);
    assert_eq!(dataset.info().class_names, ["cats", "dogs", "fish"]);
    assert_eq!(dataset.labels(Part::Train).unwrap(), [2, 0, 0, 0, 1, 1]);
    assert_eq!(dataset.labels(Part::Test).unwrap(), [1]);
    let names: Vec<&str> = dataset
        .info()
        .sources
        .iter()
        .map(|s| s.name.as_str())
        .collect();
    assert_eq!(names, ["photos", "more", "held-out"]);
    assert!(findings(&folder).contains("test,,,empty_class,no image of class `cats`"));
}

#[test]
fn patterns_choose_files_and_folders() {
    let folder = photos();
    let n = |pattern: &str| {
        folder.succeed(&format!("{ARGUMENTS} --set prepare.folder={pattern}"));
        open(&folder).len(Part::Train).unwrap()
    };
    assert_eq!(n("photos/*/*.png"), 1);
    assert_eq!(n("photos/**/*.[gG]*"), 1);
    assert_eq!(n("photos/c*"), 3, "a folder with all below");
    assert_eq!(n("'photos/*/?.*'"), 4);
    assert_eq!(n("'p*'"), 5, "the pattern may come first");
    let name = |pattern: &str| {
        n(pattern);
        open(&folder).info().sources[0].name.clone()
    };
    assert_eq!(name("photos/*/*.png"), "photos/*/*.png");
    assert_snapshot!(folder.fail(&format!("{ARGUMENTS} --force --set prepare.folder='photos/['")), @r"
    exit code 2
    error: `photos/[` is not a pattern for files
    caused by: Pattern syntax error near position 0: invalid range pattern
    hint: `*` and `?` match letters of a name, `**` any folders, `[ab]` a or b
    ");
}

#[test]
fn hidden_files_are_left_out() {
    let folder = photos();
    folder.put("photos/.thumbnails/1.png", &picture(Png, 16, 16, 9));
    folder.put("photos/cats/._1.png", b"resource fork");
    assert!(folder.succeed(ARGUMENTS).contains("5 train"));
    assert_eq!(folder.json("out/audit.json")["findings"], 0);
}

#[test]
fn the_share_held_out_depends_on_content_alone() {
    let folder = Folder::empty();
    for seed in 0..100 {
        folder.put(
            &format!("photos/{seed:03}.png"),
            &picture(Png, 16, 16, seed),
        );
    }
    let arguments = format!("{ARGUMENTS} --set prepare.pictures.test_share=0.3");
    folder.succeed(&arguments);
    let test = open(&folder).read_part(Part::Test).unwrap();
    assert!((15..=45).contains(&test.n), "{}", test.n);
    // The same pictures are held out with other names and among other pictures.
    for seed in 0..100 {
        let name = folder.path().join(format!("photos/{seed:03}.png"));
        if seed % 2 == 1 {
            std::fs::remove_file(name).unwrap();
        } else {
            let bytes = folder.get(&format!("photos/{seed:03}.png"));
            folder.put(&format!("photos/x{seed:03}.png"), &bytes);
        }
    }
    folder.succeed(&arguments);
    let again = open(&folder).read_part(Part::Test).unwrap();
    assert!(again.n > 0);
    let images = |part: &dcgan_artifacts::PartData| -> std::collections::BTreeSet<Vec<u8>> {
        part.images
            .chunks(16 * 16 * 3)
            .map(<[u8]>::to_vec)
            .collect()
    };
    assert!(images(&again).is_subset(&images(&test)));
    // Equal files with different names are in the same part.
    assert_eq!(
        folder.json("out/audit.json")["duplicates_across_parts"]["test_in_train"],
        0
    );
}

#[test]
fn at_most_so_many_evenly_spaced() {
    let folder = photos();
    let n = |max: usize| {
        folder.succeed(&format!(
            "{ARGUMENTS} --set prepare.pictures.max_images={max}"
        ));
        open(&folder).len(Part::Train).unwrap()
    };
    for max in 1..7 {
        assert_eq!(n(max), max.min(5));
    }
    n(2);
    let source = open(&folder).info().sources[0].clone();
    assert_eq!(source.count, Some(2));
    let labelled = format!(
        "{ARGUMENTS} --set prepare.pictures.max_images=2 --set prepare.pictures.labels=folder"
    );
    folder.succeed(&labelled);
    assert_eq!(
        open(&folder).labels(Part::Train).unwrap(),
        [0, 1],
        "from both classes"
    );
}

#[test]
fn a_validation_part_is_drawn_evenly() {
    let folder = photos();
    folder.succeed(&format!(
        "{ARGUMENTS} --set prepare.pictures.labels=folder --set prepare.validation=2"
    ));
    let dataset = open(&folder);
    assert_eq!(dataset.labels(Part::Validation).unwrap(), [0, 1]);
    assert_eq!(dataset.labels(Part::Train).unwrap(), [0, 0, 1]);
}

#[test]
fn the_same_bytes_twice_anywhere_and_on_any_number_of_threads() {
    let (first, second) = (photos(), photos());
    for folder in [&first, &second] {
        folder.put("photos/cats/0.png", &picture(Png, 16, 16, 77)[..60]);
    }
    let more = "--set prepare.pictures.labels=folder --set prepare.pictures.test_share=0.2";
    first.succeed(&format!("{ARGUMENTS} {more} --threads 1"));
    second.succeed(&format!("{ARGUMENTS} {more} --threads 5"));
    assert_eq!(contents(&first, "out"), contents(&second, "out"));
    // Absolute paths don't appear in outputs.
    let path = second.path().display();
    second.succeed(&format!(
        "{} {more} --set prepare.folder={path}/photos",
        ARGUMENTS.replace("--out out", "--out elsewhere")
    ));
    assert_eq!(contents(&first, "out"), contents(&second, "elsewhere"));
}

#[test]
fn what_has_changed_is_made_anew_and_nothing_else() {
    let folder = photos();
    folder.succeed(ARGUMENTS);
    let is_written = |more: &str| {
        folder
            .succeed(&format!("{ARGUMENTS} {more}"))
            .contains("wrote")
    };
    assert!(!is_written(""));
    folder.put("photos/cats/4.png", &picture(Png, 16, 16, 50));
    assert!(is_written(""), "a new picture");
    std::fs::remove_file(folder.path().join("photos/cats/4.png")).unwrap();
    folder.put("photos/cats/0.png", &picture(Png, 16, 16, 50));
    assert!(is_written(""), "another name, another order");
    assert!(
        is_written("--set prepare.pictures.filter=lanczos"),
        "a setting"
    );
    assert!(is_written(""), "and back");
    assert!(!is_written(""));
}

#[test]
fn a_dry_run_reads_and_writes_nothing() {
    let folder = photos();
    let told = folder.succeed(&format!("{ARGUMENTS} --dry-run"));
    assert!(
        told.starts_with("dataset: 5 train, 16x16x3, no labels\n")
            && told.contains("\nreads photos (5 files, "),
        "{told}"
    );
    assert!(folder.names("out").is_empty());
}

#[test]
fn nothing_to_search() {
    let folder = Folder::empty();
    assert_snapshot!(folder.fail("--out out --set prepare.source=folder"), @r"
    exit code 2
    error: `prepare.folder` is not set: expected a folder, as `prepare.source` is `folder`
    hint: give `--set prepare.folder=PATH`, or make's `SET='prepare.folder=PATH'`
    ");
    assert_snapshot!(folder.fail(ARGUMENTS), @r"
    exit code 3
    error: could not read `photos`
    caused by: No such file or directory (os error 2)
    hint: check the path: it is relative to the folder in which the program is started
    ");
    folder.put("photos", b"a file");
    assert_snapshot!(folder.fail(ARGUMENTS), @r"
    exit code 3
    error: `photos` should be a folder of pictures, got a file or device
    hint: give the folder of the pictures, or a pattern such as `photos/*.jpg`
    ");
}

#[test]
fn an_empty_folder_and_one_picture() {
    let folder = Folder::empty();
    std::fs::create_dir(folder.path().join("photos")).unwrap();
    assert_snapshot!(folder.fail(ARGUMENTS), @r"
    exit code 3
    error: `photos` has no picture to train on: expected at least one, got no file at all
    hint: put PNG, JPEG, GIF, BMP or WebP files into it, or give another
    ");
    folder.put("photos/only.png", &picture(Png, 1, 1, 0));
    folder.succeed(ARGUMENTS);
    assert_eq!(open(&folder).len(Part::Train), Some(1));
}

/// The share that the hint names leaves a picture to train on, and a little more does not.
#[test]
fn a_test_share_that_takes_every_picture() {
    let folder = Folder::empty();
    for seed in 0..3 {
        folder.put(&format!("photos/{seed}.png"), &picture(Png, 8, 8, seed));
    }
    let with = |share: &str| format!("{ARGUMENTS} --set prepare.pictures.test_share={share}");
    let failure = folder.fail(&with("0.9999"));
    let (before, share) = failure.split_once("test_share` to ").unwrap();
    assert_snapshot!(before, @r"
    exit code 3
    error: all 3 pictures of `photos` fell to the test part: expected at least one to train on
    hint: lower `prepare.pictures.
    ");
    let share = share.split(' ').next().unwrap();
    folder.succeed(&with(share));
    let more = share.parse::<f64>().unwrap() + 0.01;
    assert_eq!(folder.run(&with(&more.to_string())).code, 3);
}

/// All files of the folder are counted, not only those that looked like pictures at first.
#[test]
fn every_file_that_is_no_picture_to_train_on_is_counted() {
    let folder = Folder::empty();
    let whole = picture(Png, 40, 40, 2);
    folder.put("photos/a.png", &whole[..whole.len() - 30]);
    folder.put("photos/b.png", b"");
    folder.put("photos/c.txt", b"words");
    // What is in the folder of the test part does not count.
    folder.put("test/d.png", &whole);
    folder.put("test/b.txt", b"words");
    for more in ["", " --set prepare.test_folder=test"] {
        let run = folder.run(&format!("{ARGUMENTS}{more}"));
        let failure = run.stderr;
        assert_eq!(run.code, 3, "{failure}");
        assert!(
            failure.contains("got 3 files that can't be used"),
            "{failure}"
        );
        assert!(
            failure.contains("the first that can't be used is `"),
            "{failure}"
        );
    }
}

/// Without classes there is no table of them.
#[test]
fn too_many_classes_of_a_table_go_with_the_table() {
    let folder = Folder::empty();
    let rows = (0..257).map(|class| {
        folder.put(&format!("photos/{class}.png"), &picture(Png, 4, 4, 1));
        format!("{class}.png,class {class}\n")
    });
    let table: String = rows.collect();
    folder.put("labels.csv", table.as_bytes());
    let labels = "--set prepare.pictures.labels=csv";
    let table = "--set prepare.pictures.labels_file=labels.csv";
    assert_snapshot!(folder.fail(&format!("{ARGUMENTS} {labels} {table}")), @r"
    exit code 3
    error: too many classes: expected at most 256, got 257
    hint: join classes; or set `prepare.pictures.labels=none`, and leave `prepare.pictures.labels_file` out: the unlabelled network needs none
    ");
    folder.succeed(&format!("{ARGUMENTS} --set prepare.pictures.labels=none"));
}
