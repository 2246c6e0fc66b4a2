//! The discriminator's figures in `discriminator.json` and `metrics.json`.

use dcgan_metrics::{Distribution, Histogram, QUANTILES};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `discriminator` in `metrics.json`: the main figures.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct JudgedFigures {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) train: Option<JudgedKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) test: Option<JudgedKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) generated: Option<JudgedKind>,
    /// By the two kinds, as `test_vs_generated`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) roc_auc: BTreeMap<String, f64>,
    /// The same.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) calibration_error: BTreeMap<String, f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) train_minus_test: Option<Gap>,
}

/// The discriminator's figures of one kind of images.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct JudgedKind {
    pub(crate) accuracy: f64,
    pub(crate) logit_mean: f64,
    pub(crate) logit_standard_deviation: f64,
    pub(crate) probability_mean: f64,
}

/// The difference between training and test images: its overfitting.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Gap {
    pub(crate) accuracy: f64,
    pub(crate) logit_mean: f64,
    pub(crate) probability_mean: f64,
}

/// `discriminator.json`.
#[derive(Debug, Serialize)]
pub(crate) struct DiscriminatorFile {
    pub(crate) normalisation: Normalisation,
    /// By kind of images.
    pub(crate) parts: BTreeMap<&'static str, ByClass<ReadingFigures>>,
    /// By the two kinds, as `test_vs_generated`.
    pub(crate) roc_auc: BTreeMap<String, ByClass<f64>>,
    /// The same.
    pub(crate) calibration: BTreeMap<String, ByClass<CalibrationFigures>>,
    /// The only key is `train_minus_test`.
    pub(crate) gap: BTreeMap<&'static str, ByClass<Gap>>,
}

/// The blocks over which batch norm computes its statistics.
#[derive(Debug, Serialize)]
pub(crate) struct Normalisation {
    pub(crate) statistics: &'static str,
    pub(crate) block: usize,
}

/// A value for all images, and for each class by its name.
#[derive(Debug, Serialize)]
pub(crate) struct ByClass<T> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) all: Option<T>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) classes: BTreeMap<String, T>,
}

impl<T> Default for ByClass<T> {
    fn default() -> Self {
        Self {
            all: None,
            classes: BTreeMap::new(),
        }
    }
}

impl<T> ByClass<T> {
    /// Adds the value of a class, or of all images.
    pub(crate) fn put(&mut self, class: Option<String>, value: T) {
        match class {
            None => self.all = Some(value),
            Some(class) => {
                self.classes.insert(class, value);
            }
        }
    }
}

/// The discriminator's output for some images.
#[derive(Debug, Serialize)]
pub(crate) struct ReadingFigures {
    pub(crate) accuracy: f64,
    pub(crate) logit: DistributionFigures,
    pub(crate) probability: DistributionFigures,
}

/// A distribution with its histogram.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DistributionFigures {
    pub(crate) count: usize,
    pub(crate) mean: f64,
    pub(crate) standard_deviation: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    /// The keys are probabilities as text, such as `0.5`.
    pub(crate) quantiles: BTreeMap<String, f64>,
    pub(crate) histogram: HistogramFigures,
}

/// Counts in equal bins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct HistogramFigures {
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) counts: Vec<u64>,
}

impl DistributionFigures {
    /// Joins distribution and histogram.
    pub(crate) fn of(distribution: &Distribution, histogram: &Histogram) -> Self {
        let quantiles = QUANTILES.iter().zip(distribution.quantiles);
        Self {
            count: distribution.count,
            mean: distribution.mean,
            standard_deviation: distribution.standard_deviation,
            min: distribution.min,
            max: distribution.max,
            quantiles: quantiles.map(|(p, value)| (p.to_string(), value)).collect(),
            histogram: HistogramFigures {
                low: histogram.low,
                high: histogram.high,
                counts: histogram.counts.clone(),
            },
        }
    }
}

/// Calibration of the probabilities.
#[derive(Debug, Serialize)]
pub(crate) struct CalibrationFigures {
    pub(crate) error: f64,
    pub(crate) bins: Vec<CalibrationBin>,
}

/// A bin of predicted probability; without images it has neither probability nor share.
#[derive(Debug, Serialize)]
pub(crate) struct CalibrationBin {
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) weight: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) probability: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) share: Option<f64>,
}
