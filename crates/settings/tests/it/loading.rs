//! What a good pipeline resolves to.

use dcgan_settings::{
    Crop, Depth, MovingAverages, Pipeline, SourceKind, Train, ZDistribution, default_settings,
    load, load_text, resolved,
};
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

#[test]
fn the_defaults_are_the_originals() {
    let Train {
        epochs,
        batch_size,
        z_dim,
        learning_rate,
        beta1,
        generator_updates,
        ..
    } = Train::default();
    assert_eq!(
        (epochs, batch_size, z_dim, generator_updates),
        (25, 64, 100, 2)
    );
    assert_eq!(
        (learning_rate.to_bits(), beta1.to_bits()),
        (2e-4_f64.to_bits(), 0.5_f64.to_bits())
    );
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
    assert_eq!(pipeline.train.z_distribution, ZDistribution::Uniform01);
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
    assert_eq!((pictures.crop, pictures.crop_box), (Crop::Centre, 96));
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
    insta::assert_snapshot!(resolved(&Pipeline::default().eval), @r#"{"alarms":{"collapse":0.5,"discriminator_saturated":0.98,"generator_saturated":0.02,"oscillation":0.4,"overfitting":0.1},"best":false,"classifier":null,"classifier_epochs":8,"ema":false,"histogram_bins":50,"n":10000,"seed":0}"#);
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
