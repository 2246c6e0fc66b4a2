//! What a classifier's logits say of a set of images.

use crate::error::{Error, check_count, check_finite};

/// A classifier's log-probabilities for a set of images.
#[derive(Debug, Clone, PartialEq)]
pub struct Classified {
    classes: usize,
    /// Natural logarithms of p(class | image), `[n, classes]`.
    log_probabilities: Vec<f64>,
}

impl Classified {
    /// From logits `[n, classes]`: `log p_c = l_c - max - log sum exp(l - max)`, in f64.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] without classes, [`Error::TooFew`] without images, [`Error::Length`]
    /// for an incomplete row, [`Error::NotFinite`] for an infinite or undefined logit.
    pub fn new(logits: &[f32], classes: usize) -> Result<Self, Error> {
        if classes == 0 {
            return Err(Error::OutOfRange {
                argument: "classes",
                expected: "at least 1",
                got: 0.0,
            });
        }
        check_count("logits", logits.len(), classes)?;
        let expected = logits.len() / classes * classes;
        if logits.len() != expected {
            return Err(Error::Length {
                array: "logits",
                expected,
                got: logits.len(),
            });
        }
        check_finite("logits", logits)?;
        let log_probabilities = logits
            .chunks_exact(classes)
            .flat_map(|row| {
                let greatest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let shifted = move |&logit: &f32| f64::from(logit) - f64::from(greatest);
                let sum: f64 = row.iter().map(|logit| libm::exp(shifted(logit))).sum();
                let log_sum = libm::log(sum);
                row.iter().map(move |logit| shifted(logit) - log_sum)
            })
            .collect();
        Ok(Self {
            classes,
            log_probabilities,
        })
    }

    /// How many images.
    pub fn len(&self) -> usize {
        self.log_probabilities.len() / self.classes
    }

    /// Never: there is at least one image.
    pub fn is_empty(&self) -> bool {
        self.log_probabilities.is_empty()
    }

    fn rows(&self) -> impl Iterator<Item = &[f64]> {
        self.log_probabilities.chunks_exact(self.classes)
    }

    /// The most probable class of each image; among equally probable ones the first.
    pub fn predictions(&self) -> Vec<usize> {
        self.rows()
            .map(|row| {
                (1..row.len()).fold(
                    0,
                    |best, class| if row[class] > row[best] { class } else { best },
                )
            })
            .collect()
    }

    /// Per image whether the most probable class is the labelled one; the mean is the accuracy.
    ///
    /// # Errors
    /// [`Error::Length`] for labels of another number.
    pub fn hits(&self, labels: &[u8]) -> Result<Vec<bool>, Error> {
        self.check_labels(labels)?;
        let predictions = self.predictions();
        Ok(predictions
            .iter()
            .zip(labels)
            .map(|(&class, &label)| class == usize::from(label))
            .collect())
    }

    /// Per image `-log p(label | image)`, in nats; the mean is the conditional cross-entropy.
    ///
    /// # Errors
    /// [`Error::Length`] for labels of another number, [`Error::OutOfRange`] for a label that is
    /// no class.
    pub fn cross_entropies(&self, labels: &[u8]) -> Result<Vec<f64>, Error> {
        self.check_labels(labels)?;
        self.rows()
            .zip(labels)
            .map(|(row, &label)| match row.get(usize::from(label)) {
                Some(log_probability) => Ok(-log_probability),
                None => Err(Error::OutOfRange {
                    argument: "label",
                    expected: "a number below that of the classes",
                    got: label.into(),
                }),
            })
            .collect()
    }

    /// The classifier score of a range of images,
    /// `exp(mean over images of sum_c p(c|x) (log p(c|x) - log p(c)))` with p(c) the mean of p(c|x):
    /// from 1 (every image alike) to the number of classes (each image certain, all classes equally
    /// frequent). The Inception score of Salimans et al., "Improved Techniques for Training GANs"
    /// (2016), section 4, on this classifier.
    ///
    /// # Errors
    /// [`Error::TooFew`] for an empty or too long range.
    pub fn score(&self, images: std::ops::Range<usize>) -> Result<f64, Error> {
        check_count("images", self.len(), images.end.max(images.start + 1))?;
        check_count("images", images.len(), 1)?;
        let n = images.len() as f64;
        let range = images.start * self.classes..images.end * self.classes;
        let rows = || self.log_probabilities[range.clone()].chunks_exact(self.classes);
        let mut mean = vec![0.0; self.classes];
        for row in rows() {
            for (mean, &log_probability) in mean.iter_mut().zip(row) {
                *mean += libm::exp(log_probability) / n;
            }
        }
        let log_mean: Vec<f64> = mean.iter().map(|&p| libm::log(p)).collect();
        let divergence: f64 = rows()
            .flat_map(|row| row.iter().zip(&log_mean))
            // A class of probability 0 adds nothing; its logarithms would give infinity times 0.
            .filter(|(log_p, _)| libm::exp(**log_p) > 0.0)
            .map(|(log_p, log_mean)| libm::exp(*log_p) * (log_p - log_mean))
            .sum();
        Ok(libm::exp(divergence / n))
    }

    fn check_labels(&self, labels: &[u8]) -> Result<(), Error> {
        let expected = self.len();
        if labels.len() == expected {
            return Ok(());
        }
        Err(Error::Length {
            array: "labels",
            expected,
            got: labels.len(),
        })
    }
}
