//! The crate's tests, a module per feature.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a failing test")]

mod errors;
mod loading;
mod overriding;
mod ranges;
mod robustness;
mod seeds;
mod shipped;
mod variables;

use dcgan_settings::{Error, load_text};
use std::error::Error as _;

/// The error of `text` with `overrides`, as shown on a terminal.
#[track_caller]
fn report(text: &str, overrides: &[&str]) -> String {
    let overrides: Vec<String> = overrides.iter().map(|&text| text.into()).collect();
    render(&load_text("p.yaml", text, &overrides).unwrap_err())
}

/// An error with its causes and hint, one per line.
fn render(error: &Error) -> String {
    let mut lines = vec![format!("error: {error}")];
    let mut cause = error.source();
    while let Some(error) = cause {
        lines.push(format!("caused by: {error}"));
        cause = error.source();
    }
    lines.extend(dcgan_hints::Hint::hint(error).map(|hint| format!("hint: {hint}")));
    lines.join("\n")
}
