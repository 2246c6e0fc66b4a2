//! `vectors/measures.json`, made by `vectors/make.py`, and comparisons.

use serde_json::Value;

pub(crate) fn measures() -> Value {
    serde_json::from_str(include_str!("../vectors/measures.json")).unwrap()
}

pub(crate) fn floats(value: &Value) -> Vec<f32> {
    serde_json::from_value(value.clone()).unwrap()
}

pub(crate) fn doubles(value: &Value) -> Vec<f64> {
    serde_json::from_value(value.clone()).unwrap()
}

pub(crate) fn bytes(value: &Value) -> Vec<u8> {
    serde_json::from_value(value.clone()).unwrap()
}

pub(crate) fn size(value: &Value) -> usize {
    serde_json::from_value(value.clone()).unwrap()
}

/// Equal up to rounding in f64.
pub(crate) fn assert_close(got: f64, expected: f64) {
    let bound = 1e-11 * expected.abs().max(1.0);
    assert!(
        (got - expected).abs() <= bound,
        "got {got}, expected {expected}"
    );
}
