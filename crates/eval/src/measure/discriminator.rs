//! What the discriminator thinks of real training images, real test images and generated ones.
//!
//! The logits are those of the discriminator as it was trained: batch norm takes the statistics of
//! a block of images of one kind. How the blocks are made up is [`crate::measure::reading`]'s
//! affair; here logits become numbers.

use dcgan_metrics::{
    Calibration, Distribution, Error, Histogram, accuracy, calibration, histogram, probability,
    roc_auc,
};

/// Bins of the calibration.
const CALIBRATION_BINS: usize = 10;

/// Which images.
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
    /// The class of each, where there are labels.
    pub(crate) labels: Option<Vec<u8>>,
}

impl Logits {
    /// Those of one class, or all.
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
    /// The same in bins that all readings share.
    pub(crate) logit_histogram: Histogram,
    /// The probabilities of being real.
    pub(crate) probability: Distribution,
    /// The same in bins over `[0, 1]`.
    pub(crate) probability_histogram: Histogram,
}

/// How well the logit tells real images from generated ones.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ranking {
    /// Which real images.
    pub(crate) real: Kind,
    /// The class, or all.
    pub(crate) class: Option<u8>,
    /// Area under the receiver operating characteristic of real against generated.
    pub(crate) roc_auc: f64,
    /// Whether its probabilities of being real can be taken at their word.
    pub(crate) calibration: Calibration,
}

/// All figures of one discriminator.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Statistics {
    /// By kind, then all images before the classes. A class without images is absent.
    pub(crate) readings: Vec<Reading>,
    /// By real kind, then all images before the classes.
    pub(crate) rankings: Vec<Ranking>,
}

impl Statistics {
    /// Works out every figure. `classes`: number of classes, 0 without labels; `bins`: of each
    /// histogram.
    ///
    /// # Errors
    /// As the measures: a logit that is not finite.
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

    /// The figures of a kind and a class, or all of it.
    pub(crate) fn of_class(&self, kind: Kind, class: Option<u8>) -> Option<&Reading> {
        let mut readings = self.readings.iter();
        readings.find(|reading| reading.kind == kind && reading.class == class)
    }

    /// The figures of all images of a kind.
    pub(crate) fn overall(&self, kind: Kind) -> Option<&Reading> {
        self.of_class(kind, None)
    }
}

/// The least range between whole numbers that holds every logit, so that all histograms of one
/// evaluation share their bins.
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
    // The first measure refuses what is not finite, so the range is sound once it has passed.
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
