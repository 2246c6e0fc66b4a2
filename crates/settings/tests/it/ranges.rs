//! Values with the right type that are out of range.

use crate::report;

#[test]
fn the_writer_of_the_value_is_named() {
    insta::assert_snapshot!(report("train: {batch_size: 1}", &[]), @"
    error: `train.batch_size` in `p.yaml`: expected 2 to 65536, found 1
    hint: every key is explained in `pipelines/mnist.yaml`
    ");
    insta::assert_snapshot!(report("train: {batch_size: 64}", &["train.batch_size=1"]), @"
    error: `train.batch_size` in `--set train.batch_size=1`: expected 2 to 65536, found 1
    hint: every key is explained in `pipelines/mnist.yaml`
    ");
    insta::assert_snapshot!(report("", &["train={batch_size: 1}"]), @"
    error: `train.batch_size` in `--set train={batch_size: 1}`: expected 2 to 65536, found 1
    hint: every key is explained in `pipelines/mnist.yaml`
    ");
    insta::assert_snapshot!(report("train: {batch_size: 1}", &["train.epochs=1"]), @"
    error: `train.batch_size` in `p.yaml`: expected 2 to 65536, found 1
    hint: every key is explained in `pipelines/mnist.yaml`
    ");
}

#[test]
fn numbers_out_of_range() {
    insta::assert_snapshot!(report("train: {learning_rate: 0}", &[]), @"
    error: `train.learning_rate` in `p.yaml`: expected more than 0 and at most 1, found 0
    hint: every key is explained in `pipelines/mnist.yaml`
    ");
    insta::assert_snapshot!(report("train: {learning_rate: .nan}", &[]), @"
    error: `train.learning_rate` in `p.yaml`: expected more than 0 and at most 1, found NaN
    hint: every key is explained in `pipelines/mnist.yaml`
    ");
    insta::assert_snapshot!(report("train: {beta1: 1.0}", &[]), @"
    error: `train.beta1` in `p.yaml`: expected at least 0 and less than 1, found 1
    hint: every key is explained in `pipelines/mnist.yaml`
    ");
    insta::assert_snapshot!(report("prepare: {synthetic: {channels: 2}}", &[]), @"
    error: `prepare.synthetic.channels` in `p.yaml`: expected 1 or 3, found 2
    hint: every key is explained in `pipelines/mnist.yaml`
    ");
    insta::assert_snapshot!(
        report("prepare: {synthetic: {train: 9000000, height: 4096}}", &[]),
        @"
    error: `prepare.synthetic` in `p.yaml`: expected 1 to 4294967296 bytes of pixels in all, found 1032221360128 bytes of pixels in all
    hint: every key is explained in `pipelines/mnist.yaml`
    "
    );
    insta::assert_snapshot!(report("eval: {histogram_bins: 1}", &[]), @"
    error: `eval.histogram_bins` in `p.yaml`: expected 2 to 10000, found 1
    hint: every key is explained in `pipelines/mnist.yaml`
    ");
}

/// The key at fault, for messages of the form seen above.
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
        "prepare.pictures.height",
        "prepare.pictures.width",
        "prepare.pictures.channels",
        "prepare.pictures.box",
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
        "train.score_every",
        "prepare.validation",
        "prepare.synthetic.test",
        "prepare.pictures.max_images",
        "prepare.pictures.test_share",
        "prepare.synthetic.classes",
        "sample.columns",
    ] {
        check(&format!("{key}=99999999999"), key);
    }
    check("prepare.idx.first_label=256", "prepare.idx.first_label");
    for (setting, key) in [
        ("prepare.npz.train_labels=a", "prepare.npz.train_labels"),
        ("prepare.npz.test_share=1", "prepare.npz.test_share"),
        (
            "prepare.npz={test: a, test_share: 0.1}",
            "prepare.npz.test_share",
        ),
        ("prepare.npz.arrays={x: y}", "prepare.npz.arrays.x"),
        ("prepare.csv.height=8", "prepare.csv.height"),
        ("prepare.csv={height: 8, width: 4097}", "prepare.csv.width"),
        ("prepare.csv.channels=2", "prepare.csv.channels"),
        ("prepare.cifar.path=' '", "prepare.cifar.path"),
        ("prepare.archive.train=[a, ' ']", "prepare.archive.train"),
        ("prepare.parquet.image=' '", "prepare.parquet.image"),
        ("prepare.pictures.labels=cls", "prepare.pictures.labels"),
        ("prepare.pictures.labels=column", "prepare.pictures.labels"),
    ] {
        check(setting, key);
    }
    check("prepare.folder=' '", "prepare.folder");
    check("prepare.test_folder=[a, ' ']", "prepare.test_folder");
    check(
        "prepare.pictures.test_share=-0.1",
        "prepare.pictures.test_share",
    );
    check("prepare.pictures.labels=csv", "prepare.pictures.labels");
    check(
        "prepare.pictures.labels_file=a",
        "prepare.pictures.labels_file",
    );
    check("train.depth=0", "train.depth");
    check(
        "train.learning_rate_half_life=-1",
        "train.learning_rate_half_life",
    );
    check("train.classifier=' '", "train.classifier");
    check("prepare.name=' '", "prepare.name");
    check("prepare.name=\"a\\nb\"", "prepare.name");
    check("sample.class=' '", "sample.class");
    check("sample.seeds=6-3", "sample.seeds");
}

#[test]
fn class_names_are_distinct_and_few() {
    insta::assert_snapshot!(report("prepare: {class_names: [a, b, a]}", &[]), @"
    error: `prepare.class_names` in `p.yaml`: expected a name once, found `a` twice
    hint: every key is explained in `pipelines/mnist.yaml`
    ");
    let many: Vec<String> = (0..257).map(|i| i.to_string()).collect();
    let text = format!("prepare: {{class_names: [{}]}}", many.join(", "));
    insta::assert_snapshot!(report(&text, &[]), @"
    error: `prepare.class_names` in `p.yaml`: expected 0 to 256 names, found 257 names
    hint: every key is explained in `pipelines/mnist.yaml`
    ");
}

#[test]
fn idx_files_come_in_pairs() {
    insta::assert_snapshot!(report("prepare: {idx: {train_labels: x}}", &[]), @"
    error: `prepare.idx.train_labels` in `p.yaml`: expected `prepare.idx.train_images` with it, found none
    hint: every key is explained in `pipelines/mnist.yaml`
    ");
    insta::assert_snapshot!(
        report("prepare: {idx: {train_images: a, train_labels: b, test_images: c}}", &[]),
        @"
    error: `prepare.idx.train_labels` in `p.yaml`: expected `prepare.idx.test_labels` with it, found none
    hint: every key is explained in `pipelines/mnist.yaml`
    "
    );
}

#[test]
fn pins_are_hashes_of_files_that_are_there() {
    let hash = "0".repeat(64);
    insta::assert_snapshot!(report("prepare: {idx: {sha256: {train_images: 12ab}}}", &[]), @"
    error: `prepare.idx.sha256.train_images` in `p.yaml`: expected 64 lower-case hexadecimal digits, found `12ab`
    hint: every key is explained in `pipelines/mnist.yaml`
    ");
    insta::assert_snapshot!(
        report(&format!("prepare: {{idx: {{sha256: {{train_image: '{hash}'}}}}}}"), &[]),
        @"
    error: `prepare.idx.sha256.train_image` in `p.yaml`: expected the key `train_images`, found `train_image`
    hint: every key is explained in `pipelines/mnist.yaml`
    "
    );
    insta::assert_snapshot!(
        report(&format!("prepare: {{idx: {{sha256: {{train_images: '{hash}'}}}}}}"), &[]),
        @"
    error: `prepare.idx.sha256.train_images` in `p.yaml`: expected `prepare.idx.train_images` with it, found none
    hint: every key is explained in `pipelines/mnist.yaml`
    "
    );
}

#[test]
fn the_test_part_has_one_source() {
    insta::assert_snapshot!(
        report("prepare: {test_folder: a, pictures: {test_share: 0.1}}", &[]),
        @"
    error: `prepare.pictures.test_share` in `p.yaml`: expected 0, as `prepare.test_folder` is the test part, found 0.1
    hint: every key is explained in `pipelines/mnist.yaml`
    "
    );
}

#[test]
fn the_best_checkpoint_is_told_by_a_score_that_is_taken() {
    let best = |more: &str| report(&format!("train: {{best: {more}}}"), &[]);
    insta::assert_snapshot!(best("frechet_distance"), @"
    error: `train.best` in `p.yaml`: expected `none`, as `train.score_every` is 0, found `frechet_distance`
    hint: every key is explained in `pipelines/mnist.yaml`
    ");
    insta::assert_snapshot!(best("ema_frechet_distance, score_every: 100"), @"
    error: `train.best` in `p.yaml`: expected a score of the plain generator, as `train.ema` is 0, found `ema_frechet_distance`
    hint: every key is explained in `pipelines/mnist.yaml`
    ");
    let unlabelled = "class_accuracy, score_every: 100, network: unlabelled";
    insta::assert_snapshot!(best(unlabelled), @"
    error: `train.best` in `p.yaml`: expected a distance, as `train.network: unlabelled` draws no class, found `class_accuracy`
    hint: every key is explained in `pipelines/mnist.yaml`
    ");
    insta::assert_snapshot!(best("class_accuracy, score_every: 300"), @"
    error: `train.checkpoint_every` in the defaults: expected a multiple of `train.score_every`, 300, as `train.best` compares checkpoints, found 500
    hint: every key is explained in `pipelines/mnist.yaml`
    ");
    insta::assert_snapshot!(best("loss"), @"
    error: `train.best` in `p.yaml:1:15`: expected one of `none`, `class_accuracy`, `frechet_distance`, `ema_class_accuracy`, `ema_frechet_distance`, found `loss`
    hint: every key is explained in `pipelines/mnist.yaml`
    ");
}
