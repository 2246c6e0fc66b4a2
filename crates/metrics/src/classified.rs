//! Figures of a set of images from a classifier's logits.

use crate::error::{Error, check_count, check_finite};
use crate::interval::{Estimate, mean_of_subsets};
use crate::split::{SECOND, shuffled};

/// A classifier's log-probabilities for a set of images.
#[derive(Debug, Clone, PartialEq)]
pub struct Classified {
    classes: usize,
    /// Natural logarithms of p(class | image), `[n, classes]`.
    log_probabilities: Vec<f64>,
}

impl Classified {
    /// From logits l, `[n, classes]`: `log p_c = l_c - max - log sum exp(l - max)`, in f64.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] without classes, [`Error::TooFew`] without images, [`Error::Length`]
    /// for an incomplete row, [`Error::NotFinite`] for an infinite or NaN logit.
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

    /// Number of images.
    pub fn len(&self) -> usize {
        self.log_probabilities.len() / self.classes
    }

    /// Always false: there is at least one image.
    pub fn is_empty(&self) -> bool {
        self.log_probabilities.is_empty()
    }

    fn rows(&self) -> impl ExactSizeIterator<Item = &[f64]> + Clone {
        self.log_probabilities.chunks_exact(self.classes)
    }

    /// The most probable class of each image, the first of equally probable ones.
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

    /// For each image, whether the most probable class is its label; the mean is the accuracy.
    ///
    /// # Errors
    /// [`Error::Length`] for another number of labels.
    pub fn hits(&self, labels: &[u8]) -> Result<Vec<bool>, Error> {
        self.check_labels(labels)?;
        let predictions = self.predictions();
        Ok(predictions
            .iter()
            .zip(labels)
            .map(|(&class, &label)| class == usize::from(label))
            .collect())
    }

    /// For each image `-log p(label | image)`, in nats; the mean is the conditional cross-entropy.
    ///
    /// # Errors
    /// [`Error::Length`] for another number of labels, [`Error::OutOfRange`] for a label that is
    /// not a class.
    pub fn cross_entropies(&self, labels: &[u8]) -> Result<Vec<f64>, Error> {
        self.check_labels(labels)?;
        self.rows()
            .zip(labels)
            .map(|(row, &label)| match row.get(usize::from(label)) {
                Some(log_probability) => Ok(-log_probability),
                None => Err(Error::OutOfRange {
                    argument: "label",
                    expected: "a number below the number of classes",
                    got: label.into(),
                }),
            })
            .collect()
    }

    /// The classifier score of all images,
    /// `exp(mean over images of sum_c p(c|x) (log p(c|x) - log p(c)))` with p(c) the mean of
    /// p(c|x): from 1 (the same for every image) to the number of classes (each image certain, all
    /// classes equally frequent). The Inception score of Salimans et al., "Improved Techniques for
    /// Training GANs" (2016), section 4, with this classifier.
    pub fn score(&self) -> f64 {
        self.score_of(self.rows())
    }

    /// The mean of the scores of `splits` equal random splits of the images, with the interval from
    /// their spread.
    ///
    /// # Errors
    /// [`Error::TooFew`] for fewer images than splits, or no split.
    pub fn score_over_splits(&self, splits: usize, seed: u64) -> Result<Estimate, Error> {
        check_count("splits", splits, 1)?;
        check_count("images", self.len(), splits)?;
        let order = shuffled(self.len(), seed, SECOND);
        let scores: Vec<f64> = (0..splits)
            .map(|i| {
                let split = i * order.len() / splits..(i + 1) * order.len() / splits;
                let row = |&image: &u32| {
                    let start = image as usize * self.classes;
                    &self.log_probabilities[start..start + self.classes]
                };
                self.score_of(order[split].iter().map(row))
            })
            .collect();
        mean_of_subsets(&scores)
    }

    fn score_of<'a>(&self, rows: impl ExactSizeIterator<Item = &'a [f64]> + Clone) -> f64 {
        let n = rows.len() as f64;
        let mut mean = vec![0.0; self.classes];
        for row in rows.clone() {
            for (mean, &log_probability) in mean.iter_mut().zip(row) {
                *mean += libm::exp(log_probability) / n;
            }
        }
        let log_mean: Vec<f64> = mean.iter().map(|&p| libm::log(p)).collect();
        let divergence: f64 = rows
            .flat_map(|row| row.iter().zip(&log_mean))
            // A class of probability 0 adds 0; its logarithm would give infinity times 0.
            .filter(|(log_p, _)| libm::exp(**log_p) > 0.0)
            .map(|(log_p, log_mean)| libm::exp(*log_p) * (log_p - log_mean))
            .sum();
        libm::exp(divergence / n)
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
