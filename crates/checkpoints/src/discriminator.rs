//! A discriminator loaded from a file, and its logits.

use crate::generator::check_classes;
use crate::{BLOCK, Error, network_config};
use candle_core::Device;
use dcgan::{Backend, Discriminator, Weights, images_to_tensor, one_hot, values};
use dcgan_artifacts::{NetworkInfo, read_discriminator};
use std::path::Path;

/// A discriminator with its description from the file.
#[derive(Debug)]
pub struct LoadedDiscriminator {
    discriminator: Discriminator,
    info: NetworkInfo,
    step: u64,
}

impl LoadedDiscriminator {
    /// Loads the discriminator of a checkpoint or a discriminator file.
    ///
    /// # Errors
    /// Names the file and the field or weight at fault.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let file = read_discriminator(path)?;
        let build = || {
            let config = network_config(&file.network)?;
            Ok(Discriminator::from_arrays(&config, &file.weights)?)
        };
        let discriminator = build().map_err(|source: Error| Error::Unusable {
            path: path.to_owned(),
            source: Box::new(source),
        })?;
        Ok(Self {
            discriminator,
            info: file.network,
            step: file.step,
        })
    }

    /// The same discriminator with its operations computed by `backend`.
    #[must_use]
    pub fn with_backend(self, backend: Backend) -> Self {
        Self {
            discriminator: self.discriminator.with_backend(backend),
            ..self
        }
    }

    /// The network's description in the file.
    pub fn info(&self) -> &NetworkInfo {
        &self.info
    }

    /// The training step of these weights.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// The network itself.
    pub fn discriminator(&self) -> &Discriminator {
        &self.discriminator
    }

    /// The logits of `n` images `[n, h, w, c]`, with one label per image for the labelled network.
    ///
    /// The original's discriminator has no inference mode: its batch norm always uses the
    /// statistics of the batch, so a logit depends on the other images in the batch. Here a batch
    /// is always [`BLOCK`] images in the given order; the last block is filled with images from the
    /// beginning, whose logits are dropped. Pass images of one kind, all real or all generated, as
    /// in training: a mixed batch has statistics that the network never saw.
    ///
    /// # Errors
    /// [`Error::Length`] or [`Error::Classes`] if the arrays don't fit the network.
    pub fn logits(&self, images: &[u8], labels: Option<&[u8]>) -> Result<Vec<f32>, Error> {
        let config = self.discriminator.config();
        let image_bytes = config.height * config.width * config.channels;
        let n = images.len() / image_bytes;
        if n * image_bytes != images.len() {
            let expected = n * image_bytes;
            return Err(Error::Length {
                what: "images",
                expected,
                got: images.len(),
            });
        }
        check_classes(config.classes, n, labels)?;
        let mut logits = Vec::with_capacity(n.next_multiple_of(BLOCK));
        for start in (0..n).step_by(BLOCK) {
            let rows = || (start..start + BLOCK).map(|row| row % n);
            let mut block = Vec::with_capacity(BLOCK * image_bytes);
            for row in rows() {
                block.extend_from_slice(&images[row * image_bytes..(row + 1) * image_bytes]);
            }
            let shape = [BLOCK, config.height, config.width, config.channels];
            let x = images_to_tensor(&block, shape, config.kind, &Device::Cpu)?;
            let y = match labels {
                None => None,
                Some(labels) => {
                    let labels: Vec<u8> = rows().map(|row| labels[row]).collect();
                    Some(one_hot(&labels, config.classes, &Device::Cpu)?)
                }
            };
            let pass = self
                .discriminator
                .forward(&x, y.as_ref(), Weights::Frozen)?;
            logits.extend(values(&pass.output)?);
        }
        logits.truncate(n);
        Ok(logits)
    }
}
