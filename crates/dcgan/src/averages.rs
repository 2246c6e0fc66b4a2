//! Moving averages of batch statistics, for inference.

use crate::forward::PassStats;
use crate::parameters::Arrays;
use dcgan_kernels::BatchStats;

/// Share of the new value in each pass: 1 - 0.9, rounded once.
const RATE: f32 = 0.1;

/// The moving averages of one batch norm.
///
/// Equation: `moving -= 0.1·(moving - batch)`, for the mean and for the unbiased variance;
/// fresh averages are 0 and 1. Source: `batch_norm(decay=0.9)`, ops.py, and `assign_moving_average`
/// of TensorFlow, without debiasing.
#[derive(Debug, Clone, PartialEq)]
pub struct MovingAverage {
    /// Full name of the batch norm, such as `generator/g_bn0`.
    pub name: String,
    /// `moving_mean`, one value per channel.
    pub mean: Vec<f32>,
    /// `moving_variance`, one value per channel.
    pub variance: Vec<f32>,
}

impl MovingAverage {
    /// Full name of the mean.
    pub fn mean_name(&self) -> String {
        format!("{}/moving_mean", self.name)
    }

    /// Full name of the variance.
    pub fn variance_name(&self) -> String {
        format!("{}/moving_variance", self.name)
    }

    /// Moves both averages by the statistics of one batch.
    pub fn feed(&mut self, batch: &BatchStats) {
        blend(&mut self.mean, &batch.mean);
        blend(&mut self.variance, &batch.variance_unbiased);
    }
}

/// Feeds one training-mode pass to the averages of its network.
pub(crate) fn feed(averages: &mut [MovingAverage], stats: &PassStats) {
    for average in averages {
        if let Some(batch) = stats.get(&average.name) {
            average.feed(batch);
        }
    }
}

fn blend(moving: &mut [f32], batch: &[f32]) {
    for (moving, batch) in moving.iter_mut().zip(batch) {
        *moving -= RATE * (*moving - batch);
    }
}

/// Adds a copy of the averages to `arrays`.
pub(crate) fn export(averages: &[MovingAverage], arrays: &mut Arrays) {
    for average in averages {
        let shape = vec![average.mean.len()];
        arrays.insert(average.mean_name(), (shape.clone(), average.mean.clone()));
        arrays.insert(average.variance_name(), (shape, average.variance.clone()));
    }
}
