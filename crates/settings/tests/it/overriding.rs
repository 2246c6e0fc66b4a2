//! `--set KEY=VALUE`.

use crate::report;
use dcgan_settings::{Pipeline, load_text};

#[track_caller]
fn set(text: &str, overrides: &[&str]) -> Pipeline {
    let overrides: Vec<String> = overrides.iter().map(|&text| text.into()).collect();
    load_text("p.yaml", text, &overrides).unwrap()
}

#[test]
fn an_override_beats_the_file_and_the_last_beats_the_rest() {
    let text = "train: {epochs: 3, batch_size: 16}";
    let train = set(text, &["train.epochs=4", "train.epochs=5"]).train;
    assert_eq!((train.epochs, train.batch_size), (5, 16));
}

#[test]
fn values_are_yaml() {
    let pipeline = set(
        "",
        &[
            "train.reshuffle=false",
            "prepare.class_names=[a, 'b=c']",
            "prepare.idx={train_images: x.gz}",
            "sample.seeds=0,3-6",
            "sample.class=",
            "train.learning_rate = 1e-4",
        ],
    );
    assert!(!pipeline.train.reshuffle);
    assert_eq!(pipeline.prepare.class_names, ["a", "b=c"]);
    assert_eq!(
        pipeline.prepare.idx.train_images.unwrap().to_str(),
        Some("x.gz")
    );
    assert_eq!(pipeline.sample.seeds, "0,3-6");
    assert_eq!(pipeline.sample.class, None);
    assert_eq!(pipeline.train.learning_rate.to_bits(), 1e-4_f64.to_bits());
}

/// In a file ` #` begins a comment; on the command line it is part of a name.
#[test]
fn nothing_is_a_comment() {
    let folder = |value: &str| {
        let pipeline = set("", &[&format!("prepare.folder={value}")]);
        let paths = pipeline.prepare.folder.into_iter();
        paths
            .map(|path| path.to_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(folder("in/a #b"), ["in/a #b"]);
    assert_eq!(folder("#1 # 2"), ["#1 # 2"]);
    assert_eq!(folder("'in/a #b'"), ["in/a #b"]);
    assert_eq!(folder("a#b"), ["a#b"]);
    assert_eq!(folder("['a #1', b]"), ["a #1", "b"]);
    assert_eq!(folder(""), Vec::<String>::new());
    insta::assert_snapshot!(report("", &["train.epochs=3 # passes"]), @r#"
    error: `train.epochs` in `--set train.epochs=3 # passes`: expected a whole number, at least 0, found text "3 # passes"
    hint: every key is explained in `pipelines/mnist.yaml`
    "#);
}

#[test]
fn the_culprit_among_several_is_named() {
    insta::assert_snapshot!(
        report("", &["train.epochs=3", "train.batch_size=many", "train.z_dim=8"]),
        @r#"
    error: `train.batch_size` in `--set train.batch_size=many`: expected a whole number, at least 0, found text "many"
    hint: every key is explained in `pipelines/mnist.yaml`
    "#
    );
}

#[test]
fn an_unknown_key_is_named_with_the_nearest() {
    insta::assert_snapshot!(report("", &["train.batchsize=32"]), @"
    error: unknown key `train.batchsize` in `--set train.batchsize=32`
    hint: did you mean `train.batch_size`?
    ");
    insta::assert_snapshot!(report("", &["batch_size=32"]), @"
    error: unknown key `batch_size` in `--set batch_size=32`
    hint: did you mean `train.batch_size`?
    ");
    insta::assert_snapshot!(report("", &["trian.batch_size=32"]), @"
    error: unknown key `trian` in `--set trian.batch_size=32`
    hint: did you mean `train`?
    ");
}

#[test]
fn a_key_into_a_value_is_refused() {
    insta::assert_snapshot!(report("train: {epochs: 3}", &["train.epochs.x=1"]), @"
    error: unknown key `train.epochs.x` in `--set train.epochs.x=1`
    hint: there are no keys below `train.epochs`
    ");
    insta::assert_snapshot!(report("", &["prepare.name.x=64"]), @"
    error: unknown key `prepare.name.x` in `--set prepare.name.x=64`
    hint: there are no keys below `prepare.name`
    ");
    insta::assert_snapshot!(report("", &["prepare.pictures.filter.x.y=64"]), @"
    error: unknown key `prepare.pictures.filter.x.y` in `--set prepare.pictures.filter.x.y=64`
    hint: there are no keys below `prepare.pictures.filter`, which takes one of `box`, `bilinear`, `bicubic`, `lanczos`
    ");
    // What the hint lists is taken.
    set("", &["prepare.pictures.filter=lanczos"]);
    // What does not exist takes no value either.
    let said = report("", &["prepare.no.x=1"]);
    assert!(
        said.starts_with("error: unknown key `prepare.no` in "),
        "{said}"
    );
}

#[test]
fn a_long_value_is_not_repeated_whole() {
    let long = format!("train.epochs={}", "[".repeat(2000));
    let said = report("", &[&long]);
    assert!(
        said.lines().all(|line| line.chars().count() < 200),
        "{said}"
    );
    assert!(said.contains("`--set train.epochs=[["), "{said}");
    let long = format!("train.epochs={}", "é".repeat(2000));
    let said = report("", &[&long]);
    assert!(
        said.lines().all(|line| line.chars().count() < 300),
        "{said}"
    );
}

#[test]
fn a_form_that_is_no_override_is_refused() {
    insta::assert_snapshot!(report("", &["train.batch_size"]), @r#"
    error: `--set train.batch_size`: expected KEY=VALUE with a dotted key, found no `=`
    hint: for example: `--set train.batch_size=32`; a value with blanks is quoted: `--set 'prepare.folder=My Pictures'`, for make `SET='"prepare.folder=My Pictures"'`
    "#);
    insta::assert_snapshot!(report("", &["train..batch_size=1"]), @r#"
    error: `--set train..batch_size=1`: expected KEY=VALUE with a dotted key, found key `train..batch_size`
    hint: for example: `--set train.batch_size=32`; a value with blanks is quoted: `--set 'prepare.folder=My Pictures'`, for make `SET='"prepare.folder=My Pictures"'`
    "#);
    insta::assert_snapshot!(report("", &["train.batch_size=[1"]), @r#"
    error: `--set train.batch_size=[1` is not well-formed YAML
    caused by: did not find expected ',' or ']' at line 2 column 1, while parsing a flow sequence
    hint: quote a value that holds special characters: `--set 'key="value"'`; one with blanks has quotes in make's SET too: `SET="'key=[a, b]'"`
    "#);
}
