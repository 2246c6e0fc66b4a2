//! All that is measured of one set of images, in one tree.

use crate::classifier::Work;
use crate::copying::{Copied, Copying, Pairs};
use crate::discriminator::{Kind, Statistics};
use crate::images::Images;
use crate::inputs::LeftOut;
use crate::quality::{Judge, Quality};
use crate::reading::Reader;
use crate::{Error, counts, order, tables};
use dcgan_artifacts::{ClassifierFile, DatasetReader, MissingFigure, NeighboursFile, Part, least};
use dcgan_checkpoints::{BLOCK, LoadedDiscriminator};
use dcgan_settings::Eval;
use dcgan_stage::{Failure, Progress, Signals};
use serde_json::{Value, json};
use std::path::Path;

// The discriminator judges whole blocks.
const _: () = assert!(least::JUDGED == BLOCK);

/// What images are measured by.
#[derive(Clone, Copy)]
pub(crate) struct Measure<'a> {
    pub(crate) dataset: &'a DatasetReader,
    pub(crate) left_out: &'a LeftOut,
    /// Whose features are used.
    pub(crate) extractor: &'a ClassifierFile,
    /// The test images' neighbours, where they are known.
    pub(crate) neighbours: Option<&'a NeighboursFile>,
    pub(crate) settings: &'a Eval,
    pub(crate) quiet: bool,
    pub(crate) signals: &'a Signals,
}

/// What was found.
pub(crate) struct Measured {
    /// The tree of `metrics.json`, but for the alarms.
    pub(crate) metrics: Value,
    /// Its list of figures that there are too few images for.
    pub(crate) missing: Vec<MissingFigure>,
    /// The discriminator's, where there is one.
    pub(crate) statistics: Option<Statistics>,
    /// The images that the classifier takes for their class least, the least likely first.
    pub(crate) worst: Vec<usize>,
    /// Those that it is surest of, the surest first.
    pub(crate) surest: Vec<usize>,
    /// The images nearest to a training image.
    pub(crate) pairs: Option<Pairs>,
    /// The test images' neighbours.
    pub(crate) neighbours: Option<NeighboursFile>,
}

impl Measure<'_> {
    /// Asks discriminator, if any (with the path of its file), and classifier, and compares pixels.
    pub(crate) fn of(
        &self,
        images: &Images,
        discriminator: Option<(&Path, &LoadedDiscriminator)>,
    ) -> Result<Measured, Failure> {
        let mut metrics = json!({ "images": self.counts(images) });
        let LeftOut {
            classes,
            images: n_of_each,
        } = self.left_out;
        if !classes.is_empty() {
            metrics["left_out"] = json!({ "classes": classes, "images": n_of_each });
        }
        let mut statistics = None;
        if let Some((path, discriminator)) = discriminator {
            metrics["step"] = json!(discriminator.step());
            if let Some(found) = self.judge(images, path, discriminator)? {
                metrics["discriminator"] = tables::discriminator_metrics(&found);
                statistics = Some(found);
            }
        }
        let order = order::by_content(&images.pixels, images.size(), images.labels.as_deref());
        let judge = Judge {
            work: self.work(),
            file: self.extractor,
            settings: self.settings,
        };
        let Quality {
            tree,
            worst,
            surest,
            compared,
        } = judge.quality(images, &order)?;
        metrics["quality"] = tree;
        let has_classifier = self.extractor.info.epochs > 0;
        let is_judged = discriminator.is_some();
        let counts = counts::of_images(
            self.dataset,
            images,
            compared.as_deref(),
            has_classifier,
            is_judged,
        );
        let missing = counts.missing();
        if !missing.is_empty() {
            metrics["missing"] = json!(missing);
        }
        let copying = Copying {
            dataset: self.dataset,
            images,
            order: &order,
            kept: self.neighbours,
            settings: self.settings,
            quiet: self.quiet,
            signals: self.signals,
        };
        let Copied {
            tree,
            pairs,
            neighbours,
        } = copying.metrics()?;
        metrics["pixels"] = tree;
        Ok(Measured {
            metrics,
            missing,
            statistics,
            worst,
            surest,
            pairs,
            neighbours,
        })
    }

    fn work(&self) -> Work<'_> {
        Work {
            dataset: self.dataset,
            quiet: self.quiet,
            signals: self.signals,
        }
    }

    /// The discriminator's statistics on real and generated images; `None` where no kind of them
    /// has the images of a block.
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
    fn counts(&self, images: &Images) -> Value {
        let mut counts = json!({ Kind::Generated.name(): images.n });
        for (kind, part) in [(Kind::Train, Part::Train), (Kind::Test, Part::Test)] {
            if let Some(n) = self.dataset.len(part) {
                counts[kind.name()] = json!(n);
            }
        }
        counts
    }
}
