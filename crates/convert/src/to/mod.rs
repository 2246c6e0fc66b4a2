//! A file per format that models are converted to.

mod onnx;

use crate::args::{Args, Target};
use crate::target::Format;

/// The format that was asked for.
pub(crate) fn format(args: &Args, to: Target) -> Box<dyn Format> {
    match to {
        Target::Onnx => Box::new(onnx::Onnx { half: args.half }),
    }
}
