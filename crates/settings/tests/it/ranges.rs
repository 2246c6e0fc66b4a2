//! Values that have the right type and make no sense.

use crate::report;

#[test]
fn the_writer_of_the_value_is_named() {
    insta::assert_snapshot!(report("train: {batch_size: 1}", &[]), @"");
    insta::assert_snapshot!(report("train: {batch_size: 64}", &["train.batch_size=1"]), @"");
    insta::assert_snapshot!(report("", &["train={batch_size: 1}"]), @"");
    insta::assert_snapshot!(report("train: {batch_size: 1}", &["train.epochs=1"]), @"");
}

#[test]
fn numbers_out_of_range() {
    insta::assert_snapshot!(report("train: {learning_rate: 0}", &[]), @"");
    insta::assert_snapshot!(report("train: {learning_rate: .nan}", &[]), @"");
    insta::assert_snapshot!(report("train: {beta1: 1.0}", &[]), @"");
    insta::assert_snapshot!(report("prepare: {synthetic: {channels: 2}}", &[]), @"");
    insta::assert_snapshot!(
        report("prepare: {synthetic: {train: 9000000, height: 4096}}", &[]),
        @""
    );
    insta::assert_snapshot!(report("eval: {histogram_bins: 1}", &[]), @"");
}

/// The key at fault, for the many whose message has the one form seen above.
#[track_caller]
fn check(text: &str, key: &str) {
    let report = report("", &[text]);
    assert!(
        report.starts_with(&format!("error: `{key}` in ")),
        "{report}"
    );
}

#[test]
fn every_key_with_a_range_has_its_range_checked() {
    for key in [
        "train.epochs",
        "train.batch_size",
        "train.z_dim",
        "train.gf_dim",
        "train.df_dim",
        "train.gfc_dim",
        "train.dfc_dim",
        "train.generator_updates",
        "train.log_every",
        "train.checkpoint_every",
        "prepare.synthetic.train",
        "prepare.synthetic.height",
        "prepare.synthetic.width",
        "sample.n",
        "eval.n",
    ] {
        check(&format!("{key}=0"), key);
        check(&format!("{key}=99999999999"), key);
    }
    for key in [
        "train.keep_checkpoints",
        "train.grid_every",
        "prepare.validation",
        "prepare.synthetic.test",
        "prepare.synthetic.classes",
        "sample.columns",
    ] {
        check(&format!("{key}=99999999999"), key);
    }
    check("prepare.name=' '", "prepare.name");
    check("prepare.name=\"a\\nb\"", "prepare.name");
    check("sample.class=' '", "sample.class");
    check("sample.seeds=6-3", "sample.seeds");
}

#[test]
fn class_names_are_distinct_and_few() {
    insta::assert_snapshot!(report("prepare: {class_names: [a, b, a]}", &[]), @"");
    let many: Vec<String> = (0..257).map(|i| i.to_string()).collect();
    let text = format!("prepare: {{class_names: [{}]}}", many.join(", "));
    insta::assert_snapshot!(report(&text, &[]), @"");
}

#[test]
fn idx_files_come_in_pairs() {
    insta::assert_snapshot!(report("prepare: {idx: {train_labels: x}}", &[]), @"");
    insta::assert_snapshot!(
        report("prepare: {idx: {train_images: a, train_labels: b, test_images: c}}", &[]),
        @""
    );
}

#[test]
fn pins_are_hashes_of_files_that_are_there() {
    let hash = "0".repeat(64);
    insta::assert_snapshot!(report("prepare: {idx: {sha256: {train_images: 12ab}}}", &[]), @"");
    insta::assert_snapshot!(
        report(&format!("prepare: {{idx: {{sha256: {{train_image: '{hash}'}}}}}}"), &[]),
        @""
    );
    insta::assert_snapshot!(
        report(&format!("prepare: {{idx: {{sha256: {{train_images: '{hash}'}}}}}}"), &[]),
        @""
    );
}
