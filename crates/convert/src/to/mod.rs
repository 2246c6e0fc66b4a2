//! A file per format that models are converted to.

mod onnx;
mod page;
mod torch;

use crate::args::{Args, Target};
use crate::error::Error;
use crate::target::Format;

/// The format that was asked for, of the model `name`.
///
/// # Errors
/// [`Error::Option`] for an option that the format does not have.
pub(crate) fn format(args: &Args, to: Target, name: &str) -> Result<Box<dyn Format>, Error> {
    let refuse = |given, option, why| {
        if given {
            let to = to.to_string();
            Err(Error::Option { option, to, why })
        } else {
            Ok(())
        }
    };
    match to {
        Target::Onnx => {
            refuse(args.single, "--single", "it is for `--to page`")?;
            Ok(Box::new(onnx::Onnx { half: args.half }))
        }
        Target::Torch => {
            refuse(args.single, "--single", "it is for `--to page`")?;
            refuse(
                args.half,
                "--half",
                "the arrays of a state dict are float32",
            )?;
            Ok(Box::new(torch::Torch))
        }
        Target::Page => {
            let why = "the weights of a page are always in half precision";
            refuse(args.half, "--half", why)?;
            Ok(Box::new(page::Page {
                single: args.single,
                name: name.to_owned(),
            }))
        }
    }
}
