//! The measures against values worked out by hand and against their definitions.

mod distribution;
mod ranking;
