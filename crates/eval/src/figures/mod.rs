//! The figures of an evaluation in `metrics.json`.
//!
//! They are serialised from these types. Reading `metrics.json` back is tolerant: values that an
//! earlier version wrote differently or not at all are absent, and unknown keys are ignored.

pub(crate) mod discriminator;

use crate::figures::discriminator::JudgedFigures;
use dcgan_artifacts::MissingFigure;
use dcgan_metrics::Estimate;
use serde::de::{DeserializeOwned, Deserializer};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// `metrics.json`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Metrics {
    /// Images of each kind.
    #[serde(deserialize_with = "or_default")]
    pub(crate) images: ImageNumbers,
    /// Classes without training images, which are not evaluated.
    #[serde(
        skip_serializing_if = "LeftOut::is_nothing",
        deserialize_with = "or_default"
    )]
    pub(crate) left_out: LeftOut,
    /// Training steps of the checkpoint.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "or_default"
    )]
    pub(crate) step: Option<u64>,
    /// The discriminator's figures.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "or_default"
    )]
    pub(crate) discriminator: Option<JudgedFigures>,
    /// The figures of features.
    #[serde(deserialize_with = "or_default")]
    pub(crate) quality: QualityFigures,
    /// The figures of pixels.
    #[serde(deserialize_with = "or_default")]
    pub(crate) pixels: PixelFigures,
    /// The alarms by name; `None` for a checkpoint of `--checkpoints`.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "or_default"
    )]
    pub(crate) alarms: Option<BTreeMap<String, Alarm>>,
    /// The figures left out because there are too few images.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "or_default")]
    pub(crate) missing: Vec<MissingFigure>,
}

/// The default for a value that another version wrote differently.
fn or_default<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: DeserializeOwned + Default,
    D: Deserializer<'de>,
{
    let value = Value::deserialize(deserializer)?;
    Ok(T::deserialize(value).unwrap_or_default())
}

impl Metrics {
    /// The raised alarms with their names.
    pub(crate) fn raised(&self) -> impl Iterator<Item = (&str, &Alarm)> {
        let alarms = self.alarms.iter().flatten();
        let raised = alarms.filter(|(_, alarm)| alarm.raised == 1);
        raised.map(|(name, alarm)| (name.as_str(), alarm))
    }
}

/// Images of each kind; a part that the dataset lacks is absent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ImageNumbers {
    pub(crate) generated: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) train: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) test: Option<usize>,
}

/// Classes and images that are not evaluated, because there are no training pictures.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct LeftOut {
    /// Names of these classes.
    pub(crate) classes: Vec<String>,
    /// Number of images of these classes by kind; kinds without any are absent.
    pub(crate) images: BTreeMap<String, usize>,
}

impl LeftOut {
    /// Whether every class has training pictures.
    pub(crate) fn is_nothing(&self) -> bool {
        self.classes.is_empty()
    }
}

/// A figure.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Figure {
    pub(crate) value: f64,
    /// The ends of its 95 % interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) low: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) high: Option<f64>,
    /// The same figure of real images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) real: Option<f64>,
    /// Whether `real` is given by definition, not measured.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) real_by_construction: bool,
    /// The same figure of two halves of the real images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) halves: Option<Halves>,
}

/// A figure of two halves of the real images, compared with each other.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Halves {
    pub(crate) value: f64,
    /// Images in each half.
    pub(crate) n: usize,
    /// Its estimate for the numbers of images of the main figure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scaled: Option<f64>,
}

impl Figure {
    /// A figure with its interval, if it has one, and the same figure of real images.
    pub(crate) fn of(estimate: Estimate, real: Option<f64>) -> Self {
        Self {
            value: estimate.value,
            low: estimate.interval.map(|interval| interval.low),
            high: estimate.interval.map(|interval| interval.high),
            real,
            ..Self::default()
        }
    }

    /// A figure without an interval.
    pub(crate) fn without_interval(value: f64, real: f64) -> Self {
        Self {
            value,
            real: Some(real),
            ..Self::default()
        }
    }

    /// Both ends of the interval.
    pub(crate) fn interval(&self) -> Option<(f64, f64)> {
        self.low.zip(self.high)
    }

    /// The halves' figure that is comparable with this figure.
    pub(crate) fn of_halves(&self) -> Option<f64> {
        let halves = self.halves.as_ref()?;
        Some(halves.scaled.unwrap_or(halves.value))
    }
}

/// A figure of each class, by its name.
pub(crate) type ByName = BTreeMap<String, Figure>;

/// `quality`: the figures of features.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct QualityFigures {
    #[serde(deserialize_with = "or_default")]
    pub(crate) extractor: ExtractorFigures,
    #[serde(deserialize_with = "or_default")]
    pub(crate) sets: RealSets,
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "or_default"
    )]
    pub(crate) class_accuracy: Option<Figure>,
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "or_default"
    )]
    pub(crate) cross_entropy: Option<Figure>,
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "or_default"
    )]
    pub(crate) classifier_score: Option<Figure>,
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "or_default"
    )]
    pub(crate) frechet_distance: Option<Figure>,
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "or_default"
    )]
    pub(crate) frechet_distance_class_mean: Option<Figure>,
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "or_default"
    )]
    pub(crate) kernel_distance: Option<Figure>,
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "or_default"
    )]
    pub(crate) precision: Option<Figure>,
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "or_default"
    )]
    pub(crate) recall: Option<Figure>,
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "or_default"
    )]
    pub(crate) density: Option<Figure>,
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "or_default"
    )]
    pub(crate) coverage: Option<Figure>,
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "or_default"
    )]
    pub(crate) class_accuracy_by_class: Option<ByName>,
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "or_default"
    )]
    pub(crate) frechet_distance_by_class: Option<ByName>,
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "or_default"
    )]
    pub(crate) diversity_by_class: Option<ByName>,
}

/// Where the features come from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ExtractorFigures {
    /// `classifier` or `random features`.
    pub(crate) name: String,
    /// Numbers in a feature vector.
    pub(crate) features: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) train_accuracy: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) test_accuracy: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dataset_sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) trained_on_this_dataset: Option<bool>,
}

/// The real images that the figures use.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct RealSets {
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "or_default"
    )]
    pub(crate) reference: Option<RealSet>,
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "or_default"
    )]
    pub(crate) real: Option<RealSet>,
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "or_default"
    )]
    pub(crate) halves: Option<RealSet>,
}

/// A set of real images.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct RealSet {
    pub(crate) part: String,
    pub(crate) n: usize,
    /// `None` if unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) taught_the_classifier: Option<bool>,
}

/// `pixels`: the figures that need no network.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct PixelFigures {
    pub(crate) duplicates: usize,
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "or_default"
    )]
    pub(crate) nearest_neighbour_error: Option<Figure>,
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "or_default"
    )]
    pub(crate) memorised: Option<Figure>,
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "or_default"
    )]
    pub(crate) nearest_training_distance: Option<Figure>,
}

/// A figure and its bound.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Alarm {
    pub(crate) value: f64,
    pub(crate) bound: f64,
    /// 1 or 0.
    pub(crate) raised: u8,
}

/// Figures as a JSON tree with sorted keys.
pub(crate) fn tree<T: Serialize>(figures: &T) -> Value {
    serde_json::to_value(figures).expect("figures have keys that are text")
}

/// A tree as an indented JSON file with sorted keys.
pub(crate) fn json(tree: &Value) -> Vec<u8> {
    format!("{tree:#}\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_another_version_wrote_is_absent_and_costs_nothing_else() {
        let old = json!({
            "images": { "generated": 7, "test": 3 },
            "quality": {
                "recall": { "value": null },
                "precision": { "value": 0.5, "low": null, "unknown": 1 },
                "density": "many",
                "sets": { "real": { "part": "train", "n": 7, "taught_the_classifier": null } },
            },
            "pixels": { "duplicates": 2 },
            "discriminator": 3,
            "later": {},
        });
        let read: Metrics = serde_json::from_value(old).unwrap();
        assert_eq!((read.images.generated, read.images.test), (7, Some(3)));
        let QualityFigures {
            recall,
            precision,
            density,
            sets,
            ..
        } = read.quality;
        assert_eq!((recall, density), (None, None));
        assert_eq!(precision.map(|figure| figure.value), Some(0.5));
        assert_eq!(sets.real.unwrap().taught_the_classifier, None);
        assert_eq!(read.pixels.duplicates, 2);
        assert!(read.discriminator.is_none() && read.alarms.is_none());
    }

    #[test]
    fn nothing_unknown_is_written() {
        let metrics = Metrics::default();
        let expected = json!({
            "images": { "generated": 0 },
            "pixels": { "duplicates": 0 },
            "quality": { "extractor": { "name": "", "features": 0 }, "sets": {} },
        });
        assert_eq!(tree(&metrics), expected);
    }

    #[test]
    fn halves_are_scaled_where_that_makes_sense() {
        let of = |halves| Figure {
            halves,
            ..Figure::default()
        };
        let halves = |scaled| Halves {
            value: 2.0,
            n: 7,
            scaled,
        };
        assert_eq!(of(Some(halves(Some(1.0)))).of_halves(), Some(1.0));
        assert_eq!(of(Some(halves(None))).of_halves(), Some(2.0));
        assert_eq!(of(None).of_halves(), None);
    }
}
