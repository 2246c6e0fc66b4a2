//! The discriminator's logits, block by block.
//!
//! The original's discriminator has no inference mode: batch norm always uses the statistics of the
//! current batch, in training a batch of real or of generated images. So logits are computed here
//! as in training: in blocks of one kind of images, each image in one block. The order is a random
//! permutation, so that a file sorted by class gives mixed blocks too. The moving averages are not
//! used, because they mix real and generated images.

use crate::images::Images;
use crate::measure::discriminator::{Kind, Logits};
use dcgan_artifacts::{DatasetReader, Part};
use dcgan_checkpoints::{BLOCK, LoadedDiscriminator};
use dcgan_random::{Purpose, Stream};
use dcgan_stage::{Failure, Progress, Signals};

/// Blocks between two updates of progress and checks for a signal.
const BLOCKS_AT_ONCE: usize = 8;

/// Computes logits and shows progress.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) discriminator: &'a LoadedDiscriminator,
    pub(crate) seed: u64,
    pub(crate) signals: &'a Signals,
}

impl Reader<'_> {
    /// The logits of a part of the dataset.
    pub(crate) fn real(
        &self,
        kind: Kind,
        dataset: &DatasetReader,
        part: Part,
        progress: &Progress,
    ) -> Result<Logits, Failure> {
        let n = dataset.len(part).unwrap_or(0);
        let labels = dataset.labels(part).map(<[u8]>::to_vec);
        let logits = self.logits(kind, n, labels.as_deref(), progress, |order, pixels| {
            dataset
                .read_images(part, order, pixels)
                .map_err(Failure::from)
        })?;
        Ok(Logits {
            kind,
            values: logits,
            labels,
        })
    }

    /// The logits of generated images.
    pub(crate) fn generated(
        &self,
        images: &Images,
        progress: &Progress,
    ) -> Result<Logits, Failure> {
        let size = images.size();
        let labels = images.labels.clone();
        let logits = self.logits(
            Kind::Generated,
            images.n,
            labels.as_deref(),
            progress,
            |order, pixels| {
                for &i in order {
                    let start = i as usize * size;
                    pixels.extend_from_slice(&images.pixels[start..start + size]);
                }
                Ok(())
            },
        )?;
        Ok(Logits {
            kind: Kind::Generated,
            values: logits,
            labels,
        })
    }

    fn logits(
        &self,
        kind: Kind,
        n: usize,
        labels: Option<&[u8]>,
        progress: &Progress,
        mut read: impl FnMut(&[u32], &mut Vec<u8>) -> Result<(), Failure>,
    ) -> Result<Vec<f32>, Failure> {
        let takes_labels = !self.discriminator.info().class_names.is_empty();
        let count = u32::try_from(n).unwrap_or(u32::MAX);
        let order = Stream::new(self.seed, Purpose::BatchOrder, kind as u64).permutation(count);
        let mut logits = vec![0.0; n];
        let mut pixels = Vec::new();
        let mut done = 0;
        while done < n {
            if let Some(signal) = self.signals.received() {
                return Err(Failure::Interrupted(signal));
            }
            let chunk = &order[done..done + chunk_size(n - done)];
            pixels.clear();
            read(chunk, &mut pixels)?;
            let chunk_labels: Option<Vec<u8>> = labels
                .filter(|_| takes_labels)
                .map(|labels| chunk.iter().map(|&i| labels[i as usize]).collect());
            let read_out = self
                .discriminator
                .logits(&pixels, chunk_labels.as_deref())
                .map_err(Failure::input)?;
            for (&i, logit) in chunk.iter().zip(read_out) {
                logits[i as usize] = logit;
            }
            done += chunk.len();
            progress.set(done as u64, kind.name());
        }
        Ok(logits)
    }
}

/// Number of images to read next. An incomplete last block is filled up from the beginning of its
/// chunk, so the last chunk also has a complete one.
fn chunk_size(left: usize) -> usize {
    let whole = BLOCKS_AT_ONCE * BLOCK;
    if left < whole + BLOCK { left } else { whole }
}
