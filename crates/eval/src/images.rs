//! Images in memory.

/// A set of images of one size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Images {
    /// Number of images.
    pub(crate) n: usize,
    /// Height, width, channels.
    pub(crate) shape: [usize; 3],
    /// `[n, height, width, channels]`.
    pub(crate) pixels: Vec<u8>,
    /// The class of each image, if there are labels.
    pub(crate) labels: Option<Vec<u8>>,
}

impl Images {
    /// Removes the images of these classes; returns their number.
    pub(crate) fn leave_out(&mut self, classes: &[u8]) -> usize {
        let size = self.size();
        let Some(labels) = &mut self.labels else {
            return 0;
        };
        let stays: Vec<bool> = labels
            .iter()
            .map(|label| !classes.contains(label))
            .collect();
        let n = stays.iter().filter(|&&stays| !stays).count();
        if n > 0 {
            let images = self.pixels.chunks_exact(size).zip(&stays);
            let kept = images.filter(|(_, stays)| **stays);
            self.pixels = kept.flat_map(|(image, _)| image).copied().collect();
            labels.retain(|label| !classes.contains(label));
            self.n -= n;
        }
        n
    }

    /// Bytes of one image.
    pub(crate) fn size(&self) -> usize {
        self.shape.iter().product()
    }
}
