//! A quick score of a generator for use during training.

use crate::classified::Classified;
use crate::classifier::{Classifier, FEATURES, Reading};
use crate::error::Error;
use crate::gaussian::{FrechetReference, Gaussian};
use crate::points::Features;

/// A classifier and its statistics of real images, reused for every score.
#[derive(Debug)]
pub struct Scorer {
    classifier: Classifier,
    real: FrechetReference,
}

/// The score of a set of images.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// Share of the images whose most probable class is the requested one; `None` without classes.
    pub class_accuracy: Option<f64>,
    /// [`frechet_distance`](crate::frechet_distance) between the features of the real images and
    /// those of these images. Biased upwards for few images: only scores of the same number
    /// compare.
    pub frechet_distance: f64,
}

impl Scorer {
    /// Compares with real images whose features are `real_features`, `[n, FEATURES]`.
    ///
    /// # Errors
    /// [`Error::TooFew`] for fewer than two real images, [`Error::Length`] if the last row is
    /// incomplete, [`Error::NotFinite`] for an infinite or NaN value.
    pub fn new(classifier: Classifier, real_features: &[f32]) -> Result<Self, Error> {
        let real = FrechetReference::of(&Features::new(real_features, FEATURES)?)?;
        Ok(Self { classifier, real })
    }

    /// The classifier's output for images `[n, h, w, c]`. Images are independent, so a large set
    /// can be read in parts.
    ///
    /// # Errors
    /// [`Error::Length`] if the last image is incomplete.
    pub fn read(&self, images: &[u8]) -> Result<Reading, Error> {
        self.classifier.read(images)
    }

    /// The score of the images of `reading`; `classes` are the requested classes, if any.
    ///
    /// # Errors
    /// [`Error::TooFew`] for fewer than two images, [`Error::Length`] for another number of
    /// classes, [`Error::NotFinite`] if the classifier's output is not finite.
    pub fn score(&self, reading: &Reading, classes: Option<&[u8]>) -> Result<Score, Error> {
        let Reading { logits, features } = reading;
        let generated = Gaussian::of(&Features::new(features, FEATURES)?)?;
        let accuracy = |classes| {
            let hits = Classified::new(logits, self.classifier.config().classes)?.hits(classes)?;
            Ok(hits.iter().filter(|&&hit| hit).count() as f64 / hits.len() as f64)
        };
        Ok(Score {
            class_accuracy: classes.map(accuracy).transpose()?,
            frechet_distance: self.real.distance(&generated)?,
        })
    }
}
