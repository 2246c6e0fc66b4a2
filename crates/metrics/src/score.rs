//! A quick score of a generator, often enough taken to see how its training goes.

use crate::classified::Classified;
use crate::classifier::{Classifier, FEATURES, Reading};
use crate::error::Error;
use crate::gaussian::{FrechetReference, Gaussian};
use crate::points::Features;

/// A classifier, and what real images look like to it: all that does not change from score to
/// score.
#[derive(Debug)]
pub struct Scorer {
    classifier: Classifier,
    real: FrechetReference,
}

/// How good some images are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// Share of the images whose most probable class is the one asked for; `None` where none was.
    pub class_accuracy: Option<f64>,
    /// [`frechet_distance`](crate::frechet_distance) between the features of the real images and
    /// those of these. Biased upwards for few images: only scores of equally many compare.
    pub frechet_distance: f64,
}

impl Scorer {
    /// Holds images against the real ones whose features, `[n, FEATURES]`, the classifier has read.
    ///
    /// # Errors
    /// [`Error::TooFew`] for fewer than two real images, [`Error::Length`] when the last row is
    /// incomplete, [`Error::NotFinite`] for an infinite or undefined value.
    pub fn new(classifier: Classifier, real_features: &[f32]) -> Result<Self, Error> {
        let real = FrechetReference::of(&Features::new(real_features, FEATURES)?)?;
        Ok(Self { classifier, real })
    }

    /// What the classifier says of images `[n, h, w, c]`. It reads each by itself, so that many may
    /// be read in parts.
    ///
    /// # Errors
    /// [`Error::Length`] for an incomplete one.
    pub fn read(&self, images: &[u8]) -> Result<Reading, Error> {
        self.classifier.read(images)
    }

    /// The score of images so read, and of the classes asked for, where any were.
    ///
    /// # Errors
    /// [`Error::TooFew`] for fewer than two images, [`Error::Length`] for classes of another
    /// number, [`Error::NotFinite`] where the classifier's answer is not finite.
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
