//! A file per format that models are converted to.

mod onnx;

use crate::args::{Args, Target};
use crate::target::Format;

/// The format that was asked for.
pub(crate) fn format(args: &Args) -> Box<dyn Format> {
    match args.to {
        Target::Onnx => Box::new(onnx::Onnx { half: args.half }),
    }
}
