//! The measures against values computed by hand, their definitions, and independent programs.
#![expect(clippy::unwrap_used, reason = "a failing step of a test may end it")]

mod calibration;
mod classified;
mod classifier;
mod distribution;
mod features;
mod interval;
mod neighbours;
mod ranking;
mod score;
mod vectors;
mod welch;
