//! One small file of each format, the same ones as in `tests/fixtures`.

use dcgan_artifacts::{
    Arrays, BestScore, Checkpoint, CheckpointInfo, ClassifierFile, ClassifierInfo, DatasetInfo,
    DatasetReader, Error, FileRecord, Manifest, ModelFile, NeighboursFile, NeighboursInfo,
    NetworkInfo, Part, PartData, Role, Samples, TablePosition, sha256_bytes, write_dataset,
};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

pub(crate) fn record(name: &str) -> FileRecord {
    let bytes = name.len() as u64;
    FileRecord {
        name: name.into(),
        bytes,
        sha256: sha256_bytes(name.as_bytes()),
        count: None,
    }
}

pub(crate) fn dataset_info() -> DatasetInfo {
    DatasetInfo {
        name: "tiny \"quoted\"".into(),
        class_names: vec!["null".into(), "één".into()],
        height: 2,
        width: 3,
        channels: 1,
        sources: vec![
            record("train.gz"),
            FileRecord {
                count: Some(2),
                ..record("folder")
            },
        ],
    }
}

pub(crate) fn part(first: u8, labels: &[u8]) -> PartData {
    let n = labels.len();
    let images = (first..).take(6 * n).collect();
    PartData {
        images,
        labels: Some(labels.to_vec()),
        n,
    }
}

pub(crate) fn parts() -> BTreeMap<Part, PartData> {
    BTreeMap::from([
        (Part::Train, part(1, &[0, 1, 1])),
        (Part::Validation, part(100, &[1])),
        (Part::Test, part(200, &[1, 0])),
    ])
}

pub(crate) fn network() -> NetworkInfo {
    NetworkInfo {
        kind: "labelled".into(),
        height: 28,
        width: 28,
        channels: 1,
        class_names: vec!["0".into(), "1".into()],
        z_dim: 4,
        z_distribution: "uniform".into(),
        gf_dim: 2,
        df_dim: 2,
        gfc_dim: 3,
        dfc_dim: 3,
        depth: None,
        untrained_classes: Vec::new(),
    }
}

/// Values that conversion to text or rounding would change.
pub(crate) fn arrays(names: &[&str]) -> Arrays {
    let values = vec![
        -0.0,
        0.1,
        f32::MIN_POSITIVE / 2.0,
        f32::MAX,
        f32::NEG_INFINITY,
        1.0 / 3.0,
    ];
    names
        .iter()
        .map(|&name| (name.to_owned(), (vec![2, 3], values.clone())))
        .collect()
}

pub(crate) fn checkpoint(step: u64) -> Checkpoint {
    let names = ["discriminator/d_h3_lin/Matrix", "generator/g_h0_lin/Matrix"];
    Checkpoint {
        info: CheckpointInfo {
            network: network(),
            step,
            epoch: 2,
            seed: u64::MAX,
            adam_steps_d: step,
            adam_steps_g: 2 * step,
            attempt: 1,
            best: Some(BestScore {
                metric: "accuracy".into(),
                value: 0.1 + 0.2,
                step: 3,
            }),
            dataset_sha256: sha256_bytes(b"dataset"),
            tables: BTreeMap::from([(
                "metrics.csv".to_owned(),
                TablePosition {
                    bytes: 7,
                    sha256: sha256_bytes(b"table"),
                },
            )]),
            on_signal: false,
        },
        weights: arrays(&names),
        adam_m: arrays(&names),
        adam_v: arrays(&names[1..]),
        ema: arrays(&names[1..]),
    }
}

pub(crate) fn model(role: Role) -> ModelFile {
    let name = format!("{}layer/w", role.prefix());
    ModelFile {
        network: network(),
        role,
        step: 12,
        dataset_sha256: sha256_bytes(b"dataset"),
        weights: arrays(&[&name]),
    }
}

pub(crate) fn samples() -> Samples {
    Samples {
        images: (0..24).collect(),
        labels: Some(vec![3, 255]),
        n: 2,
        height: 2,
        width: 2,
        channels: 3,
        seeds: vec![0, u64::MAX],
        model_sha256: Some(sha256_bytes(b"model")),
    }
}

pub(crate) fn classifier() -> ClassifierFile {
    ClassifierFile {
        info: ClassifierInfo {
            architecture: "linear".into(),
            height: 2,
            width: 3,
            channels: 1,
            class_names: vec!["a".into(), "b".into()],
            dataset: "tiny".into(),
            dataset_sha256: "0".repeat(64),
            epochs: 2,
            recipe: "by hand".into(),
            seed: 7,
            train_accuracy: 0.75,
            test_accuracy: None,
        },
        arrays: arrays(&["f1/w", "f2/w"]),
    }
}

pub(crate) fn neighbours() -> NeighboursFile {
    NeighboursFile {
        info: NeighboursInfo {
            dataset_sha256: "0".repeat(64),
            first: 5,
            draw: Some(3),
        },
        // More than a 32-bit integer or a float can hold exactly.
        all: vec![(7, (1 << 53) + 1), (0, 0)],
        first: vec![(4, u64::MAX), (0, 0)],
    }
}

pub(crate) fn manifest() -> Manifest {
    Manifest {
        stage: "dcgan-train".into(),
        version: "0.1.0".into(),
        settings: json!({ "train": { "learning_rate": 2e-4, "epochs": 5, "beta1": 0.5 } }),
        inputs: vec![record("dataset.safetensors")],
        outputs: vec![
            record("metrics.csv"),
            record("checkpoints/step-00000001.safetensors"),
        ],
    }
}

/// A format: folder and name of its newest fixture, and how to write the example and read a file.
pub(crate) struct Format {
    pub(crate) version: &'static str,
    pub(crate) name: &'static str,
    pub(crate) write: fn(&Path),
    pub(crate) read: fn(&Path) -> Result<(), Error>,
}

/// Every format with a checksum; all but the last are safetensors files.
pub(crate) const FORMATS: [Format; 8] = [
    Format {
        version: "v1",
        name: "dataset.safetensors",
        write: |path| drop(write_dataset(path, &dataset_info(), &parts()).unwrap()),
        read: |path| DatasetReader::open(path).map(drop),
    },
    Format {
        version: "v1",
        name: "checkpoint.safetensors",
        write: |path| drop(checkpoint(5).write(path).unwrap()),
        read: |path| Checkpoint::read(path).map(drop),
    },
    Format {
        version: "v1",
        name: "generator.safetensors",
        write: |path| drop(model(Role::Generator).write(path).unwrap()),
        read: |path| dcgan_artifacts::read_generator(path).map(drop),
    },
    Format {
        version: "v1",
        name: "discriminator.safetensors",
        write: |path| drop(model(Role::Discriminator).write(path).unwrap()),
        read: |path| dcgan_artifacts::read_discriminator(path).map(drop),
    },
    Format {
        version: "v1",
        name: "samples.safetensors",
        write: |path| drop(samples().write(path).unwrap()),
        read: |path| Samples::read(path).map(drop),
    },
    Format {
        version: "v1",
        name: "classifier.safetensors",
        write: |path| drop(classifier().write(path).unwrap()),
        read: |path| ClassifierFile::read(path).map(drop),
    },
    Format {
        version: "v2",
        name: "neighbours.safetensors",
        write: |path| drop(neighbours().write(path).unwrap()),
        read: |path| NeighboursFile::read(path).map(drop),
    },
    Format {
        version: "v1",
        name: Manifest::NAME,
        write: |path| manifest().write(path.parent().unwrap()).unwrap(),
        read: |path| Manifest::read(path.parent().unwrap()).map(drop),
    },
];

/// The entries of [`FORMATS`] that are safetensors files.
pub(crate) fn containers() -> &'static [Format] {
    &FORMATS[..FORMATS.len() - 1]
}

/// Writes bytes for a reader without the real writer's care.
#[expect(clippy::disallowed_methods, reason = "damages files on purpose")]
pub(crate) fn put(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
}
