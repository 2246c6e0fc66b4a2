//! Datasets: rows by position, inconsistent data, and a file of another program.

use crate::examples::{dataset_info, part, parts, put};
use dcgan_artifacts::{
    DatasetInfo, DatasetReader, Error, Part, PartData, Samples, sha256_bytes, write_dataset,
};
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use std::collections::BTreeMap;

#[test]
fn rows_come_in_the_order_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dataset.safetensors");
    write_dataset(&path, &dataset_info(), &parts()).unwrap();
    let reader = DatasetReader::open(&path).unwrap();
    let mut rows = vec![9; 100];
    reader
        .read_images(Part::Train, &[2, 0, 2], &mut rows)
        .unwrap();
    let images = &parts()[&Part::Train].images;
    assert_eq!(
        rows,
        [&images[12..18], &images[..6], &images[12..18]].concat()
    );
    assert_eq!(reader.labels(Part::Train), Some([0, 1, 1].as_slice()));
    assert_eq!(reader.content_sha256().len(), 64);

    let beyond = reader
        .read_images(Part::Train, &[3], &mut rows)
        .unwrap_err();
    assert!(matches!(beyond, Error::Unfit { .. }), "{beyond:?}");
}

#[test]
fn a_dataset_may_have_one_part_and_no_labels() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dataset.safetensors");
    let info = DatasetInfo {
        class_names: Vec::new(),
        ..dataset_info()
    };
    let only = PartData {
        labels: None,
        ..part(1, &[0, 0])
    };
    write_dataset(&path, &info, &BTreeMap::from([(Part::Train, only.clone())])).unwrap();
    let reader = DatasetReader::open(&path).unwrap();
    assert_eq!(reader.read_part(Part::Train).unwrap(), only);
    assert_eq!(
        (reader.len(Part::Test), reader.labels(Part::Train)),
        (None, None)
    );
    let absent = reader.read_part(Part::Test).unwrap_err();
    assert!(matches!(absent, Error::Unfit { .. }), "{absent:?}");
    let absent = reader
        .read_images(Part::Test, &[], &mut Vec::new())
        .unwrap_err();
    assert!(matches!(absent, Error::Unfit { .. }), "{absent:?}");
}

/// Training labels 1, 2 and 2 of four classes: pictures of 0 and 3 are left out of the other parts.
#[test]
fn pictures_of_classes_without_training_pictures_can_be_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dataset.safetensors");
    let info = DatasetInfo {
        class_names: ["a", "b", "c", "d"].map(String::from).to_vec(),
        ..dataset_info()
    };
    let parts = BTreeMap::from([
        (Part::Train, part(1, &[1, 2, 2])),
        (Part::Validation, part(100, &[2, 1])),
        (Part::Test, part(200, &[0, 1, 3, 3, 2])),
    ]);
    write_dataset(&path, &info, &parts).unwrap();
    let mut reader = DatasetReader::open(&path).unwrap();
    assert_eq!(reader.trained_classes(), [1, 2]);
    assert_eq!(reader.untrained_classes(), [0, 3]);
    let sha256 = reader.content_sha256().to_owned();
    let left_out = reader.leave_out_untrained();
    assert_eq!(left_out, BTreeMap::from([(Part::Test, 3)]));
    assert_eq!(reader.content_sha256(), sha256);
    let test = &parts[&Part::Test].images;
    let kept = PartData {
        images: [&test[6..12], &test[24..30]].concat(),
        labels: Some(vec![1, 2]),
        n: 2,
    };
    assert_eq!(reader.len(Part::Test), Some(2));
    assert_eq!(reader.read_part(Part::Test).unwrap(), kept);
    let mut rows = Vec::new();
    reader
        .read_images(Part::Test, &[1, 0, 1], &mut rows)
        .unwrap();
    assert_eq!(rows, [&test[24..30], &test[6..12], &test[24..30]].concat());
    let beyond = reader.read_images(Part::Test, &[2], &mut rows).unwrap_err();
    assert!(matches!(beyond, Error::Unfit { .. }), "{beyond:?}");
    for part in [Part::Train, Part::Validation] {
        assert_eq!(reader.read_part(part).unwrap(), parts[&part]);
    }
}

#[test]
fn where_all_classes_have_training_pictures_nothing_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dataset.safetensors");
    write_dataset(&path, &dataset_info(), &parts()).unwrap();
    let mut reader = DatasetReader::open(&path).unwrap();
    assert_eq!(reader.leave_out_untrained(), BTreeMap::new());
    assert_eq!(reader.trained_classes(), [0, 1]);
    assert_eq!(reader.read_part(Part::Test).unwrap(), parts()[&Part::Test]);

    // Without training pictures nothing tells which classes are trained.
    let empty = BTreeMap::from([(Part::Train, part(1, &[])), (Part::Test, part(1, &[1]))]);
    write_dataset(&path, &dataset_info(), &empty).unwrap();
    let mut reader = DatasetReader::open(&path).unwrap();
    assert_eq!(reader.leave_out_untrained(), BTreeMap::new());
    assert!(reader.untrained_classes().is_empty());
}

#[track_caller]
fn check_contradiction(info: &DatasetInfo, train: PartData, expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dataset.safetensors");
    let parts = BTreeMap::from([(Part::Train, train)]);
    match write_dataset(&path, info, &parts) {
        Err(Error::Contradiction { expected: got, .. }) => assert_eq!(got, expected),
        other => panic!("{other:?}"),
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn contradictions_are_refused_and_nothing_is_written() {
    let info = dataset_info();
    let sound = part(1, &[0, 1]);
    check_contradiction(
        &DatasetInfo {
            channels: 2,
            ..info.clone()
        },
        sound.clone(),
        "1 or 3 channels",
    );
    check_contradiction(
        &DatasetInfo {
            height: 0,
            ..info.clone()
        },
        sound.clone(),
        "images of 1 to 65536 pixels a side",
    );
    check_contradiction(
        &DatasetInfo {
            class_names: vec![String::new(); 257],
            ..info.clone()
        },
        sound.clone(),
        "at most 256 classes",
    );
    check_contradiction(
        &info,
        PartData {
            n: 3,
            ..sound.clone()
        },
        "18 bytes in the 3 images of `train`",
    );
    check_contradiction(
        &info,
        PartData {
            labels: None,
            ..sound.clone()
        },
        "labels in `train` if and only if there are class names",
    );
    check_contradiction(
        &info,
        PartData {
            labels: Some(vec![0]),
            ..sound.clone()
        },
        "2 labels in `train`",
    );
    check_contradiction(
        &info,
        PartData {
            labels: Some(vec![0, 2]),
            ..sound
        },
        "labels below 2 in `train`",
    );
}

/// The format from the crate's documentation, without our code and without a seal.
fn foreign(labels: &[u8], metadata: &str) -> Vec<u8> {
    let images: Vec<u8> = (0..12).collect();
    let mut content = b"train/images\nU8\n2,2,3,1\n".to_vec();
    content.extend_from_slice(&images);
    content.extend_from_slice(format!("train/labels\nU8\n{}\n", labels.len()).as_bytes());
    content.extend_from_slice(labels);
    let metadata = metadata.replace("CONTENT", &sha256_bytes(&content));
    let arrays = [
        (
            "train/labels",
            TensorView::new(Dtype::U8, vec![labels.len()], labels).unwrap(),
        ),
        (
            "train/images",
            TensorView::new(Dtype::U8, vec![2, 2, 3, 1], &images).unwrap(),
        ),
    ];
    let metadata = Some([("dcgan".to_owned(), metadata)].into_iter().collect());
    safetensors::serialize(arrays, metadata).unwrap()
}

const INFO: &str = r#"{"format": 1, "kind": "dataset", "content_sha256": "CONTENT", "name": "mine",
    "class_names": ["a", "b"], "height": 2, "width": 3, "channels": 1}"#;

#[test]
fn a_dataset_by_another_program_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dataset.safetensors");
    put(&path, &foreign(&[1, 0], INFO));
    let reader = DatasetReader::open(&path).unwrap();
    assert_eq!(reader.info().name, "mine");
    assert_eq!(
        reader.read_part(Part::Train).unwrap().images,
        (0..12).collect::<Vec<u8>>()
    );
}

#[track_caller]
fn check_foreign(labels: &[u8], metadata: &str, expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dataset.safetensors");
    put(&path, &foreign(labels, metadata));
    let error = DatasetReader::open(&path).unwrap_err();
    let chain = format!(
        "{error} / {:?}",
        std::error::Error::source(&error).map(ToString::to_string)
    );
    assert!(chain.contains(expected), "{chain}");
}

#[test]
fn what_another_program_got_wrong_is_named() {
    check_foreign(&[1, 2], INFO, "labels below 2 in `train`, got label 2");
    check_foreign(&[1], INFO, "`train/labels` of shape [2], got [1]");
    check_foreign(
        &[1, 0],
        &INFO.replace("\"height\": 2", "\"height\": 4"),
        "of shape [2, 4, 3, 1]",
    );
    check_foreign(
        &[1, 0],
        &INFO.replace("\"channels\": 1", "\"channels\": 2"),
        "1 or 3 channels",
    );
    check_foreign(
        &[1, 0],
        &INFO.replace("\"a\", \"b\"", ""),
        "labels of `train`",
    );
    check_foreign(
        &[1, 0],
        &INFO.replace("CONTENT", "0"),
        "content of SHA-256 `0`",
    );
    check_foreign(
        &[1, 0],
        &INFO.replace("\"name\"", "\"nom\""),
        "unknown field `nom`",
    );
    check_foreign(
        &[1, 0],
        &INFO.replace("\"format\": 1, ", ""),
        "`format`, a version from 1",
    );
    check_foreign(&[1, 0], "no JSON", "its JSON does not fit");
}

#[test]
fn samples_without_our_metadata_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("samples.safetensors");
    let images = [7; 8];
    let view = || TensorView::new(Dtype::U8, vec![2, 2, 2, 1], &images).unwrap();
    put(
        &path,
        &safetensors::serialize([("images", view())], None).unwrap(),
    );
    let samples = Samples::read(&path).unwrap();
    assert_eq!(
        (samples.n, samples.height, samples.width, samples.channels),
        (2, 2, 2, 1)
    );
    assert_eq!(
        (samples.images.as_slice(), samples.labels),
        (images.as_slice(), None)
    );
    assert_eq!((samples.seeds, samples.model_sha256), (Vec::new(), None));

    let other = Some(
        [("format".to_owned(), "pt".to_owned())]
            .into_iter()
            .collect(),
    );
    put(
        &path,
        &safetensors::serialize([("images", view())], other).unwrap(),
    );
    Samples::read(&path).unwrap();

    for (name, shape) in [("pictures", vec![2, 2, 2, 1]), ("images", vec![2, 2, 1, 2])] {
        let view = TensorView::new(Dtype::U8, shape, &images).unwrap();
        put(
            &path,
            &safetensors::serialize([(name, view)], None).unwrap(),
        );
        let error = Samples::read(&path).unwrap_err();
        assert!(matches!(error, Error::Unfit { .. }), "{error:?}");
    }
}
