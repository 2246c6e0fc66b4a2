//! A dataset without its pixels, for audit, preview and reports.

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

/// The source of a part's images.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    /// From files of many images, in order, or synthetic.
    Many {
        /// Name of each source, and the index of its first image among all sources' images.
        sources: Vec<(String, usize)>,
        /// Index of each image among all sources' images; `None` if the same as in the part.
        indices: Option<Vec<u32>>,
    },
    /// One file per image, by name.
    Files(Vec<String>),
}

impl Origin {
    /// All images from one source.
    pub(crate) fn one(source: impl Into<String>) -> Self {
        Self::Many {
            sources: vec![(source.into(), 0)],
            indices: None,
        }
    }

    /// Name of the source of image `image_idx` of the part; for `None`, of the whole part.
    pub(crate) fn source(&self, image_idx: Option<usize>) -> &str {
        match (self, image_idx) {
            (Self::Many { sources, .. }, None) => match &sources[..] {
                [(source, _)] => source,
                _ => "",
            },
            (Self::Many { .. }, Some(image_idx)) => {
                self.place(image_idx).map_or("", |(source, _)| source)
            }
            (Self::Files(names), Some(image_idx)) => &names[image_idx],
            (Self::Files(_), None) => "",
        }
    }

    /// Index in its source of image `image_idx` of the part, if the source has many images.
    pub(crate) fn index(&self, image_idx: usize) -> Option<usize> {
        self.place(image_idx).map(|(_, index)| index)
    }

    /// Name of the source of an image and its index there, if the source has many images.
    fn place(&self, image_idx: usize) -> Option<(&str, usize)> {
        let Self::Many { sources, indices } = self else {
            return None;
        };
        let of_all = |indices: &Vec<u32>| indices[image_idx] as usize;
        let at = indices.as_ref().map_or(image_idx, of_all);
        let after = sources.partition_point(|(_, first)| *first <= at);
        let (source, first) = sources.get(after.checked_sub(1)?)?;
        Some((source, at - first))
    }

    /// The origin of a part with a subset of this part's images.
    pub(crate) fn of(&self, images: &[u32]) -> Self {
        match self {
            Self::Many { sources, indices } => {
                let of_all = |&image: &u32| match indices {
                    Some(indices) => indices[image as usize],
                    None => image,
                };
                Self::Many {
                    sources: sources.clone(),
                    indices: Some(images.iter().map(of_all).collect()),
                }
            }
            Self::Files(names) => {
                let name = |&image: &u32| names[image as usize].clone();
                Self::Files(images.iter().map(name).collect())
            }
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
    /// The dataset's records of its sources.
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
