//! An array of a file: shape, type, and where its bytes are.

use super::element::Element;
use super::fault::Fault;
use super::zip;

/// An array as its file describes it.
#[derive(Debug)]
pub(super) struct Array {
    pub(super) shape: Vec<usize>,
    pub(super) element: Element,
    pub(super) place: Place,
}

#[derive(Debug)]
pub(super) enum Place {
    /// At this offset.
    At(u64),
    /// In a member of the archive, after this many bytes.
    In(zip::Member, u64),
}

impl Array {
    pub(super) fn new(shape: Vec<usize>, element: Element, place: Place) -> Self {
        Self {
            shape,
            element,
            place,
        }
    }

    /// Number of elements; `None` on overflow.
    pub(super) fn elements(&self) -> Option<u64> {
        let mut sizes = self.shape.iter();
        sizes.try_fold(1_u64, |product, &size| product.checked_mul(size as u64))
    }

    pub(super) fn bytes(&self) -> Option<u64> {
        self.elements()?.checked_mul(self.element.bytes as u64)
    }

    /// Checks that the data's length matches the shape.
    pub(super) fn require_bytes(&self, name: &str, got: u64) -> Result<(), Fault> {
        if self.bytes() == Some(got) {
            return Ok(());
        }
        let expected = match self.bytes() {
            Some(bytes) => format!("{bytes} bytes"),
            None => "as many bytes".into(),
        };
        let expected = format!("{expected} for `{name}` of shape {:?}", self.shape);
        Err(Fault::damaged(expected, format!("{got} bytes")))
    }
}
