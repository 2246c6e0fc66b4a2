//! The numbers of images, which determine the available figures.

use crate::images::Images;
use dcgan_artifacts::{ClassCounts, DatasetReader, ImageCounts, Part};

/// Counts the images of an evaluation; `compared` are the labels of the reference images.
pub(crate) fn of_images(
    dataset: &DatasetReader,
    images: &Images,
    compared: Option<&[u8]>,
    has_classifier: bool,
    is_judged: bool,
) -> ImageCounts {
    let compared = per_class(compared.unwrap_or_default());
    let labels = images.labels.as_deref();
    let counts = Counts { dataset, compared };
    counts.of(images.n, labels, has_classifier, is_judged)
}

/// Numbers of the dataset's images.
pub(crate) struct Counts<'a> {
    pub(crate) dataset: &'a DatasetReader,
    /// Reference images of each class.
    pub(crate) compared: [usize; 256],
}

impl Counts<'_> {
    /// The counts for `n` generated images with these labels.
    pub(crate) fn of(
        &self,
        generated: usize,
        labels: Option<&[u8]>,
        has_classifier: bool,
        is_judged: bool,
    ) -> ImageCounts {
        let names = &self.dataset.info().class_names;
        let own = per_class(labels.unwrap_or_default());
        let trained = self.dataset.trained_classes().into_iter().map(usize::from);
        let classes = trained.filter(|&class| class < names.len());
        let of_class = |class: usize| ClassCounts {
            name: names[class].clone(),
            generated: own[class],
            compared: self.compared[class],
        };
        ImageCounts {
            train: self.dataset.len(Part::Train).unwrap_or(0),
            test: self.dataset.len(Part::Test).unwrap_or(0),
            generated,
            is_judged,
            has_classifier,
            is_generated_labelled: labels.is_some(),
            classes: (!names.is_empty()).then(|| classes.map(of_class).collect()),
        }
    }
}

/// Images of each class.
pub(crate) fn per_class(labels: &[u8]) -> [usize; 256] {
    let mut n = [0; 256];
    for &label in labels {
        n[usize::from(label)] += 1;
    }
    n
}
