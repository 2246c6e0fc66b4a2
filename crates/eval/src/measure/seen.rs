//! Sets of images with the classifier's output.

use dcgan_artifacts::Part;
use dcgan_metrics::{Estimate, FEATURES, Features, Reading, bootstrap_mean};
use dcgan_random::{Purpose, Stream};
use dcgan_stage::Failure;

/// Resamples of each bootstrap.
const RESAMPLES: usize = 1000;
/// First stream of draws; lower ones are for resamples.
const FIRST_DRAW: u64 = 1 << 32;

/// The classifier's output for a set of images, sorted by content.
pub(crate) struct Seen {
    pub(crate) reading: Reading,
    pub(crate) labels: Option<Vec<u8>>,
}

/// All sets to compare.
pub(crate) struct Sets {
    pub(crate) generated: Seen,
    /// The reference, and its part.
    pub(crate) reference: Seen,
    pub(crate) part: Part,
    /// Training images instead of the generated ones; `None` if they are the reference.
    pub(crate) stand_in: Option<Seen>,
    /// Two halves of the reference.
    pub(crate) halves: [Seen; 2],
}

impl Seen {
    pub(crate) fn n(&self) -> usize {
        self.reading.features.len() / FEATURES
    }

    pub(crate) fn features(&self) -> Result<Features<'_>, Failure> {
        features(&self.reading.features)
    }

    /// The features of one class, row by row.
    pub(crate) fn of_class(&self, class: u8) -> Vec<f32> {
        let rows = self.reading.features.chunks_exact(FEATURES);
        rows.zip(self.labels.iter().flatten())
            .filter(|(_, label)| **label == class)
            .flat_map(|(row, _)| row.iter().copied())
            .collect()
    }

    /// The features at these indices, row by row.
    pub(crate) fn features_of(&self, rows: &[u32]) -> Vec<f32> {
        let row = |&row: &u32| &self.reading.features[row as usize * FEATURES..][..FEATURES];
        rows.iter().flat_map(row).copied().collect()
    }

    /// The features and labels at these indices.
    pub(crate) fn rows(&self, rows: &[u32]) -> Self {
        let labels = self.labels.as_ref();
        Self {
            reading: Reading {
                logits: Vec::new(),
                features: self.features_of(rows),
            },
            labels: labels.map(|labels| rows.iter().map(|&row| labels[row as usize]).collect()),
        }
    }
}

/// Rows of features.
pub(crate) fn features(rows: &[f32]) -> Result<Features<'_>, Failure> {
    Features::new(rows, FEATURES).map_err(Failure::input)
}

/// All of n indices in order, or a random subset of `at_most`; different `index` give different
/// subsets.
pub(crate) fn drawn(seed: u64, n: usize, at_most: usize, index: u64) -> Vec<u32> {
    let count = u32::try_from(n).unwrap_or(u32::MAX);
    if n <= at_most {
        return (0..count).collect();
    }
    let mut stream = Stream::new(seed, Purpose::Bootstrap, FIRST_DRAW + index);
    let mut order = stream.permutation(count);
    order.truncate(at_most);
    order
}

/// The mean with its bootstrap interval.
pub(crate) fn mean_of(values: &[f64], seed: u64) -> Result<Estimate, Failure> {
    bootstrap_mean(values, RESAMPLES, seed).map_err(Failure::input)
}

/// The mean.
pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
