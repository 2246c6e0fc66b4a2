//! The numbers of images that decide which figures there are.

use crate::images::Images;
use crate::inputs::{Extractor, Inputs, Source};
use dcgan_artifacts::{ClassCounts, DatasetReader, ImageCounts, MOST_COMPARED, Part};
use dcgan_settings::Eval;

/// Counts the images of an evaluation: `compared` are the labels of those that the generated ones
/// are compared with.
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

/// Counts the images that an evaluation would have, before any of them is drawn. Of a larger part
/// than [`MOST_COMPARED`] each class counts with its share of that number.
pub(crate) fn of_inputs(inputs: &Inputs, settings: &Eval) -> ImageCounts {
    let dataset = &inputs.dataset;
    let test = dataset.labels(Part::Test);
    let test = test.filter(|labels| !labels.is_empty());
    let labels = test.or_else(|| dataset.labels(Part::Train));
    let labels = labels.unwrap_or_default();
    let drawn = |n: usize| n * MOST_COMPARED.min(labels.len()) / labels.len().max(1);
    let counts = Counts {
        dataset,
        compared: per_class(labels).map(drawn),
    };
    let drawn_labels;
    let (n, labels) = match &inputs.source {
        Source::Generator(_, choice) => {
            drawn_labels = choice.classes(0, settings.n);
            (settings.n, drawn_labels.as_deref())
        }
        Source::Samples(images) => (images.n, images.labels.as_deref()),
    };
    let has_classifier = !matches!(inputs.extractor, Extractor::Random);
    counts.of(n, labels, has_classifier, inputs.discriminator.is_some())
}

/// The files that the discriminator's figures are written to.
pub(crate) fn files_of_discriminator(counts: &ImageCounts) -> Vec<&'static str> {
    let has = |figure: &str| counts.is_judged && counts.has(figure);
    let kinds = ["train", "test", "generated"];
    let mut names = Vec::new();
    if kinds
        .iter()
        .any(|kind| has(&format!("discriminator.{kind}")))
    {
        names.extend([
            "discriminator.csv",
            "discriminator.json",
            "logits.svg",
            "probabilities.svg",
        ]);
    }
    let calibrated = |part| {
        has(&format!(
            "discriminator.calibration_error.{part}_vs_generated"
        ))
    };
    if calibrated("train") || calibrated("test") {
        names.push("calibration.svg");
    }
    names
}

struct Counts<'a> {
    dataset: &'a DatasetReader,
    compared: [usize; 256],
}

impl Counts<'_> {
    fn of(
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
fn per_class(labels: &[u8]) -> [usize; 256] {
    let mut n = [0; 256];
    for &label in labels {
        n[usize::from(label)] += 1;
    }
    n
}
