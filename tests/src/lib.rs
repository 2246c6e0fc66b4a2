//! Code that tests across stages (in `tests/`) share with `fuzz/`.

pub mod readers;
