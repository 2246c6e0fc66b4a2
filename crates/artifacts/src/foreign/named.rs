//! Arrays by name, for callers that know what is in which.

use super::layout::{ChannelAxis, Layout};
use super::range::ValueRange;
use super::{ForeignArrays, ForeignImages, Opened, open};
use crate::error::{Artifact, Error};
use std::path::Path;

impl ForeignArrays {
    /// Opens an `.npz`, `.npy` or safetensors file, recognised by content.
    ///
    /// # Errors
    /// As the crate's documentation lists for every reader; [`Error::Unfit`] also for a file of
    /// another kind, naming the kind.
    pub fn open(path: &Path, artifact: Artifact) -> Result<Self, Error> {
        match open(path, artifact, u32::MAX)? {
            Opened::Theirs(arrays) => Ok(arrays),
            Opened::Ours(container) => {
                let got = container.kind.as_deref().unwrap_or_default();
                let got = format!("one of kind `{got}` of these programs");
                Err(container.unfit("a file of another program", got))
            }
        }
    }

    /// Names and shapes of the arrays of numbers, in order of the names. The array of an `.npy` has
    /// the name of the file, without its extension.
    pub fn shapes(&self) -> impl Iterator<Item = (&str, &[usize])> {
        let arrays = self.source.arrays.iter();
        arrays.map(|(name, array)| (name.as_str(), array.shape.as_slice()))
    }

    /// Names of everything in the file, for a message.
    pub fn names(&self) -> String {
        self.source.names()
    }

    /// The images of the array `name`, without labels. `channels`: where its axis of channels is,
    /// inferred if `None`; `range`: the range of floats, inferred if `None`.
    ///
    /// # Errors
    /// [`Error::Unfit`] for an array that is not there or is not of images, and as every reader.
    pub fn images_named(
        &self,
        name: &str,
        channels: Option<ChannelAxis>,
        range: Option<ValueRange>,
    ) -> Result<ForeignImages, Error> {
        let shape = self.shape(name)?;
        let layout = Layout::of(shape, channels).ok_or_else(|| {
            let expected = format!(
                "`{name}` of shape [n, height, width, 1 or 3], [n, 1 or 3, height, width], \
                 [n, height, width] or [n, pixels of a square]"
            );
            let got = format!("shape {shape:?}");
            Error::unfit(&self.path, self.artifact, expected, got)
        })?;
        let images = self.source.images_of(name, &layout, range, Vec::new());
        images.map_err(|fault| fault.at(&self.path, self.artifact))
    }

    /// The class numbers in the array `name`, of shape `[n]` or `[n, 1]`.
    ///
    /// # Errors
    /// [`Error::Unfit`] for an array that is not there or is not of `n` class numbers below 256,
    /// and as every reader.
    pub fn labels_named(&self, name: &str, n: usize) -> Result<Vec<u8>, Error> {
        self.shape(name)?;
        let labels = self.source.labels(name, n);
        labels.map_err(|fault| fault.at(&self.path, self.artifact))
    }

    fn shape(&self, name: &str) -> Result<&[usize], Error> {
        let array = self.source.arrays.get(name).ok_or_else(|| {
            let expected = format!("an array `{name}`");
            Error::unfit(&self.path, self.artifact, expected, self.source.names())
        })?;
        Ok(&array.shape)
    }
}
