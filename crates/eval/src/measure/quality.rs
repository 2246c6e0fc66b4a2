//! Figures from the classifier: quality, diversity and weak classes.
//!
//! The reference is the test part (the training part if there is none). Each figure has values of
//! real images: for figures of one set, the test part's; for figures between two sets, those of the
//! same number of training images instead of the generated ones, and those of two halves of the
//! test part, neither of which the classifier was trained on.
//!
//! Every set is sorted by content ([`order::by_content`]) and split at random, so that the order of
//! images in a file does not matter.

use crate::figures::{ExtractorFigures, Figure, QualityFigures, RealSet, RealSets};
use crate::identity::backend;
use crate::images::Images;
use crate::measure::by_class::{OfClasses, by_class};
use crate::measure::classifier::Work;
use crate::measure::distances::{Neighbours, frechet, kernel, neighbours, of_flags};
use crate::measure::order;
use crate::measure::seen::{Seen, Sets, drawn, mean, mean_of};
use dcgan_artifacts::{ClassifierFile, MOST_COMPARED, Part, least};
use dcgan_metrics::{Classified, Classifier, FEATURES};
use dcgan_settings::Eval;
use dcgan_stage::Failure;
use std::collections::BTreeMap;

/// Splits of the classifier score, as in the paper.
const SPLITS: usize = 10;
/// Number of the most and least certain images in the report.
const SHOWN: usize = 24;

// The minimum number of images in `dcgan_artifacts` must fit.
const _: () = assert!(least::SCORED == 2 * SPLITS);

/// The figures, and the images that the report shows for them.
#[derive(Debug)]
pub(crate) struct Quality {
    /// `quality` of `metrics.json`.
    pub(crate) figures: QualityFigures,
    /// The images least likely to be of their class, the least likely first.
    pub(crate) worst: Vec<usize>,
    /// The images that the classifier is most certain of, the most certain first.
    pub(crate) surest: Vec<usize>,
    /// The labels of the reference images.
    pub(crate) compared: Option<Vec<u8>>,
}

/// Reads images with the classifier and computes every figure.
pub(crate) struct Scorer<'a> {
    pub(crate) work: Work<'a>,
    pub(crate) file: &'a ClassifierFile,
    pub(crate) settings: &'a Eval,
}

impl Scorer<'_> {
    /// Builds the classifier of the file.
    fn classifier(&self) -> Result<Classifier, Failure> {
        let classifier = Classifier::from_arrays(self.work.config(), &self.file.arrays);
        let backend = backend(self.settings);
        Ok(classifier.map_err(Failure::input)?.with_backend(backend))
    }

    /// All figures of these images; `order` are their indices sorted by content.
    pub(crate) fn quality(&self, images: &Images, order: &[u32]) -> Result<Quality, Failure> {
        let (sets, seed) = (self.sets(images, order)?, self.settings.seed);
        let mut figures = QualityFigures {
            extractor: self.extractor(),
            sets: self.described(&sets),
            frechet_distance: frechet(&sets, seed)?,
            kernel_distance: kernel(&sets, seed)?,
            ..QualityFigures::default()
        };
        let mut sorted = Vec::new();
        if self.is_trained() {
            let own = self.classified(&sets, &mut figures)?;
            sorted = by_certainty(&certainty(&own, &sets.generated)?, order);
        }
        if let Some(found) = neighbours(&sets, seed)? {
            let Neighbours {
                precision,
                recall,
                density,
                coverage,
            } = found;
            figures.precision = Some(precision);
            figures.recall = Some(recall);
            figures.density = Some(density);
            figures.coverage = Some(coverage);
        }
        let names = &self.work.dataset.info().class_names;
        if let Some(found) = by_class(&sets, names, seed)? {
            let OfClasses {
                mean,
                distances,
                diversity,
            } = found;
            figures.frechet_distance_class_mean = Some(mean);
            figures.frechet_distance_by_class = Some(distances);
            figures.diversity_by_class = Some(diversity);
        }
        Ok(Quality {
            figures,
            surest: sorted.iter().copied().take(SHOWN).collect(),
            worst: sorted.iter().rev().copied().take(SHOWN).collect(),
            compared: sets.reference.labels,
        })
    }

    fn sets(&self, images: &Images, order: &[u32]) -> Result<Sets, Failure> {
        let classifier = self.classifier()?;
        let part = match self.work.dataset.len(Part::Test) {
            Some(n) if n > 0 => Part::Test,
            _ => Part::Train,
        };
        let pixels = &images.pixels;
        let reading = self
            .work
            .read_rows(&classifier, pixels, order, "generated")?;
        let generated = Seen {
            reading,
            labels: in_order(images.labels.as_deref(), order),
        };
        let reference = self.part(&classifier, part, MOST_COMPARED)?;
        // Without a test part the training images are the reference, so no other real images are
        // left.
        let stand_in = match part {
            Part::Test => Some(self.part(&classifier, Part::Train, images.n)?),
            _ => None,
        };
        let halves = order::halves(reference.n(), self.settings.seed);
        let halves = halves.map(|rows| reference.rows(&rows));
        Ok(Sets {
            generated,
            reference,
            part,
            stand_in,
            halves,
        })
    }

    /// Describes `real` and `halves`: part, number of images, and, if known, whether the classifier
    /// was trained on them.
    fn described(&self, sets: &Sets) -> RealSets {
        let is_own = self.file.info.dataset_sha256 == self.work.dataset.content_sha256();
        let is_known = is_own || !self.is_trained();
        let of = |seen: &Seen, part: Part| RealSet {
            part: part.name().into(),
            n: seen.n(),
            taught_the_classifier: is_known.then(|| self.is_trained() && part == Part::Train),
        };
        let half = &sets.halves[0];
        RealSets {
            reference: Some(of(&sets.reference, sets.part)),
            real: sets.stand_in.as_ref().map(|seen| of(seen, Part::Train)),
            halves: (half.n() >= least::KERNEL).then(|| of(half, sets.part)),
        }
    }

    fn is_trained(&self) -> bool {
        self.file.info.epochs > 0
    }

    fn extractor(&self) -> ExtractorFigures {
        let info = &self.file.info;
        let untrained = ExtractorFigures {
            name: "random features".into(),
            features: FEATURES,
            ..ExtractorFigures::default()
        };
        if !self.is_trained() {
            return untrained;
        }
        let same = info.dataset_sha256 == self.work.dataset.content_sha256();
        ExtractorFigures {
            name: "classifier".into(),
            train_accuracy: Some(info.train_accuracy),
            test_accuracy: info.test_accuracy,
            dataset_sha256: Some(info.dataset_sha256.clone()),
            trained_on_this_dataset: Some(same),
            ..untrained
        }
    }

    /// A random subset of at most `at_most` images of a part.
    fn part(&self, classifier: &Classifier, part: Part, at_most: usize) -> Result<Seen, Failure> {
        let dataset = self.work.dataset;
        let n = dataset.len(part).unwrap_or(0);
        let chosen = drawn(self.settings.seed, n, at_most, part as u64);
        let mut pixels = Vec::new();
        let read = dataset.read_images(part, &chosen, &mut pixels);
        read?;
        let labels = in_order(dataset.labels(part), &chosen);
        let order = order::by_content(&pixels, dataset.info().image_len(), labels.as_deref());
        let reading = self
            .work
            .read_rows(classifier, &pixels, &order, part.name())?;
        Ok(Seen {
            reading,
            labels: in_order(labels.as_deref(), &order),
        })
    }

    /// Accuracy, cross-entropy and score of the generated images and of the reference.
    fn classified(&self, sets: &Sets, figures: &mut QualityFigures) -> Result<Classified, Failure> {
        let classes = self.work.config().classes;
        let of =
            |seen: &Seen| Classified::new(&seen.reading.logits, classes).map_err(Failure::input);
        let (own, others) = (of(&sets.generated)?, of(&sets.reference)?);
        if let (Some(labels), Some(real_labels)) = (&sets.generated.labels, &sets.reference.labels)
        {
            self.by_labels((&own, labels), (&others, real_labels), figures)?;
        }
        if own.len() >= least::SCORED {
            let of = |classified: &Classified| {
                classified
                    .score_over_splits(SPLITS, self.settings.seed)
                    .map_err(Failure::input)
            };
            let has_enough = others.len() >= least::SCORED;
            let real = has_enough.then(|| of(&others)).transpose()?;
            let real = real.map(|real| real.value);
            figures.classifier_score = Some(Figure::of(of(&own)?, real));
        }
        Ok(own)
    }

    /// The figures that need the requested classes.
    fn by_labels(
        &self,
        (own, labels): (&Classified, &[u8]),
        (others, real_labels): (&Classified, &[u8]),
        figures: &mut QualityFigures,
    ) -> Result<(), Failure> {
        let hits = own.hits(labels).map_err(Failure::input)?;
        let real_hits = others.hits(real_labels).map_err(Failure::input)?;
        let real = of_flags(&real_hits)?.value;
        figures.class_accuracy = Some(Figure::of(of_flags(&hits)?, Some(real)));
        let entropy = own.cross_entropies(labels).map_err(Failure::input)?;
        let real = others.cross_entropies(real_labels);
        let real = mean(&real.map_err(Failure::input)?);
        let entropy = mean_of(&entropy, self.settings.seed)?;
        figures.cross_entropy = Some(Figure::of(entropy, Some(real)));
        let mut by_class = BTreeMap::new();
        for (class, name) in (0..=u8::MAX).zip(&self.work.dataset.info().class_names) {
            let of_class = |values: &[bool], labels: &[u8]| -> Vec<bool> {
                let pairs = values.iter().zip(labels);
                let of_class = pairs.filter(|(_, label)| **label == class);
                of_class.map(|(value, _)| *value).collect()
            };
            let (hits, real) = (of_class(&hits, labels), of_class(&real_hits, real_labels));
            if !hits.is_empty() {
                let real = (!real.is_empty()).then(|| of_flags(&real)).transpose()?;
                let real = real.map(|real| real.value);
                by_class.insert(name.clone(), Figure::of(of_flags(&hits)?, real));
            }
        }
        figures.class_accuracy_by_class = Some(by_class);
        Ok(())
    }
}

/// The indices of images, the most certain first, given the classifier's uncertainty for each.
fn by_certainty(unsure: &[f64], order: &[u32]) -> Vec<usize> {
    let positions = order.iter().map(|&at| at as usize);
    let mut found: Vec<(f64, usize)> = unsure.iter().copied().zip(positions).collect();
    found.sort_by(|(a, i), (b, j)| a.total_cmp(b).then(i.cmp(j)));
    found.into_iter().map(|(_, at)| at).collect()
}

/// The classifier's uncertainty for each image, about its class or, without labels, about the most
/// probable one.
fn certainty(own: &Classified, generated: &Seen) -> Result<Vec<f64>, Failure> {
    let predictions: Vec<u8> = own
        .predictions()
        .into_iter()
        .filter_map(|class| u8::try_from(class).ok())
        .collect();
    let labels = generated.labels.as_ref().unwrap_or(&predictions);
    own.cross_entropies(labels).map_err(Failure::input)
}

/// Values at these indices.
fn in_order(values: Option<&[u8]>, order: &[u32]) -> Option<Vec<u8>> {
    values.map(|values| order.iter().map(|&at| values[at as usize]).collect())
}
