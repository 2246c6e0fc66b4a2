//! Statistics of the discriminator's output for training, test and generated images.
//!
//! The discriminator runs as in training: batch norm uses the statistics of a block of images of
//! one kind. [`crate::measure::reading`] makes the blocks; this module computes statistics of
//! logits.

use dcgan_metrics::{
    Calibration, Distribution, Error, Histogram, accuracy, calibration, histogram, probability,
    roc_auc,
};

/// Bins of the calibration.
const CALIBRATION_BINS: usize = 10;

/// A kind of images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// The dataset's training part.
    Train,
    /// The dataset's test part.
    Test,
    /// Images from a generator.
    Generated,
}

impl Kind {
    /// The name in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Test => "test",
            Self::Generated => "generated",
        }
    }

    fn is_real(self) -> bool {
        self != Self::Generated
    }
}

/// The logits of one kind of images.
#[derive(Debug, Clone)]
pub(crate) struct Logits {
    /// Which images.
    pub(crate) kind: Kind,
    /// One logit per image.
    pub(crate) values: Vec<f32>,
    /// The class of each image, if there are labels.
    pub(crate) labels: Option<Vec<u8>>,
}

impl Logits {
    /// The logits of one class, or all.
    fn of_class(&self, class: Option<u8>) -> Vec<f32> {
        match (class, &self.labels) {
            (None, _) => self.values.clone(),
            (Some(_), None) => Vec::new(),
            (Some(class), Some(labels)) => self
                .values
                .iter()
                .zip(labels)
                .filter(|(_, label)| **label == class)
                .map(|(logit, _)| *logit)
                .collect(),
        }
    }
}

/// The figures of one kind of images and one class.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reading {
    /// Which images.
    pub(crate) kind: Kind,
    /// The class, or all.
    pub(crate) class: Option<u8>,
    /// Share on the right side of logit 0, probability 0.5.
    pub(crate) accuracy: f64,
    /// The logits.
    pub(crate) logit: Distribution,
    /// Histogram of the logits; all readings have the same bins.
    pub(crate) logit_histogram: Histogram,
    /// The probabilities of being real.
    pub(crate) probability: Distribution,
    /// Histogram of the probabilities over `[0, 1]`.
    pub(crate) probability_histogram: Histogram,
}

/// How well the logit separates real from generated images.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ranking {
    /// Which real images.
    pub(crate) real: Kind,
    /// The class, or all.
    pub(crate) class: Option<u8>,
    /// Area under the receiver operating characteristic of real against generated.
    pub(crate) roc_auc: f64,
    /// Calibration of its probabilities of being real.
    pub(crate) calibration: Calibration,
}

/// All figures of one discriminator.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Statistics {
    /// By kind; for each, all images, then the classes. A class without images is absent.
    pub(crate) readings: Vec<Reading>,
    /// By real kind; for each, all images, then the classes.
    pub(crate) rankings: Vec<Ranking>,
}

impl Statistics {
    /// Computes every figure. `classes`: number of classes, 0 without labels; `bins`: number of
    /// bins of each histogram.
    ///
    /// # Errors
    /// [`Error::NotFinite`] for a logit.
    pub(crate) fn of(parts: &[Logits], classes: usize, bins: usize) -> Result<Self, Error> {
        let classes = (0..=u8::MAX).take(classes).map(Some);
        let groups: Vec<Option<u8>> = std::iter::once(None).chain(classes).collect();
        let range = whole_range(parts);
        let mut statistics = Self {
            readings: Vec::new(),
            rankings: Vec::new(),
        };
        for part in parts {
            for &class in &groups {
                let logits = part.of_class(class);
                if !logits.is_empty() {
                    statistics
                        .readings
                        .push(reading(part.kind, class, &logits, range, bins)?);
                }
            }
        }
        let generated = parts.iter().find(|part| part.kind == Kind::Generated);
        for real in parts.iter().filter(|part| part.kind.is_real()) {
            for &class in &groups {
                let positive = real.of_class(class);
                let negative = generated
                    .map(|part| part.of_class(class))
                    .unwrap_or_default();
                if !positive.is_empty() && !negative.is_empty() {
                    let roc_auc = roc_auc(&positive, &negative)?;
                    statistics.rankings.push(Ranking {
                        real: real.kind,
                        class,
                        roc_auc,
                        calibration: calibration(&positive, &negative, CALIBRATION_BINS)?,
                    });
                }
            }
        }
        Ok(statistics)
    }

    /// The figures of a kind and a class, or of all classes.
    pub(crate) fn of_class(&self, kind: Kind, class: Option<u8>) -> Option<&Reading> {
        let mut readings = self.readings.iter();
        readings.find(|reading| reading.kind == kind && reading.class == class)
    }

    /// The figures of all images of a kind.
    pub(crate) fn overall(&self, kind: Kind) -> Option<&Reading> {
        self.of_class(kind, None)
    }
}

/// The smallest range between whole numbers that contains every logit, so that all histograms of an
/// evaluation have the same bins.
fn whole_range(parts: &[Logits]) -> (f64, f64) {
    let logits = || {
        parts
            .iter()
            .flat_map(|part| &part.values)
            .map(|&logit| f64::from(logit))
    };
    let low = logits().fold(f64::INFINITY, f64::min).floor();
    let high = logits().fold(f64::NEG_INFINITY, f64::max).ceil();
    (low, if high > low { high } else { low + 1.0 })
}

fn reading(
    kind: Kind,
    class: Option<u8>,
    logits: &[f32],
    (low, high): (f64, f64),
    bins: usize,
) -> Result<Reading, Error> {
    // This measure rejects values that are not finite, so the range is valid afterwards.
    let logit = Distribution::of(logits)?;
    let probabilities: Vec<f32> = logits.iter().map(|&logit| probability(logit)).collect();
    Ok(Reading {
        kind,
        class,
        accuracy: accuracy(logits, kind.is_real())?,
        logit,
        logit_histogram: histogram(logits, low, high, bins)?,
        probability: Distribution::of(&probabilities)?,
        probability_histogram: histogram(&probabilities, 0.0, 1.0, bins)?,
    })
}
