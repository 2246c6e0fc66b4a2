//! Measures of image quality and of the discriminator, from arrays.
//!
//! Every function takes plain slices, checks them, and returns numbers; nothing here reads a file
//! or depends on the number of threads. Sums are in `f64` in the order of the slice, so equal
//! arrays give equal bytes. Splits, blocks and subsets use a random order from a seed, so that sets
//! sorted by class are measured correctly. Each function's documentation gives its equation and
//! source.

mod calibration;
mod classified;
mod classifier;
mod distribution;
mod eigen;
mod error;
mod gaussian;
mod interval;
mod kernel_distance;
mod neighbours;
mod points;
mod ranking;
mod score;
mod split;
mod student;
mod welch;

pub use calibration::{Bin, Calibration, calibration};
pub use classified::Classified;
pub use classifier::{Arrays, Classifier, ClassifierConfig, FEATURES, Reading};
pub use distribution::{Distribution, Histogram, QUANTILES, histogram, quantile_of_sorted};
pub use error::Error;
pub use gaussian::{FrechetReference, Gaussian, frechet_distance};
pub use interval::{
    Estimate, Interval, LEAST_GROUPS, Uncertain, bootstrap_mean, jackknife, mean_of_subsets, share,
};
pub use kernel_distance::{kernel_distance, kernel_distance_interval};
pub use neighbours::{
    Manifold, ManifoldReference, Nearest, duplicates, label_errors, manifold, memorised, nearest,
    nearest_neighbour_errors,
};
pub use points::{Features, Pixels, Points};
pub use ranking::{accuracy, probability, roc_auc};
pub use score::{Score, Scorer};
pub use welch::{Welch, welch};
