//! Checks of what a pass is given.

use crate::{Error, Kind, Result};
use candle_core::Tensor;

/// The batch size of `tensor`, which must be `[B]` followed by `tail`, B at least 1.
pub(crate) fn rows(what: &'static str, tensor: &Tensor, tail: &[usize]) -> Result<usize> {
    match tensor.dims() {
        [batch, rest @ ..] if rest == tail && *batch > 0 => Ok(*batch),
        dims => Err(Error::Input {
            what,
            expected: format!("one or more rows of shape {tail:?}"),
            got: format!("shape {dims:?}"),
        }),
    }
}

/// Refuses labels that are not `[batch, classes]`.
pub(crate) fn labels(y: &Tensor, batch: usize, classes: usize) -> Result<()> {
    if y.dims() == [batch, classes] {
        return Ok(());
    }
    Err(Error::Input {
        what: "y",
        expected: format!("shape {:?}", [batch, classes]),
        got: format!("shape {:?}", y.dims()),
    })
}

/// What is wrong if a labelled network has no y, or an unlabelled one has.
pub(crate) fn labels_mismatch(kind: Kind, y: Option<&Tensor>) -> Error {
    let (expected, got) = match y {
        None => ("one-hot labels", "none".into()),
        Some(y) => ("no labels", format!("shape {:?}", y.dims())),
    };
    Error::Input {
        what: "y",
        expected: format!("{expected} for the {kind} network"),
        got,
    }
}
