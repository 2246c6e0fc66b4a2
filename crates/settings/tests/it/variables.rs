//! Environment variables override file and command line.

use crate::{render, report};
use dcgan_settings::{KERNELS, KernelChoice, Pipeline, load_text, resolved};
use std::ffi::OsString;

/// The settings of `text` with `DCGAN_KERNELS=value`.
fn with(text: &str, value: Option<&str>) -> Result<Pipeline, Box<dcgan_settings::Error>> {
    let mut pipeline = load_text("p.yaml", text, &[]).unwrap();
    let look = |name: &str| value.filter(|_| name == KERNELS).map(OsString::from);
    pipeline.apply_environment(look)?;
    Ok(pipeline)
}

fn kernels(pipeline: &Pipeline) -> [KernelChoice; 3] {
    let Pipeline {
        train,
        sample,
        eval,
        ..
    } = pipeline;
    [train.kernels, sample.kernels, eval.kernels]
}

#[test]
fn a_name_is_what_files_and_manifests_have() {
    for known in KernelChoice::ALL {
        assert_eq!(resolved(&known), known.name());
        let text = format!("train: {{kernels: {}}}", known.name());
        let pipeline = load_text("p.yaml", &text, &[]).unwrap();
        assert_eq!(pipeline.train.kernels, known);
        let all = kernels(&with("", Some(known.name())).unwrap());
        assert_eq!(all, [known; 3]);
    }
    assert_eq!(kernels(&Pipeline::default()), [KernelChoice::Auto; 3]);
}

#[test]
fn the_variable_beats_the_file_in_every_stage_and_an_empty_one_is_none() {
    let text = "{train: {kernels: direct}, eval: {kernels: gemm}}";
    let told = [KernelChoice::Direct, KernelChoice::Auto, KernelChoice::Gemm];
    assert_eq!(kernels(&with(text, None).unwrap()), told);
    assert_eq!(kernels(&with(text, Some("")).unwrap()), told);
    let all = kernels(&with(text, Some("auto")).unwrap());
    assert_eq!(all, [KernelChoice::Auto; 3]);
}

#[test]
fn an_unknown_value_is_refused_by_name() {
    insta::assert_snapshot!(render(&with("", Some("gem")).unwrap_err()), @"
    error: environment variable `DCGAN_KERNELS`: expected one of `auto`, `gemm`, `direct`, `winograd`, `baseline`, `portable`, found `gem`
    hint: did you mean `gemm`?
    ");
    insta::assert_snapshot!(render(&with("", Some("1")).unwrap_err()), @"
    error: environment variable `DCGAN_KERNELS`: expected one of `auto`, `gemm`, `direct`, `winograd`, `baseline`, `portable`, found `1`
    hint: `unset DCGAN_KERNELS` leaves it to the settings
    ");
    insta::assert_snapshot!(report("eval: {kernels: GEMM}", &[]), @"
    error: `eval.kernels` in `p.yaml:1:17`: expected one of `auto`, `gemm`, `direct`, `winograd`, `baseline`, `portable`, found `GEMM`
    hint: every key is explained in `pipelines/mnist.yaml`
    ");
}
