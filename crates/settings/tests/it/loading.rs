//! Valid pipelines and their values.

use dcgan_settings::{
    CropChoice, Depth, LatentChoice, MovingAverages, Pipeline, SourceKind, default_settings, load,
    load_text, resolved,
};
use std::collections::BTreeMap;
use std::path::Path;

fn typed(text: &str) -> Pipeline {
    load_text("p.yaml", text, &[]).unwrap()
}

#[test]
fn nothing_gives_the_defaults() {
    for text in ["", "# only a comment\n", "{}", "train:\nprepare:\n  idx:\n"] {
        assert_eq!(typed(text), Pipeline::default(), "{text:?}");
    }
}

#[test]
fn depth_is_a_number_or_a_word() {
    let depth = |text: &str| typed(&format!("train: {{depth: {text}}}")).train.depth;
    assert_eq!(typed("").train.depth, Depth::Levels(4));
    assert_eq!(depth("5"), Depth::Levels(5));
    assert_eq!(depth("auto"), Depth::Auto);
    for (depth, text) in [(Depth::Auto, "\"auto\""), (Depth::Levels(6), "6")] {
        assert_eq!(resolved(&depth).to_string(), text);
    }
    insta::assert_snapshot!(crate::report("train: {depth: deep}", &[]), @r#"
    error: `train.depth` in `p.yaml:1:16`: expected `auto` or a whole number, found text "deep"
    hint: every key is explained in `pipelines/mnist.yaml`
    "#);
    insta::assert_snapshot!(crate::report("train: {depth: 9}", &[]), @"
    error: `train.depth` in `p.yaml`: expected `auto`, or 1 to 8, found 9
    hint: every key is explained in `pipelines/mnist.yaml`
    ");
}

/// Defaults of the original's `main.py` and `model.py`; ARCHITECTURE.md lists the others.
#[test]
fn the_defaults_are_the_originals_or_in_the_list_of_those_that_are_not() {
    let defaults = ["prepare", "train"].into_iter().flat_map(default_settings);
    let defaults: BTreeMap<String, String> = defaults.collect();
    for (key, original) in [
        ("train.epochs", "25"),
        ("train.batch_size", "64"),
        ("train.z_dim", "100"),
        ("train.z_distribution", "uniform"),
        ("train.gf_dim", "64"),
        ("train.df_dim", "64"),
        ("train.gfc_dim", "1024"),
        ("train.dfc_dim", "1024"),
        ("train.depth", "4"),
        ("train.learning_rate", "0.0002"),
        ("train.beta1", "0.5"),
        ("train.generator_updates", "2"),
        ("train.log_every", "1"),
        ("prepare.pictures.height", "64"),
        ("prepare.pictures.width", "64"),
        ("prepare.pictures.box", "108"),
        ("prepare.pictures.filter", "bilinear"),
        // Settings without a counterpart in the original are off.
        ("train.learning_rate_d", "none"),
        ("train.learning_rate_half_life", "0.0"),
        ("train.label_smoothing", "0.0"),
        ("train.flip", "false"),
        ("train.ema", "0.0"),
        ("train.precision", "f32"),
        ("train.on_divergence", "stop"),
        ("train.score_every", "0"),
    ] {
        assert_eq!(defaults[key], original, "{key}");
    }
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ARCHITECTURE.md");
    let page = std::fs::read_to_string(page).unwrap();
    let list = page.split("Defaults that are not the original's:").nth(1);
    let list = list.unwrap().split("\n\n").next().unwrap();
    for (key, original) in [
        ("train.network", "unlabelled"),
        // For MNIST; it shuffles folders for each epoch.
        ("train.reshuffle", "false"),
        ("train.moving_averages", "with_readouts"),
        ("train.checkpoint_every", "200"),
        ("train.keep_checkpoints", "1"),
        ("train.grid_every", "200"),
        ("prepare.pictures.crop", "centre"),
    ] {
        let is_listed = list.contains(&format!("`{key}`"));
        assert!(defaults[key] != original && is_listed, "{key}");
    }
    // The pipeline with its name has its settings.
    let pipeline =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines/mnist-original.yaml");
    let train = load(&pipeline, &[]).unwrap().train;
    assert_eq!((train.checkpoint_every, train.grid_every), (200, 200));
}

#[test]
fn every_kind_of_value_is_read() {
    let pipeline = typed(
        "prepare:\n  source: synthetic\n  class_names: [0, one, no]\n\
         train:\n  z_distribution: uniform_0_1\n  moving_averages: with_readouts\n  reshuffle: false\n\
         \n  learning_rate: 1e-3\n  seed: 18446744073709551615\n\
         sample:\n  class: 7\n  seeds: 3\n",
    );
    assert_eq!(pipeline.prepare.source, SourceKind::Synthetic);
    assert_eq!(pipeline.prepare.class_names, ["0", "one", "no"]);
    assert_eq!(pipeline.train.z_distribution, LatentChoice::Uniform01);
    assert_eq!(pipeline.train.moving_averages, MovingAverages::WithReadouts);
    assert!(!pipeline.train.reshuffle);
    assert_eq!(pipeline.train.learning_rate.to_bits(), 1e-3_f64.to_bits());
    assert_eq!(pipeline.train.seed, u64::MAX);
    assert_eq!(pipeline.sample.class.as_deref(), Some("7"));
    assert_eq!(pipeline.sample.seeds, "3");
}

#[test]
fn folders_are_a_path_or_a_list() {
    let folders = |text: &str| {
        typed(&format!("prepare: {{folder: {text}}}"))
            .prepare
            .folder
    };
    assert_eq!(folders("a/b"), [Path::new("a/b")]);
    assert_eq!(
        folders("[a, 'b/**/*.png', 7]").as_slice(),
        ["a", "b/**/*.png", "7"].map(Path::new)
    );
    assert!(folders("null").is_empty());
    let text = "prepare: {pictures: {crop: centre, box: 96, background: [0, 1, 255]}}";
    let pictures = typed(text).prepare.pictures;
    assert_eq!((pictures.crop, pictures.crop_box), (CropChoice::Centre, 96));
    assert_eq!(pictures.background, [0, 1, 255]);
}

#[test]
fn resolved_settings_are_whole_and_sorted_and_read_back() {
    let value = resolved(&Pipeline::default());
    let text = value.to_string();
    let sections: Vec<_> = value.as_object().unwrap().keys().collect();
    assert_eq!(sections, ["eval", "prepare", "sample", "train"]);
    let keys: Vec<_> = value["train"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert!(keys.is_sorted(), "{keys:?}");
    assert_eq!(typed(&text), Pipeline::default(), "JSON is YAML");
    insta::assert_snapshot!(resolved(&Pipeline::default().eval), @r#"{"alarms":{"collapse":0.5,"discriminator_saturated":0.98,"generator_saturated":0.02,"oscillation":0.4,"overfitting":0.1},"best":false,"classifier":null,"classifier_epochs":8,"ema":false,"histogram_bins":50,"kernels":"auto","n":10000,"seed":0}"#);
}

#[test]
fn the_list_of_defaults_covers_a_section() {
    let settings = default_settings("train");
    assert!(
        settings.contains(&("train.batch_size".into(), "64".into())),
        "{settings:?}"
    );
    assert!(default_settings("sample").contains(&("sample.class".into(), "none".into())));
    assert!(default_settings("nowhere").is_empty());
}

#[test]
fn a_file_is_read_from_disk() {
    use std::io::Write as _;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"train: {epochs: 3}\n").unwrap();
    assert_eq!(load(file.path(), &[]).unwrap().train.epochs, 3);
}
