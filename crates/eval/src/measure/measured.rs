//! Measures one set of images.

use crate::Error;
use crate::figures::{ImageNumbers, LeftOut, Metrics};
use crate::images::Images;
use crate::measure::classifier::Work;
use crate::measure::copying::{Copied, Copying, Pairs};
use crate::measure::counts;
use crate::measure::discriminator::{Kind, Statistics};
use crate::measure::judged::judged;
use crate::measure::order;
use crate::measure::quality::{Quality, Scorer};
use crate::measure::reading::Reader;
use dcgan_artifacts::{ClassifierFile, DatasetReader, NeighboursFile, Part, least};
use dcgan_checkpoints::{BLOCK, LoadedDiscriminator};
use dcgan_settings::Eval;
use dcgan_stage::{Failure, Progress, Signals};
use std::path::Path;

// The discriminator reads whole blocks.
const _: () = assert!(least::JUDGED == BLOCK);

/// Context for measuring images.
#[derive(Clone, Copy)]
pub(crate) struct Measure<'a> {
    pub(crate) dataset: &'a DatasetReader,
    pub(crate) left_out: &'a LeftOut,
    /// The network whose features are used.
    pub(crate) extractor: &'a ClassifierFile,
    /// The test images' neighbours, if they are known.
    pub(crate) neighbours: Option<&'a NeighboursFile>,
    pub(crate) settings: &'a Eval,
    pub(crate) quiet: bool,
    pub(crate) signals: &'a Signals,
}

/// The measurements.
pub(crate) struct Measured {
    /// `metrics.json` without the alarms.
    pub(crate) metrics: Metrics,
    /// The discriminator's statistics, if there is one.
    pub(crate) statistics: Option<Statistics>,
    /// The images least likely to be of their class, the least likely first.
    pub(crate) worst: Vec<usize>,
    /// The images that the classifier is most certain of, the most certain first.
    pub(crate) surest: Vec<usize>,
    /// The images nearest to a training image.
    pub(crate) pairs: Option<Pairs>,
    /// The test images' neighbours.
    pub(crate) neighbours: Option<NeighboursFile>,
}

impl Measure<'_> {
    /// Measures images with the discriminator, if there is one (with the path of its file), the
    /// classifier and by their pixels.
    pub(crate) fn of(
        &self,
        images: &Images,
        discriminator: Option<(&Path, &LoadedDiscriminator)>,
    ) -> Result<Measured, Failure> {
        let statistics = match discriminator {
            Some((path, discriminator)) => self.judge(images, path, discriminator)?,
            None => None,
        };
        let order = order::by_content(&images.pixels, images.size(), images.labels.as_deref());
        let scorer = Scorer {
            work: self.work(),
            file: self.extractor,
            settings: self.settings,
        };
        let Quality {
            figures: quality,
            worst,
            surest,
            compared,
        } = scorer.quality(images, &order)?;
        let has_classifier = self.extractor.info.epochs > 0;
        let is_judged = discriminator.is_some();
        let compared = compared.as_deref();
        let counts = counts::of_images(self.dataset, images, compared, has_classifier, is_judged);
        let Copied {
            figures: pixels,
            pairs,
            neighbours,
        } = self.copying(images, &order).metrics()?;
        let metrics = Metrics {
            images: self.numbers(images),
            left_out: self.left_out.clone(),
            step: discriminator.map(|(_, discriminator)| discriminator.step()),
            discriminator: statistics.as_ref().map(judged),
            quality,
            pixels,
            missing: counts.missing(),
            ..Metrics::default()
        };
        Ok(Measured {
            metrics,
            statistics,
            worst,
            surest,
            pairs,
            neighbours,
        })
    }

    fn copying<'a>(&'a self, images: &'a Images, order: &'a [u32]) -> Copying<'a> {
        Copying {
            dataset: self.dataset,
            images,
            order,
            kept: self.neighbours,
            settings: self.settings,
            quiet: self.quiet,
            signals: self.signals,
        }
    }

    fn work(&self) -> Work<'_> {
        Work {
            dataset: self.dataset,
            quiet: self.quiet,
            signals: self.signals,
        }
    }

    /// The discriminator's statistics on real and generated images; `None` if no kind has enough
    /// images for a block.
    fn judge(
        &self,
        images: &Images,
        path: &Path,
        discriminator: &LoadedDiscriminator,
    ) -> Result<Option<Statistics>, Failure> {
        let reader = Reader {
            discriminator,
            seed: self.settings.seed,
            signals: self.signals,
        };
        let mut parts = Vec::new();
        for (kind, part) in [(Kind::Train, Part::Train), (Kind::Test, Part::Test)] {
            let n = self.dataset.len(part).unwrap_or(0);
            if n >= least::JUDGED {
                let progress = Progress::new("discriminator", n as u64, self.quiet);
                parts.push(reader.real(kind, self.dataset, part, &progress)?);
                progress.finish();
            }
        }
        if images.n >= least::JUDGED {
            let progress = Progress::new("discriminator", images.n as u64, self.quiet);
            parts.push(reader.generated(images, &progress)?);
            progress.finish();
        }
        if parts.is_empty() {
            return Ok(None);
        }
        let classes = self.dataset.info().class_names.len();
        let found = Statistics::of(&parts, classes, self.settings.histogram_bins);
        found.map(Some).map_err(|source| {
            let path = path.to_owned();
            Failure::input(Error::Measure { path, source })
        })
    }

    /// Images of each kind.
    fn numbers(&self, images: &Images) -> ImageNumbers {
        ImageNumbers {
            generated: images.n,
            train: self.dataset.len(Part::Train),
            test: self.dataset.len(Part::Test),
        }
    }
}
