//! Tests of the program `dcgan-train` on tiny synthetic datasets.
//!
//! * `bytes`: same bytes twice, for any number of threads, after an interruption, in two runs.
//! * `refusals`: exit codes and messages of errors.
//! * `faults`: divergence, damaged checkpoints and tables, lost files.
//! * `scores`: `scores.csv` and the best checkpoint.
//! * `tensorboard`: the event file, parsed here and by TensorBoard itself.
//! * `untrained`: classes without training pictures.

#![expect(
    clippy::unwrap_used,
    reason = "a test that can't set up its files has failed"
)]

mod bytes;
mod faults;
mod program;
mod refusals;
mod scores;
mod tensorboard;
mod untrained;
