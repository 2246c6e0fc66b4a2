//! Tests of `dcgan-artifacts`: every format round trip, damaged, cut, newer, and interrupted.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests; a failure names its place"
)]

mod atomicity;
mod chain;
mod changes;
mod checkpoints;
mod classifiers;
mod damage;
mod dataset_writer;
mod datasets;
mod event_files;
mod examples;
mod fixtures;
mod foreign;
mod headers;
mod locking;
mod manifests;
mod messages;
mod models;
mod neighbours;
mod numbers;
mod tables;
