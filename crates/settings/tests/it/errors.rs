//! Every kind of faulty file, with its message.

use crate::{render, report};
use dcgan_settings::load;
use std::path::Path;

#[test]
fn an_unknown_key_names_the_nearest() {
    insta::assert_snapshot!(report("train:\n  epochs: 3\n  batchsize: 32\n", &[]), @"
    error: unknown key `train.batchsize` in `p.yaml:3:3`
    hint: did you mean `train.batch_size`?
    ");
    insta::assert_snapshot!(report("trian:\n  epochs: 3\n", &[]), @"
    error: unknown key `trian` in `p.yaml:1:1`
    hint: did you mean `train`?
    ");
    insta::assert_snapshot!(report("train:\n  validation: 3\n", &[]), @"
    error: unknown key `train.validation` in `p.yaml:2:3`
    hint: did you mean `prepare.validation`?
    ");
    insta::assert_snapshot!(report("prepare:\n  idx:\n    train-images: x\n", &[]), @"
    error: unknown key `prepare.idx.train-images` in `p.yaml:3:5`
    hint: did you mean `prepare.idx.train_images`?
    ");
}

#[test]
fn an_unknown_key_near_none_lists_what_there_is() {
    insta::assert_snapshot!(report("sample:\n  colour: red\n", &[]), @"
    error: unknown key `sample.colour` in `p.yaml:2:3`
    hint: keys of `sample` are `best`, `class`, `columns`, `ema`, `kernels`, `n`, `seeds`, `single_images`
    ");
    insta::assert_snapshot!(report("colour: red\n", &[]), @"
    error: unknown key `colour` in `p.yaml:1:1`
    hint: sections are `eval`, `prepare`, `sample`, `train`
    ");
}

#[test]
fn a_wrong_type_says_expected_and_found() {
    insta::assert_snapshot!(report("train:\n  epochs: three\n", &[]), @r#"
    error: `train.epochs` in `p.yaml:2:11`: expected a whole number, at least 0, found text "three"
    hint: every key is explained in `pipelines/mnist.yaml`
    "#);
    insta::assert_snapshot!(report("train:\n  epochs: -1\n", &[]), @"
    error: `train.epochs` in `p.yaml:2:11`: expected a whole number, at least 0, found number `-1`
    hint: every key is explained in `pipelines/mnist.yaml`
    ");
    insta::assert_snapshot!(report("train:\n  epochs: 2.5\n", &[]), @"
    error: `train.epochs` in `p.yaml:2:11`: expected a whole number, at least 0, found number `2.5`
    hint: every key is explained in `pipelines/mnist.yaml`
    ");
    insta::assert_snapshot!(report("train:\n  epochs:\n", &[]), @"
    error: `train.epochs` in `p.yaml:2:10`: expected a whole number, at least 0, found nothing
    hint: every key is explained in `pipelines/mnist.yaml`
    ");
    insta::assert_snapshot!(report("train:\n  learning_rate: fast\n", &[]), @r#"
    error: `train.learning_rate` in `p.yaml:2:18`: expected a number, found text "fast"
    hint: every key is explained in `pipelines/mnist.yaml`
    "#);
    insta::assert_snapshot!(report("train:\n  reshuffle: no\n", &[]), @r#"
    error: `train.reshuffle` in `p.yaml:2:14`: expected `true` or `false`, found text "no"
    hint: every key is explained in `pipelines/mnist.yaml`
    "#);
    insta::assert_snapshot!(report("train:\n  z_distribution: gauss\n", &[]), @"
    error: `train.z_distribution` in `p.yaml:2:19`: expected one of `uniform`, `uniform_0_1`, `normal`, found `gauss`
    hint: every key is explained in `pipelines/mnist.yaml`
    ");
    insta::assert_snapshot!(report("sample:\n  class: [1]\n", &[]), @"
    error: `sample.class` in `p.yaml:2:10`: expected text or a whole number, found a list
    hint: every key is explained in `pipelines/mnist.yaml`
    ");
    insta::assert_snapshot!(report("sample:\n  seeds: -1\n", &[]), @r#"
    error: `sample.seeds` in `p.yaml:2:10`: expected text or a whole number, found number `-1`
    hint: text in quotes stays text: `"..."`
    "#);
    insta::assert_snapshot!(report("prepare:\n  class_names: zero\n", &[]), @r#"
    error: `prepare.class_names` in `p.yaml:2:16`: expected a list, found text "zero"
    hint: every key is explained in `pipelines/mnist.yaml`
    "#);
    insta::assert_snapshot!(report("prepare:\n  class_names:\n  - zero\n  - {}\n", &[]), @r#"
    error: `prepare.class_names[1]` in `p.yaml:4:5`: expected text or a whole number, found a mapping of keys to values
    hint: text in quotes stays text: `"..."`
    "#);
    insta::assert_snapshot!(report("prepare:\n  class_names: [zero, null]\n", &[]), @r#"
    error: `prepare.class_names[1]` in `p.yaml:2:23`: expected text or a whole number, found nothing
    hint: text in quotes stays text: `"..."`
    "#);
    insta::assert_snapshot!(report("", &["prepare.folder=in/a: b"]), @r#"
    error: `prepare.folder` in `--set prepare.folder=in/a: b`: expected a path or a list of paths, found a mapping of keys to values
    hint: text in quotes of its own stays text: `--set 'prepare.folder="..."'`
    "#);
    for filter in ["[box]", "{x: 64}", "3", "true", "''", "\n  - box"] {
        let said = report(&format!("prepare:\n pictures:\n  filter: {filter}\n"), &[]);
        assert!(
            said.contains(": expected one of `box`, `bilinear`, `bicubic`, `lanczos`, found "),
            "{said}"
        );
        let said = report("", &[&format!("prepare.pictures.filter={filter}")]);
        assert!(
            said.contains(": expected one of `box`, `bilinear`, `bicubic`, `lanczos`, found "),
            "{said}"
        );
    }
    insta::assert_snapshot!(report("train: 3\n", &[]), @"
    error: `train` in `p.yaml:1:8`: expected a mapping of keys to values, found number `3`
    hint: every key is explained in `pipelines/mnist.yaml`
    ");
    insta::assert_snapshot!(report("- train\n", &[]), @"
    error: `top level` in `p.yaml:1:1`: expected a mapping of keys to values, found a list
    hint: every key is explained in `pipelines/mnist.yaml`
    ");
}

#[test]
fn a_value_that_speaks_like_the_parser_confuses_nobody() {
    insta::assert_snapshot!(
        report("train:\n  epochs: ', expected x at line 9 column 9'\n", &[]),
        @r#"
    error: `train.epochs` in `p.yaml:2:11`: expected a whole number, at least 0, found text ", expected x at line 9 column 9"
    hint: every key is explained in `pipelines/mnist.yaml`
    "#
    );
}

#[test]
fn a_key_twice_is_refused() {
    insta::assert_snapshot!(report("train:\n  epochs: 1\n  epochs: 2\n", &[]), @"
    error: key `train.epochs` appears twice in `p.yaml:3:3`
    hint: remove one of the two
    ");
    insta::assert_snapshot!(report("train: {z_dim: 9, epochs: 1,\n  epochs: 2}\n", &[]), @"
    error: key `train.epochs` appears twice in `p.yaml:2:3`
    hint: remove one of the two
    ");
    insta::assert_snapshot!(report("train:\n  z_dim: 9\neval:\n  n: 64\ntrain:\n", &[]), @"
    error: key `train` appears twice in `p.yaml:5:1`
    hint: remove one of the two
    ");
}

#[test]
fn what_is_no_yaml_is_refused() {
    insta::assert_snapshot!(report("train:\n  epochs: [1\n", &[]), @"
    error: `train.epochs` in `p.yaml:2:11`: expected a whole number, at least 0, found a list
    hint: every key is explained in `pipelines/mnist.yaml`
    ");
    insta::assert_snapshot!(report("train:\n\tepochs: 1\n", &[]), @"
    error: `p.yaml:2:1` is not well-formed YAML
    caused by: found character that cannot start any token at line 2 column 1, while scanning for the next token
    hint: write `key: value`, indented by spaces, two for each level
    ");
    insta::assert_snapshot!(report("train: {epochs: 1}\n---\ntrain: {epochs: 2}\n", &[]), @"
    error: `p.yaml` is not well-formed YAML
    caused by: deserializing from YAML containing more than one document is not supported
    hint: write `key: value`, indented by spaces, two for each level
    ");
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let error = load(Path::new("no/such.yaml"), &[]).unwrap_err();
    insta::assert_snapshot!(render(&error), @"
    error: cannot read the pipeline `no/such.yaml`
    caused by: No such file or directory (os error 2)
    hint: the pipelines that come with the project lie in `pipelines/`
    ");
}

#[cfg(unix)]
#[test]
fn a_file_without_end_is_refused() {
    let error = load(Path::new("/dev/zero"), &[]).unwrap_err();
    insta::assert_snapshot!(render(&error), @"
    error: cannot read the pipeline `/dev/zero`
    caused by: expected at most 1048576 bytes of YAML, found more
    hint: the pipelines that come with the project lie in `pipelines/`
    ");
}
