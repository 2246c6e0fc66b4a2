//! Computes figures from images.

pub(crate) mod alarms;
mod by_class;
pub(crate) mod checkpoints;
pub(crate) mod classifier;
pub(crate) mod copying;
pub(crate) mod counts;
pub(crate) mod discriminator;
mod distances;
pub(crate) mod judged;
pub(crate) mod measured;
mod order;
mod quality;
mod reading;
mod seen;
