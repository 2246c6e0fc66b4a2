//! The pipelines that come with the project.

use dcgan_settings::{Labels, MovingAverages, NetworkKind, SourceKind, default_settings, load};
use serde_yaml::Value;
use std::path::{Path, PathBuf};

const SECTIONS: [&str; 4] = ["prepare", "train", "sample", "eval"];

fn pipelines() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines")
}

#[test]
fn every_one_loads() {
    let mut n_pipelines = 0;
    for entry in std::fs::read_dir(pipelines()).unwrap() {
        let path = entry.unwrap().path();
        load(&path, &[]).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        n_pipelines += 1;
    }
    assert!(n_pipelines >= 8, "only {n_pipelines}");
}

/// Hints and `--help` refer to this file for the meaning of every key.
#[test]
fn the_default_one_explains_every_key() {
    let text = std::fs::read_to_string(pipelines().join("mnist.yaml")).unwrap();
    let tree: Value = serde_yaml::from_str(&text).unwrap();
    for (key, _) in SECTIONS.into_iter().flat_map(default_settings) {
        let name = key.rsplit('.').next().unwrap();
        let stands = key
            .split('.')
            .try_fold(&tree, |place, name| place.get(name))
            .is_some();
        let others = [
            "synthetic",
            "pictures",
            "npz",
            "csv",
            "cifar",
            "archive",
            "parquet",
        ];
        let of_another_source = others
            .iter()
            .any(|section| key.starts_with(&format!("prepare.{section}.")));
        let commented = of_another_source
            && text
                .lines()
                .any(|line| line.trim_start().starts_with(&format!("#   {name}: ")));
        assert!(stands || commented, "`{key}` is missing");
    }
}

#[test]
fn each_is_what_it_says() {
    let mnist = load(&pipelines().join("mnist.yaml"), &[]).unwrap();
    assert_eq!((mnist.train.epochs, mnist.prepare.idx.sha256.len()), (5, 4));

    let original = load(&pipelines().join("mnist-original.yaml"), &[]).unwrap();
    assert_eq!(original.prepare, mnist.prepare);
    assert_eq!(
        (original.train.epochs, original.train.reshuffle),
        (25, false)
    );
    assert_eq!(original.train.moving_averages, MovingAverages::WithReadouts);
    assert!(mnist.eval.classifier.is_some());
    assert_eq!(original.eval.classifier, mnist.eval.classifier);

    let best = load(&pipelines().join("mnist-best.yaml"), &[]).unwrap();
    assert_eq!(best.prepare.idx, mnist.prepare.idx);
    assert!(best.prepare.validation > 0 && best.train.score_every > 0 && best.train.ema > 0.0);
    assert!(best.train.best.is_of_average() && best.sample.ema && best.eval.ema);
    assert!(best.sample.best && best.eval.best);
    // As described in docs/recipe.md.
    let others = dcgan_settings::Train {
        generator_updates: 1,
        label_smoothing: 0.1,
        ema: 0.999,
        epochs: best.train.epochs,
        score_every: best.train.score_every,
        classifier: best.train.classifier.clone(),
        best: best.train.best,
        ..mnist.train.clone()
    };
    assert_eq!(best.train, others);

    let smoke = load(&pipelines().join("smoke.yaml"), &[]).unwrap();
    assert_eq!(smoke.prepare.source, SourceKind::Synthetic);

    let images = load(&pipelines().join("images.yaml"), &[]).unwrap();
    assert_eq!(images.prepare.source, SourceKind::Folder);
    assert_eq!(images.train.network, NetworkKind::Unlabelled);
    let half = load(&pipelines().join("images-half.yaml"), &[]).unwrap();
    assert_eq!(half.prepare, images.prepare);
    assert_eq!((2 * half.train.gf_dim, 2 * half.train.df_dim), (64, 64));

    let cifar10 = load(&pipelines().join("cifar10.yaml"), &[]).unwrap();
    assert_eq!(cifar10.prepare.pictures.labels, Labels::Folder);
    assert_eq!(cifar10.train.network, NetworkKind::Labelled);
    let medmnist = load(&pipelines().join("medmnist.yaml"), &[]).unwrap();
    assert_eq!(medmnist.prepare.source, SourceKind::Npz);
    assert_eq!(medmnist.prepare.class_names.len(), 9);
    for (name, source) in [
        ("kaggle-mnist.yaml", SourceKind::Csv),
        ("cifar10-binary.yaml", SourceKind::Cifar),
        ("stylegan-zip.yaml", SourceKind::Archive),
        ("webdataset.yaml", SourceKind::Archive),
        ("huggingface.yaml", SourceKind::Parquet),
    ] {
        let pipeline = load(&pipelines().join(name), &[]).unwrap();
        assert_eq!(pipeline.prepare.source, source, "{name}");
    }
    let fashion = load(&pipelines().join("fashion-mnist.yaml"), &[]).unwrap();
    assert_eq!(fashion.prepare.class_names.len(), 10);
    let letters = load(&pipelines().join("emnist-letters.yaml"), &[]).unwrap();
    let alphabet: Vec<String> = ('A'..='Z').map(String::from).collect();
    assert_eq!(letters.prepare.class_names, alphabet);
    let idx = &letters.prepare.idx;
    assert_eq!((idx.transpose, idx.first_label), (true, 1));
}
