//! Images in memory.

/// A set of images of one size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Images {
    /// How many.
    pub(crate) n: usize,
    /// Height, width, channels.
    pub(crate) shape: [usize; 3],
    /// `[n, height, width, channels]`.
    pub(crate) pixels: Vec<u8>,
    /// The class of each, where there are labels.
    pub(crate) labels: Option<Vec<u8>>,
}

impl Images {
    /// Bytes of one image.
    pub(crate) fn size(&self) -> usize {
        self.shape.iter().product()
    }
}
