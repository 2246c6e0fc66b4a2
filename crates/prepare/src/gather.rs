//! Collects images and class numbers from several files of arrays; all images must have one size.

use crate::contents::Origin;
use crate::memory::Loaded;
use dcgan_artifacts::{FileRecord, Part, PartData};
use dcgan_hints::Hint;
use dcgan_settings::Prepare;
use std::collections::{BTreeMap, BTreeSet};

/// The images of a file.
#[derive(Debug)]
pub(crate) struct Batch {
    /// Pixels `[n, height, width, channels]`.
    pub(crate) images: Vec<u8>,
    /// Class numbers `[n]`; `None` without labels.
    pub(crate) labels: Option<Vec<u8>>,
    pub(crate) n: usize,
    /// Height, width, channels.
    pub(crate) size: [usize; 3],
}

/// The collected images.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    /// The size of all images, and the first file.
    size: Option<([usize; 3], String)>,
    parts: BTreeMap<Part, OfPart>,
}

#[derive(Debug)]
struct OfPart {
    data: PartData,
    sources: Vec<(String, usize)>,
}

/// Files that do not fit together.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GatherError {
    /// Images of different sizes.
    #[error(
        "`{first}` and `{other}` differ in size: expected images of {expected:?}, got {got:?} \
         (height, width, channels)"
    )]
    Size {
        /// The first file.
        first: String,
        /// Another file.
        other: String,
        /// The size of its images.
        expected: [usize; 3],
        /// The size of the other file's images.
        got: [usize; 3],
    },
    /// Only some files have labels.
    #[error("`{without}` has no labels: expected a label for each image, as `{with}` has")]
    Unlabelled {
        /// A file with labels.
        with: String,
        /// A file without.
        without: String,
    },
    /// The numbers of labels and images differ.
    #[error("`{source_name}`: expected a label for each of {expected} images, got {got}")]
    LabelCount {
        /// The file.
        source_name: String,
        /// Images.
        expected: usize,
        /// Labels.
        got: usize,
    },
    /// The memory for the images of several files together was refused.
    #[error("no memory for the images of `{source_name}` next to those before")]
    Memory {
        /// The file.
        source_name: String,
    },
    /// A label without a class.
    #[error(
        "label {label} of {image} has no class: expected labels below {classes}, the number of \
         names of classes"
    )]
    Label {
        /// The image, in words.
        image: String,
        /// The label.
        label: u8,
        /// Number of class names.
        classes: usize,
    },
    /// No image to train on.
    #[error("{sources} has no image to train on: expected at least one")]
    NoImages {
        /// The sources.
        sources: String,
    },
}

impl Hint for GatherError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Size { .. } => "give files of the same dataset",
            Self::Unlabelled { .. } => {
                "leave that file out, or read no labels: the unlabelled network needs none"
            }
            Self::LabelCount { .. } => "give the labels that came with the images",
            Self::Memory { .. } => "use a machine with more memory, or fewer images",
            Self::Label { .. } => "name every class in `prepare.class_names`, or leave it empty",
            Self::NoImages { .. } => "give a file that has images",
        };
        Some(hint.into())
    }
}

impl Gathered {
    /// Appends the images of the file `source` to a part.
    ///
    /// # Errors
    /// [`GatherError::Size`], [`GatherError::LabelCount`], [`GatherError::Unlabelled`].
    pub(crate) fn add(
        &mut self,
        part: Part,
        source: &str,
        batch: Batch,
    ) -> Result<(), GatherError> {
        if batch.n == 0 {
            return Ok(());
        }
        let (size, first) = self
            .size
            .get_or_insert_with(|| (batch.size, source.to_owned()));
        if *size != batch.size {
            return Err(GatherError::Size {
                first: first.clone(),
                other: source.to_owned(),
                expected: *size,
                got: batch.size,
            });
        }
        if let Some(labels) = &batch.labels
            && labels.len() != batch.n
        {
            return Err(GatherError::LabelCount {
                source_name: source.to_owned(),
                expected: batch.n,
                got: labels.len(),
            });
        }
        self.check_labelled(source, batch.labels.is_some())?;
        let of_part = self.parts.entry(part).or_insert_with(|| OfPart {
            data: PartData {
                images: Vec::new(),
                labels: batch.labels.is_some().then(Vec::new),
                n: 0,
            },
            sources: Vec::new(),
        });
        let data = &mut of_part.data;
        of_part.sources.push((source.to_owned(), data.n));
        data.n += batch.n;
        if data.images.is_empty() {
            data.images = batch.images;
        } else {
            if data.images.try_reserve(batch.images.len()).is_err() {
                let source_name = source.to_owned();
                return Err(GatherError::Memory { source_name });
            }
            data.images.extend(batch.images);
        }
        if let (Some(labels), Some(more)) = (&mut data.labels, batch.labels) {
            labels.extend(more);
        }
        Ok(())
    }

    /// Checks that either all files or none have labels.
    fn check_labelled(&self, source: &str, is_labelled: bool) -> Result<(), GatherError> {
        let other = self.parts.values().next();
        let Some(other) = other.filter(|of_part| of_part.data.labels.is_some() != is_labelled)
        else {
            return Ok(());
        };
        let (here, there) = (source.to_owned(), other.sources[0].0.clone());
        let (with, without) = if is_labelled {
            (here, there)
        } else {
            (there, here)
        };
        Err(GatherError::Unlabelled { with, without })
    }

    /// The dataset of all images from `sources`. Its classes are `found`, or those of the settings,
    /// or the numbers from 0 to the largest label.
    ///
    /// # Errors
    /// [`GatherError::Label`], [`GatherError::NoImages`].
    pub(crate) fn loaded(
        self,
        settings: &Prepare,
        sources: Vec<FileRecord>,
        found: Vec<String>,
    ) -> Result<Loaded, GatherError> {
        let Some(([height, width, channels], _)) = self
            .size
            .as_ref()
            .filter(|_| self.parts.contains_key(&Part::Train))
        else {
            let names: BTreeSet<&str> = sources.iter().map(|file| file.name.as_str()).collect();
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            let sources = names.join(", ");
            return Err(GatherError::NoImages { sources });
        };
        let class_names = self.class_names(settings, found)?;
        let (height, width, channels) = (*height, *width, *channels);
        let (mut parts, mut origins) = (BTreeMap::new(), BTreeMap::new());
        for (part, of_part) in self.parts {
            let origin = Origin::Many {
                sources: of_part.sources,
                indices: None,
            };
            origins.insert(part, origin);
            parts.insert(part, of_part.data);
        }
        Ok(Loaded {
            class_names,
            height,
            width,
            channels,
            sources,
            parts,
            origins,
        })
    }

    fn class_names(
        &self,
        settings: &Prepare,
        found: Vec<String>,
    ) -> Result<Vec<String>, GatherError> {
        let labels = self.parts.values().filter_map(|of_part| {
            let labels = of_part.data.labels.as_ref()?;
            labels.iter().max()
        });
        let Some(largest) = labels.max().copied() else {
            if !settings.class_names.is_empty() {
                log::warn!("`prepare.class_names` names classes, but there are no labels");
            }
            return Ok(Vec::new());
        };
        let names = if settings.class_names.is_empty() {
            found
        } else {
            settings.class_names.clone()
        };
        if names.is_empty() {
            return Ok((0..=largest).map(|label| label.to_string()).collect());
        }
        for of_part in self.parts.values() {
            let labels = of_part.data.labels.iter().flatten();
            let beyond = |(_, label): &(usize, &u8)| usize::from(**label) >= names.len();
            if let Some((image_idx, label)) = labels.enumerate().find(beyond) {
                let origin = Origin::Many {
                    sources: of_part.sources.clone(),
                    indices: None,
                };
                return Err(GatherError::Label {
                    image: origin.describe(image_idx),
                    label: *label,
                    classes: names.len(),
                });
            }
        }
        Ok(names)
    }
}
