//! What a dataset holds besides its pixels: what audit, preview and reports speak of.

use dcgan_artifacts::{DatasetInfo, Part, SourceRecord};
use std::collections::BTreeMap;

/// A dataset without its pixels.
#[derive(Debug)]
pub(crate) struct Contents {
    pub(crate) info: DatasetInfo,
    pub(crate) parts: BTreeMap<Part, Members>,
}

/// The images of one part.
#[derive(Debug)]
pub(crate) struct Members {
    pub(crate) n: usize,
    /// Class numbers; `None` without labels.
    pub(crate) labels: Option<Vec<u8>>,
    pub(crate) origin: Origin,
}

/// Where the images of a part come from.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    /// All from one file, or drawn.
    OneSource {
        /// Name of the source.
        source: String,
        /// Place in the source of each image; `None`: the same as in the part.
        indices: Option<Vec<u32>>,
    },
    /// A file each, by name.
    Files(Vec<String>),
}

impl Origin {
    /// Name of the source of image `image_idx` of the part; for `None`, of the part as a whole.
    pub(crate) fn source(&self, image_idx: Option<usize>) -> &str {
        match (self, image_idx) {
            (Self::OneSource { source, .. }, _) => source,
            (Self::Files(names), Some(image_idx)) => &names[image_idx],
            (Self::Files(_), None) => "",
        }
    }

    /// Place in its source of image `image_idx` of the part, where a source holds many.
    pub(crate) fn index(&self, image_idx: usize) -> Option<usize> {
        match self {
            Self::OneSource { indices, .. } => Some(
                indices
                    .as_ref()
                    .map_or(image_idx, |indices| indices[image_idx] as usize),
            ),
            Self::Files(_) => None,
        }
    }

    /// Image `image_idx` of the part in words.
    pub(crate) fn describe(&self, image_idx: usize) -> String {
        let source = self.source(Some(image_idx));
        match self.index(image_idx) {
            Some(index) => format!("image {index} of `{source}`"),
            None => format!("`{source}`"),
        }
    }
}

impl Contents {
    /// What the dataset says of itself.
    pub(crate) fn sources(&self) -> &[SourceRecord] {
        &self.info.sources
    }

    /// Name of the class of an image; `None` without labels.
    pub(crate) fn class_of(&self, part: Part, image_idx: usize) -> Option<&str> {
        let labels = self.parts[&part].labels.as_ref()?;
        let class = usize::from(labels[image_idx]);
        self.info.class_names.get(class).map(String::as_str)
    }
}
