//! The batch of any step, a function of the dataset, the settings and the step number only.

use crate::Error;
use crate::steps::Steps;
use candle_core::{Device, Tensor};
use dcgan::step::Batch;
use dcgan::{Config, ZDistribution, images_to_tensor, latents, one_hot};
use dcgan_artifacts::{DatasetReader, Part};
use dcgan_random::{Purpose, Stream};
use dcgan_settings::Train;

/// Makes the batches of a run. No batch depends on those before it, so a resumed run gets the same
/// batches as an uninterrupted one.
#[derive(Debug)]
pub(crate) struct Batches<'a> {
    dataset: &'a DatasetReader,
    config: &'a Config,
    settings: &'a Train,
    distribution: ZDistribution,
    steps: Steps,
    /// Roll-backs so far; part of the random key of order and z.
    attempt: u32,
    /// The epoch that the order is keyed by, and the order of the images.
    order: (u64, Vec<u32>),
    /// The batch's images as stored in the dataset; a reused buffer.
    bytes: Vec<u8>,
}

impl<'a> Batches<'a> {
    /// The batches of `steps` over `dataset`.
    pub(crate) fn new(
        dataset: &'a DatasetReader,
        config: &'a Config,
        settings: &'a Train,
        distribution: ZDistribution,
        steps: Steps,
        attempt: u32,
    ) -> Self {
        let order = (0, Vec::new());
        let bytes = Vec::new();
        Self {
            dataset,
            config,
            settings,
            distribution,
            steps,
            attempt,
            order,
            bytes,
        }
    }

    /// Switches to the order and z of another attempt.
    pub(crate) fn begin(&mut self, attempt: u32) {
        self.attempt = attempt;
        self.order = (0, Vec::new());
    }

    /// The batch of `step`: images and labels in the epoch's order, z drawn for the step.
    pub(crate) fn at(&mut self, step: u64) -> Result<Batch, Error> {
        let Config {
            kind,
            height,
            width,
            channels,
            classes,
            ..
        } = *self.config;
        let size = self.settings.batch_size;
        self.sort(step);
        let start = usize::try_from(self.steps.index_in_epoch(step)).unwrap_or(usize::MAX) * size;
        let indices = &self.order.1[start..start + size];
        self.dataset
            .read_images(Part::Train, indices, &mut self.bytes)?;
        if self.settings.flip {
            let mut coins = self.stream(Purpose::Augmentation, step);
            for image in self.bytes.chunks_exact_mut(height * width * channels) {
                if coins.below(2) == 1 {
                    mirror(image, width, channels);
                }
            }
        }
        let x = images_to_tensor(
            &self.bytes,
            [size, height, width, channels],
            kind,
            &Device::Cpu,
        )?;
        let y = match self.dataset.labels(Part::Train) {
            Some(labels) if classes > 0 => {
                let labels: Vec<u8> = indices.iter().map(|&i| labels[i as usize]).collect();
                Some(one_hot(&labels, classes, &Device::Cpu)?)
            }
            _ => None,
        };
        Ok(Batch {
            x,
            y,
            z: self.z(step)?,
        })
    }

    /// Sets the order for `step`: the permutation keyed by its epoch, or by epoch 1 without
    /// `reshuffle`.
    fn sort(&mut self, step: u64) {
        let epoch = if self.settings.reshuffle {
            self.steps.epoch(step)
        } else {
            1
        };
        if self.order.0 != epoch {
            let n = u32::try_from(self.dataset.len(Part::Train).unwrap_or(0)).unwrap_or(u32::MAX);
            self.order = (
                epoch,
                self.stream(Purpose::BatchOrder, epoch).permutation(n),
            );
        }
    }

    /// The latent vectors of `step`, `[B, Z]`, row by row.
    fn z(&self, step: u64) -> Result<Tensor, Error> {
        let mut stream = self.stream(Purpose::Latent, step);
        let size = self.settings.batch_size;
        Ok(latents(
            &mut stream,
            size,
            self.config.z_dim,
            self.distribution,
            &Device::Cpu,
        )?)
    }

    fn stream(&self, purpose: Purpose, index: u64) -> Stream {
        Stream::with_attempt(self.settings.seed, purpose, index, self.attempt)
    }
}

/// Mirrors an image `[H, W, C]` left to right.
fn mirror(image: &mut [u8], width: usize, channels: usize) {
    for row in image.chunks_exact_mut(width * channels) {
        // Reverse all bytes, then restore the channel order of each pixel.
        row.reverse();
        row.chunks_exact_mut(channels).for_each(<[u8]>::reverse);
    }
}

#[cfg(test)]
mod tests {
    use super::mirror;

    #[test]
    fn pixels_change_places_and_keep_their_colours() {
        let mut grey = [1, 2, 3, 4, 5, 6];
        mirror(&mut grey, 3, 1);
        assert_eq!(grey, [3, 2, 1, 6, 5, 4]);
        let mut colour = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        mirror(&mut colour, 3, 3);
        assert_eq!(colour, [7, 8, 9, 4, 5, 6, 1, 2, 3]);
    }
}
