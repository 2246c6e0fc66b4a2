//! Tests that cross the stages live in `tests/`; this library holds what they share with `fuzz/`.

pub mod readers;
