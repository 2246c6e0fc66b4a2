//! Opens and checks the inputs of the command line before anything is computed.

pub(crate) mod checks;
pub(crate) mod digest;
pub(crate) mod frames;
pub(crate) mod opened;
pub(crate) mod records;
mod samples;
pub(crate) mod source;
pub(crate) mod training;
