//! Tests of the program with generated datasets, checkpoints and samples.
#![expect(clippy::unwrap_used, reason = "a failing step of a test may end it")]

mod browser;
mod checkpoints;
mod compare;
mod copying;
mod elsewhere;
mod errors;
mod evaluation;
mod few;
mod fixture;
mod identity;
mod outside_text;
mod quality;
mod report;
mod untrained;
