//! Any text gives a pipeline or an error, never a panic.

use crate::report;
use dcgan_settings::load_text;
use proptest::prelude::*;

const GOOD: &str = "prepare:\n  class_names: [a, b]\ntrain:\n  epochs: 5  # five\n  seed: 3\n";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_is_answered(text in "\\PC{0,60}", set in "\\PC{0,30}") {
        let _ = load_text("p.yaml", &text, &[]);
        let _ = load_text("p.yaml", GOOD, &[set]);
    }

    #[test]
    fn any_change_to_a_good_file_is_answered(at in 0..GOOD.len(), byte in 0_u8..128) {
        let mut bytes = GOOD.as_bytes().to_vec();
        bytes[at] = byte;
        let text = String::from_utf8(bytes).expect("ASCII");
        let _ = load_text("p.yaml", &text, &["train.epochs=6".into()]);
        let _ = load_text("p.yaml", &text[..at], &[]);
    }
}

#[test]
fn deep_nesting_is_refused() {
    for n_brackets in [1000, 100_000] {
        let deep = "[".repeat(n_brackets);
        assert!(load_text("p.yaml", &format!("train: {deep}"), &[]).is_err());
        assert!(load_text("p.yaml", "", &[format!("train={deep}")]).is_err());
    }
    insta::assert_snapshot!(report(&"[".repeat(1001), &[]), @"
    error: `p.yaml`: expected at most 1000 opening brackets, found 1001
    hint: give a pipeline, its values written out
    ");
}

#[test]
fn aliases_serve_until_they_are_too_many() {
    let names = |n| format!("prepare:\n  class_names: [&a x{}]\n", ", *a".repeat(n));
    assert!(!report(&names(100), &[]).contains("aliases"));
    insta::assert_snapshot!(report(&names(101), &[]), @"
    error: `p.yaml`: expected at most 100 aliases (`*name`), found 101
    hint: give a pipeline, its values written out
    ");
    let shared = "train: {seed: &seed 7}\neval: {seed: *seed}\n";
    assert_eq!(load_text("p.yaml", shared, &[]).unwrap().eval.seed, 7);
}

#[test]
fn an_alias_bomb_is_refused() {
    let level = |i: usize| format!("a{i}: &a{i} [*a{}, *a{}], ", i - 1, i - 1);
    let levels = (1..40).map(level).collect::<String>();
    let bomb = format!("{{a0: &a0 [x, x], {levels}}}");
    assert!(load_text("p.yaml", &bomb, &[]).is_err());
    assert!(load_text("p.yaml", "", &[format!("train={bomb}")]).is_err());
}
