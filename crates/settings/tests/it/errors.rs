//! Every way in which a file can be wrong, as its reader sees it.

use crate::{render, report};
use dcgan_settings::load;
use std::path::Path;

#[test]
fn an_unknown_key_names_the_nearest() {
    insta::assert_snapshot!(report("train:\n  epochs: 3\n  batchsize: 32\n", &[]), @"");
    insta::assert_snapshot!(report("trian:\n  epochs: 3\n", &[]), @"");
    insta::assert_snapshot!(report("train:\n  validation: 3\n", &[]), @"");
    insta::assert_snapshot!(report("prepare:\n  idx:\n    train-images: x\n", &[]), @"");
}

#[test]
fn an_unknown_key_near_none_lists_what_there_is() {
    insta::assert_snapshot!(report("sample:\n  colour: red\n", &[]), @"");
    insta::assert_snapshot!(report("colour: red\n", &[]), @"");
}

#[test]
fn a_wrong_type_says_expected_and_found() {
    insta::assert_snapshot!(report("train:\n  epochs: three\n", &[]), @"");
    insta::assert_snapshot!(report("train:\n  epochs: -1\n", &[]), @"");
    insta::assert_snapshot!(report("train:\n  epochs: 2.5\n", &[]), @"");
    insta::assert_snapshot!(report("train:\n  epochs:\n", &[]), @"");
    insta::assert_snapshot!(report("train:\n  learning_rate: fast\n", &[]), @"");
    insta::assert_snapshot!(report("train:\n  reshuffle: no\n", &[]), @"");
    insta::assert_snapshot!(report("train:\n  z_distribution: gauss\n", &[]), @"");
    insta::assert_snapshot!(report("sample:\n  class: [1]\n", &[]), @"");
    insta::assert_snapshot!(report("sample:\n  seeds: -1\n", &[]), @"");
    insta::assert_snapshot!(report("prepare:\n  class_names: zero\n", &[]), @"");
    insta::assert_snapshot!(report("prepare:\n  class_names:\n  - zero\n  - {}\n", &[]), @"");
    insta::assert_snapshot!(report("train: 3\n", &[]), @"");
    insta::assert_snapshot!(report("- train\n", &[]), @"");
}

#[test]
fn a_value_that_speaks_like_the_parser_confuses_nobody() {
    insta::assert_snapshot!(
        report("train:\n  epochs: ', expected x at line 9 column 9'\n", &[]),
        @""
    );
}

#[test]
fn a_key_twice_is_refused() {
    insta::assert_snapshot!(report("train:\n  epochs: 1\n  epochs: 2\n", &[]), @"");
}

#[test]
fn what_is_no_yaml_is_refused() {
    insta::assert_snapshot!(report("train:\n  epochs: [1\n", &[]), @"");
    insta::assert_snapshot!(report("train:\n\tepochs: 1\n", &[]), @"");
    insta::assert_snapshot!(report("train: {epochs: 1}\n---\ntrain: {epochs: 2}\n", &[]), @"");
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let error = load(Path::new("no/such.yaml"), &[]).unwrap_err();
    insta::assert_snapshot!(render(&error), @"");
}

#[cfg(unix)]
#[test]
fn a_file_without_end_is_refused() {
    let error = load(Path::new("/dev/zero"), &[]).unwrap_err();
    insta::assert_snapshot!(render(&error), @"");
}
