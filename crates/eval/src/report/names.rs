//! Names and explanations of figures.

use crate::figures::{Figure, Metrics};

/// A figure's key, name and explanation.
pub(crate) struct Named {
    /// Its key in `metrics.json`.
    pub(crate) key: &'static str,
    pub(crate) name: &'static str,
    /// How to read it.
    pub(crate) note: &'static str,
    pub(crate) of: fn(&Metrics) -> Option<&Figure>,
}

/// All figures in the order of the report.
pub(crate) const FIGURES: [Named; 13] = [
    Named {
        key: "class_accuracy",
        name: "Class accuracy",
        note: "share of images that the classifier puts into the requested class",
        of: |metrics| metrics.quality.class_accuracy.as_ref(),
    },
    Named {
        key: "cross_entropy",
        name: "Conditional cross-entropy",
        note: "mean -log p of the requested class, in nats; lower is better",
        of: |metrics| metrics.quality.cross_entropy.as_ref(),
    },
    Named {
        key: "classifier_score",
        name: "Classifier score",
        note: "1 to the number of classes; higher is better; blind to variety within a class",
        of: |metrics| metrics.quality.classifier_score.as_ref(),
    },
    Named {
        key: "frechet_distance",
        name: "Fréchet distance",
        note: "lower is better; greater for fewer images",
        of: |metrics| metrics.quality.frechet_distance.as_ref(),
    },
    Named {
        key: "frechet_distance_class_mean",
        name: "Fréchet distance, mean over classes",
        note: "within each class; lower is better; greater for fewer images",
        of: |metrics| metrics.quality.frechet_distance_class_mean.as_ref(),
    },
    Named {
        key: "kernel_distance",
        name: "Kernel distance",
        note: "0 for equal distributions, below 0 by chance",
        of: |metrics| metrics.quality.kernel_distance.as_ref(),
    },
    Named {
        key: "precision",
        name: "Precision",
        note: "share of generated images in the ball of a real one",
        of: |metrics| metrics.quality.precision.as_ref(),
    },
    Named {
        key: "recall",
        name: "Recall",
        note: "share of real images in the ball of a generated one",
        of: |metrics| metrics.quality.recall.as_ref(),
    },
    Named {
        key: "density",
        name: "Density",
        note: "mean number of real balls around a generated image, over 5; about 1 for real ones",
        of: |metrics| metrics.quality.density.as_ref(),
    },
    Named {
        key: "coverage",
        name: "Coverage",
        note: "share of real images whose ball contains a generated one",
        of: |metrics| metrics.quality.coverage.as_ref(),
    },
    Named {
        key: "nearest_neighbour_error",
        name: "1-NN error",
        note: "share of test images whose nearest generated image is of another class; lower is better",
        of: |metrics| metrics.pixels.nearest_neighbour_error.as_ref(),
    },
    Named {
        key: "memorised",
        name: "Memorised",
        note: "share nearer to a training image than 99 % of test images are; far above 1 %: \
               copies, or images so faint or blurred that they are near to all",
        of: |metrics| metrics.pixels.memorised.as_ref(),
    },
    Named {
        key: "nearest_training_distance",
        name: "Distance to the training part",
        note: "mean, to the nearest image; far below that of test images (real): copies",
        of: |metrics| metrics.pixels.nearest_training_distance.as_ref(),
    },
];
