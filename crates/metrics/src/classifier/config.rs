//! Sizes of the classifier, and the arrays of its files.

/// Numbers in a feature vector.
pub const FEATURES: usize = 128;
/// Filters of the two convolutions.
pub(super) const FILTERS: [usize; 2] = [32, 64];
/// Images in a training batch, and in a block of inference.
pub(super) const BATCH: usize = 64;
/// Image size and number of classes of a classifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassifierConfig {
    /// Height of an image.
    pub height: usize,
    /// Width of an image.
    pub width: usize,
    /// Channels of an image.
    pub channels: usize,
    /// Number of classes.
    pub classes: usize,
}

impl ClassifierConfig {
    /// Bytes of an image.
    pub(super) fn image_bytes(&self) -> usize {
        self.height * self.width * self.channels
    }

    /// Values of an image between the convolutions and the linear layers.
    pub(super) fn flat(&self) -> usize {
        let sides = [self.height, self.width].map(|side| side.div_ceil(2).div_ceil(2));
        FILTERS[1] * sides[0] * sides[1]
    }

    /// Every weight and moving average with its shape.
    pub(super) fn shapes(&self) -> Vec<(&'static str, Vec<usize>)> {
        let [first, second] = FILTERS;
        let mut shapes = vec![
            ("c1/w", vec![5, 5, self.channels, first]),
            ("c2/w", vec![5, 5, first, second]),
            ("f1/w", vec![self.flat(), FEATURES]),
            ("f2/w", vec![FEATURES, self.classes]),
            ("f2/b", vec![self.classes]),
        ];
        for (names, width) in NORMS.iter().zip([first, second, FEATURES]) {
            shapes.extend(names.iter().map(|name| (*name, vec![width])));
        }
        shapes
    }
}

/// Beta, gamma, moving mean and moving variance of the batch norm after each hidden layer.
#[rustfmt::skip]
const NORMS: [[&str; 4]; 3] = [
    ["c1/beta", "c1/gamma", "c1/moving_mean", "c1/moving_variance"],
    ["c2/beta", "c2/gamma", "c2/moving_mean", "c2/moving_variance"],
    ["f1/beta", "f1/gamma", "f1/moving_mean", "f1/moving_variance"],
];
