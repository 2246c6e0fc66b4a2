//! Datasets from valid sources.

use crate::{Folder, gzip, idx, images, labels};
use dcgan_artifacts::{DatasetReader, Part};
use serde_json::json;

fn open(folder: &Folder) -> DatasetReader {
    DatasetReader::open(&folder.path().join("out/dataset.safetensors")).unwrap()
}

#[test]
fn images_and_labels_arrive_in_their_parts() {
    let folder = Folder::with_sources();
    folder.succeed("--pipeline pipeline.yaml --out out --set prepare.class_names=[a,b,c]");
    let dataset = open(&folder);
    let train = dataset.read_part(Part::Train).unwrap();
    assert_eq!(train.images, images(6, 0)[16..]);
    assert_eq!(train.labels.unwrap(), [0, 1, 2, 0, 1, 2]);
    let test = dataset.read_part(Part::Test).unwrap();
    assert_eq!(test.images, images(2, 100)[16..]);
    assert_eq!(test.labels.unwrap(), [2, 0]);
    let info = dataset.info();
    assert_eq!((info.height, info.width, info.channels), (3, 4, 1));
    assert_eq!(info.class_names, ["a", "b", "c"]);
    assert_eq!(dataset.len(Part::Validation), None);
    let names: Vec<&str> = info
        .sources
        .iter()
        .map(|source| source.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "train-images.gz",
            "train-labels",
            "test-images",
            "test-labels"
        ]
    );
    assert_eq!(
        info.sources[0].sha256,
        dcgan_artifacts::sha256_bytes(&folder.get("train-images.gz"))
    );
}

#[test]
fn plain_and_gzip_sources_give_the_same_content() {
    let folder = Folder::with_sources();
    folder.succeed("--pipeline pipeline.yaml --out out");
    let compressed = open(&folder).content_sha256().to_owned();
    folder.put("train-images.gz", &images(6, 0));
    folder.put("train-labels", &gzip(&labels(&[0, 1, 2, 0, 1, 2])));
    folder.succeed("--pipeline pipeline.yaml --out out");
    assert_eq!(open(&folder).content_sha256(), compressed);
}

#[test]
fn neither_labels_nor_a_test_part_are_needed() {
    let folder = Folder::with_sources();
    let out = folder.succeed("--out out --set prepare.idx.train_images=train-images.gz");
    assert!(out.contains("6 train, 3x4x1, no labels"), "{out}");
    let dataset = open(&folder);
    assert_eq!(dataset.labels(Part::Train), None);
    assert_eq!(dataset.len(Part::Test), None);
    assert!(dataset.info().class_names.is_empty());
}

#[test]
fn the_validation_part_is_drawn_from_train_equally_of_each_class() {
    let folder = Folder::with_sources();
    let arguments = "--pipeline pipeline.yaml --set prepare.validation=3";
    folder.succeed(&format!("{arguments} --out out"));
    let dataset = open(&folder);
    let (train, validation) = (
        dataset.read_part(Part::Train).unwrap(),
        dataset.read_part(Part::Validation).unwrap(),
    );
    assert_eq!(dataset.len(Part::Test), Some(2));
    let mut classes = validation.labels.clone().unwrap();
    classes.sort_unstable();
    assert_eq!(classes, [0, 1, 2]);
    // Together they are the source's images, each with its label.
    let of = |part: &dcgan_artifacts::PartData| {
        let images = part.images.chunks(12).map(<[u8]>::to_vec);
        images.zip(part.labels.clone().unwrap()).collect::<Vec<_>>()
    };
    let mut all = [of(&train), of(&validation)].concat();
    all.sort();
    let source = images(6, 0)[16..]
        .chunks(12)
        .map(<[u8]>::to_vec)
        .collect::<Vec<_>>();
    assert_eq!(
        all,
        source
            .into_iter()
            .zip([0, 1, 2, 0, 1, 2])
            .collect::<Vec<_>>()
    );
    // Another seed draws others: one of a few must differ.
    let draws = (0..6).map(|seed| {
        folder.succeed(&format!("{arguments} --out out --set prepare.seed={seed}"));
        open(&folder).read_part(Part::Validation).unwrap().images
    });
    assert!(draws.collect::<std::collections::BTreeSet<_>>().len() > 1);
}

#[test]
fn the_audit_counts_and_names_what_is_odd() {
    let folder = Folder::with_sources();
    let (a, b, blank) = ([1u8; 12].map(|v| v * 3), [8u8, 9].repeat(6), [0u8; 12]);
    let a = [&a[..11], &[200]].concat();
    let train = [&a[..], &b, &a, &blank, &b, &blank].concat();
    let test = [&b[..], &[40, 41, 42].repeat(4)].concat();
    folder.put(
        "train-images.gz",
        &gzip(&idx([0, 0, 8, 3], &[6, 3, 4], &train)),
    );
    folder.put("test-images", &idx([0, 0, 8, 3], &[2, 3, 4], &test));
    folder.succeed("--pipeline pipeline.yaml --out out");
    insta::assert_snapshot!(String::from_utf8(folder.get("out/audit.csv")).unwrap(), @r#"
    part,source,index,finding,detail
    train,train-images.gz,2,duplicate,"same pixels as image 0 of `train-images.gz` in train, class `2` here and `0` there"
    train,train-images.gz,3,blank,every value is 0
    train,train-images.gz,4,duplicate,same pixels as image 1 of `train-images.gz` in train
    train,train-images.gz,5,blank,every value is 0
    train,train-images.gz,5,duplicate,"same pixels as image 3 of `train-images.gz` in train, class `2` here and `0` there"
    test,test-images,,empty_class,no image of class `1`
    test,test-images,0,in_other_part,"same pixels as image 1 of `train-images.gz` in train, class `2` here and `1` there"
    "#);
    let totals = folder.json("out/audit.json");
    assert_eq!(
        totals["parts"]["test"],
        json!({
            "images": 2, "per_class": [1, 0, 1], "min": 8, "max": 42,
            "mean": (6.0 * 17.0 + 4.0 * 123.0) / 24.0, "blank": 0, "duplicates": 0,
            "near_duplicates": null,
        })
    );
    assert_eq!(totals["parts"]["train"]["duplicates"], 3);
    assert_eq!(totals["parts"]["train"]["blank"], 2);
    assert_eq!(
        totals["duplicates_across_parts"],
        json!({ "test_in_train": 1 })
    );
    assert_eq!(totals["findings"], 7);
}

#[test]
fn the_preview_has_a_row_of_ten_for_each_class() {
    let folder = Folder::with_sources();
    folder.succeed("--pipeline pipeline.yaml --out out");
    let preview = dcgan_figures::decode_png(&folder.get("out/preview.png")).unwrap();
    assert_eq!(
        (preview.height(), preview.width()),
        (3 * 3 + 2 * 2, 10 * 4 + 9 * 2)
    );
    // Class 1 has images 1 and 4: the second row starts with them.
    let row = &preview.pixels()[5 * preview.width()..][..preview.width()];
    assert_eq!(row[..10], [12, 13, 14, 15, 128, 128, 48, 49, 50, 51]);
    assert!(row[10..].iter().all(|value| *value == 128));
}

#[test]
fn drawn_pictures_are_in_turn_of_every_class_and_all_different() {
    let folder = Folder::empty();
    let arguments = "--out out --set prepare.source=synthetic --set prepare.synthetic.classes=23 \
        --set prepare.synthetic.channels=3 --set prepare.synthetic.train=46 \
        --set prepare.synthetic.test=23 --set prepare.synthetic.width=20";
    folder.succeed(arguments);
    let dataset = open(&folder);
    let train = dataset.read_part(Part::Train).unwrap();
    let expected: Vec<u8> = (0..23).chain(0..23).collect();
    assert_eq!(train.labels.unwrap(), expected);
    assert_eq!(train.images.len(), 46 * 28 * 20 * 3);
    let totals = folder.json("out/audit.json");
    assert_eq!(totals["findings"], 0);
    assert_eq!(totals["parts"]["train"]["min"], 0);
    // The test part doesn't depend on how large the training part is.
    let test = dataset.read_part(Part::Test).unwrap();
    folder.succeed(&format!("{arguments} --set prepare.synthetic.train=5"));
    assert_eq!(open(&folder).read_part(Part::Test).unwrap(), test);
}

#[test]
fn pictures_as_small_as_one_pixel_can_be_drawn() {
    let folder = Folder::empty();
    folder.succeed(
        "--out out --set prepare.source=synthetic --set prepare.synthetic.height=1 \
         --set prepare.synthetic.width=1 --set prepare.synthetic.classes=0",
    );
    assert_eq!(
        open(&folder).read_part(Part::Train).unwrap().images.len(),
        1024
    );
}

#[test]
fn mnist_has_its_known_counts() {
    // From the repository's root, because the shipped pipelines' paths are relative to it.
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let folder = Folder::empty();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_dcgan-prepare"));
    command.args(["--pipeline", "pipelines/mnist.yaml", "--out"]);
    command.arg(folder.path().join("out")).current_dir(root);
    let _ = dcgan_testkit::run(&mut command).succeeded();
    let totals = folder.json("out/audit.json");
    assert_eq!(
        totals["parts"]["train"]["per_class"],
        json!([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949])
    );
    assert_eq!(
        totals["parts"]["test"]["per_class"],
        json!([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009])
    );
    // The widely used mean of the training pixels, 0.1307 of 255.
    let mean = totals["parts"]["train"]["mean"].as_f64().unwrap() / 255.0;
    assert!((mean - 0.130_660_4).abs() < 1e-6, "{mean}");
    assert_eq!(totals["findings"], 0);
}
