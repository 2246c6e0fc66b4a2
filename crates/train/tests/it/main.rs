//! `dcgan-train` from outside: its program on tiny synthetic datasets.
//!
//! * `bytes`: same bytes twice, for any number of threads, after an interruption, in two goes.
//! * `refusals`: what is refused, with which exit code and which words.
//! * `faults`: divergence, damaged checkpoints and tables, lost files.
//! * `scores`: `scores.csv` and the best checkpoint.
//! * `tensorboard`: the event file, taken apart here and by TensorBoard itself.
//! * `untrained`: classes without training pictures.
//! * `iteration`: the training step itself, through the library.

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
