//! The source of the generated images.

use crate::images::Images;
use dcgan::between;
use dcgan_artifacts::{DatasetReader, NetworkInfo};
use dcgan_checkpoints::{BLOCK, ClassChoice, LoadedGenerator};
use dcgan_settings::Eval;
use dcgan_stage::{Failure, Progress, Signals};

/// Images per interpolation between two z.
const STEPS: u8 = 12;

/// The source of the generated images.
#[derive(Debug)]
pub(crate) enum Source {
    /// A checkpoint's generator, for these classes.
    Generator(Box<LoadedGenerator>, ClassChoice),
    /// A file or folder.
    Samples(Images),
}

impl Source {
    /// A generator for the classes that it was trained on and that have training pictures in the
    /// dataset. Files of an earlier version do not record the trained classes.
    pub(crate) fn drawn_by(
        generator: LoadedGenerator,
        dataset: &DatasetReader,
    ) -> Result<Self, dcgan_checkpoints::Error> {
        let network = drawn(generator.info(), dataset);
        let choice = ClassChoice::resolve(None, &network)?;
        Ok(Self::Generator(Box::new(generator), choice))
    }

    /// Images on straight lines between two z each, a row of twelve per class or, without classes,
    /// eight rows; `None` for samples, which come without a generator.
    pub(crate) fn interpolation(&self, settings: &Eval) -> Result<Option<Images>, Failure> {
        let Self::Generator(generator, choice) = self else {
            return Ok(None);
        };
        let info = generator.info();
        let rows = match choice {
            ClassChoice::Cycle(classes) => classes.len().min(12),
            _ => 8,
        };
        let ends = generator.latents(settings.seed, 0, 2 * rows);
        let (mut z, mut labels) = (Vec::new(), Vec::new());
        for (row, ends) in (0..).zip(ends.chunks_exact(2 * info.z_dim)) {
            let (from, to) = ends.split_at(info.z_dim);
            for step in 0..STEPS {
                let share = f32::from(step) / f32::from(STEPS - 1);
                z.extend(between(from, to, share, false));
                labels.push(choice.class(row));
            }
        }
        let classes: Option<Vec<u8>> = labels.into_iter().collect();
        let drawn = generator.images_from_latents(&z, classes.as_deref());
        Ok(Some(Images {
            n: rows * usize::from(STEPS),
            shape: [info.height, info.width, info.channels],
            pixels: drawn.map_err(Failure::input)?,
            labels: classes,
        }))
    }

    /// The images, drawn by the generator or read from the file.
    pub(crate) fn into_images(
        self,
        settings: &Eval,
        quiet: bool,
        signals: &Signals,
    ) -> Result<Images, Failure> {
        let (generator, classes) = match self {
            Self::Samples(images) => return Ok(images),
            Self::Generator(generator, classes) => (generator, classes),
        };
        let info = generator.info();
        let n = settings.n;
        let progress = Progress::new("images", n as u64, quiet);
        let mut pixels = Vec::with_capacity(n * generator.image_bytes());
        for first in (0..n).step_by(8 * BLOCK) {
            if let Some(signal) = signals.received() {
                return Err(Failure::Interrupted(signal));
            }
            let count = (n - first).min(8 * BLOCK);
            let block = generator
                .images(settings.seed, first as u64, count, &classes)
                .map_err(Failure::input)?;
            pixels.extend(block);
            progress.set((first + count) as u64, "");
        }
        progress.finish();
        let shape = [info.height, info.width, info.channels];
        Ok(Images {
            n,
            shape,
            pixels,
            labels: classes.classes(0, n),
        })
    }
}

/// The network's description, with classes without training pictures in the dataset marked as
/// untrained.
pub(crate) fn drawn(network: &NetworkInfo, dataset: &DatasetReader) -> NetworkInfo {
    let mut network = network.clone();
    if !network.class_names.is_empty() {
        network
            .untrained_classes
            .extend(dataset.untrained_classes());
    }
    network
}
