//! Training of the classifier.

use super::config::{BATCH, ClassifierConfig};
use super::{Classifier, fits};
use crate::error::{Error, check_count};
use candle_core::{Device, Result, Tensor};
use candle_nn::Optimizer;
use dcgan::{Adam, AdamConfig, NamedStats};
use dcgan_random::{Purpose, Stream};

/// Decay of the moving averages per step.
const DECAY: f32 = 0.99;
/// Maximum shift of a training image in pixels, in each direction.
const SHIFT: u32 = 2;
/// The learning rate at the first step; it falls linearly to 0 at the last.
const LEARNING_RATE: f32 = 2e-3;
/// First stream for batch orders; lower ones are for weights.
const FIRST_ORDER: u64 = 1000;

impl Classifier {
    /// Trains on images `[n, h, w, c]` with their labels: `epochs` passes in batches of 64 (an
    /// incomplete last one is dropped), each in a new order, every image shifted by up to two
    /// pixels in each direction; Adam, with the learning rate falling linearly to 0. `report` gets
    /// the steps done, the total and the loss, and stops the training by returning false.
    ///
    /// # Errors
    /// [`Error::TooFew`] for less than a batch, [`Error::Length`] for arrays that don't fit,
    /// [`Error::OutOfRange`] for a label that is not a class, [`Error::NotFinite`] if the loss is
    /// not finite.
    pub fn train(
        &mut self,
        images: &[u8],
        labels: &[u8],
        epochs: usize,
        seed: u64,
        mut report: impl FnMut(usize, usize, f64) -> bool,
    ) -> std::result::Result<(), Error> {
        self.check(images, labels)?;
        let n = labels.len();
        let steps = epochs * (n / BATCH);
        let mut adam = self.optimiser();
        let mut step = 0;
        for epoch in 0..epochs as u64 {
            let mut order = Stream::new(seed, Purpose::Classifier, FIRST_ORDER + epoch);
            let order = order.permutation(u32::try_from(n).unwrap_or(u32::MAX));
            for batch in order.chunks_exact(BATCH) {
                let mut shifts = Stream::new(seed, Purpose::Augmentation, step as u64);
                let pixels = self.shifted_batch(images, batch, &mut shifts);
                let batch_labels: Vec<u8> = batch.iter().map(|&i| labels[i as usize]).collect();
                let rate = LEARNING_RATE * (steps - step) as f32 / steps as f32;
                adam.set_learning_rate(rate.into());
                let loss = fits(self.step(&pixels, &batch_labels, &mut adam));
                if !loss.is_finite() {
                    return Err(Error::NotFinite {
                        array: "loss",
                        index: step,
                        got: loss,
                    });
                }
                step += 1;
                if !report(step, steps, loss) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Checks that there is at least one batch and that images and labels fit.
    fn check(&self, images: &[u8], labels: &[u8]) -> std::result::Result<(), Error> {
        let (size, n) = (self.config.image_bytes(), labels.len());
        check_count("labels", n, BATCH)?;
        if images.len() != n * size {
            return Err(Error::Length {
                array: "images",
                expected: n * size,
                got: images.len(),
            });
        }
        let is_unknown = |&&label: &&u8| usize::from(label) >= self.config.classes;
        match labels.iter().find(is_unknown) {
            None => Ok(()),
            Some(&label) => Err(Error::OutOfRange {
                argument: "label",
                expected: "a number below the number of classes",
                got: label.into(),
            }),
        }
    }

    /// Adam for all weights of [`ClassifierConfig::shapes`]; biases before batch norms stay 0.
    fn optimiser(&self) -> Adam {
        let config = AdamConfig {
            beta1: 0.9,
            ..AdamConfig::default()
        };
        fits(Adam::new(self.trained(), config))
    }

    /// The images of a batch, each shifted.
    fn shifted_batch(&self, images: &[u8], batch: &[u32], shifts: &mut Stream) -> Vec<u8> {
        let size = self.config.image_bytes();
        let mut pixels = Vec::with_capacity(batch.len() * size);
        for &i in batch {
            let image = &images[i as usize * size..(i as usize + 1) * size];
            pixels.extend(self.shifted(image, shifts));
        }
        pixels
    }

    /// An image shifted by up to [`SHIFT`] pixels; the edge pixels are repeated.
    fn shifted(&self, image: &[u8], stream: &mut Stream) -> Vec<u8> {
        let ClassifierConfig {
            height,
            width,
            channels,
            ..
        } = self.config;
        let [down, right] = [stream.below(2 * SHIFT + 1), stream.below(2 * SHIFT + 1)];
        let from = |to: usize, by: u32, size: usize| {
            (to + by as usize)
                .saturating_sub(SHIFT as usize)
                .min(size - 1)
        };
        let mut moved = Vec::with_capacity(image.len());
        for y in 0..height {
            for x in 0..width {
                let at = (from(y, down, height) * width + from(x, right, width)) * channels;
                moved.extend_from_slice(&image[at..at + channels]);
            }
        }
        moved
    }

    /// One update; returns the mean cross-entropy before it.
    fn step(&self, pixels: &[u8], labels: &[u8], adam: &mut Adam) -> Result<f64> {
        let x = self.tensor(pixels)?;
        let (logits, statistics) = self.layers.train(&x, self.backend)?;
        let (loss, gradient) = cross_entropy(&logits.to_vec2::<f32>()?, labels);
        let gradient = Tensor::from_vec(gradient, logits.shape(), &Device::Cpu)?;
        // The gradient of sum(logits * g) for a constant g is g.
        adam.backward_step(&logits.mul(&gradient)?.sum_all()?)?;
        self.feed_averages(&statistics)?;
        Ok(loss)
    }

    /// Updates the averages of each batch norm with the batch's statistics.
    fn feed_averages(&self, statistics: &[NamedStats]) -> Result<()> {
        for (norm, batch) in self.layers.norms().zip(statistics) {
            let batch = [&batch.mean, &batch.variance_unbiased];
            for ((_, average), batch) in norm.averages().into_iter().zip(batch) {
                let old = (average.as_detached_tensor() * f64::from(DECAY))?;
                average.set(&(old + (batch * f64::from(1.0 - DECAY))?)?)?;
            }
        }
        Ok(())
    }
}

/// The mean of `-log softmax(logits)[label]` and its gradient `(softmax - one-hot) / n`.
fn cross_entropy(logits: &[Vec<f32>], labels: &[u8]) -> (f64, Vec<f32>) {
    let n = logits.len() as f64;
    let (mut loss, mut gradient) = (0.0, Vec::new());
    for (row, &label) in logits.iter().zip(labels) {
        let greatest = f64::from(row.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        let exponentials: Vec<f64> = row
            .iter()
            .map(|&logit| libm::exp(f64::from(logit) - greatest))
            .collect();
        let sum: f64 = exponentials.iter().sum();
        loss -= (libm::log(exponentials[usize::from(label)] / sum)) / n;
        for (class, exponential) in exponentials.iter().enumerate() {
            let target = f64::from(u8::from(class == usize::from(label)));
            #[expect(clippy::cast_possible_truncation, reason = "the only rounding, to f32")]
            gradient.push(((exponential / sum - target) / n) as f32);
        }
    }
    (loss, gradient)
}
