//! Tests of reading checkpoints of TensorFlow. `tests/python/tensorflow_fixtures.py` made those in
//! `tests/fixtures` with TensorFlow itself.

#![expect(
    clippy::unwrap_used,
    reason = "a test that can't set itself up has failed"
)]

mod averages;
mod damage;
mod golden;
mod hostile;
mod networks;
mod support;
mod variables;
