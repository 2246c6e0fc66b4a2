//! Opening the inputs, and refusing those that do not fit together before anything is computed.

use crate::checkpoints::Listed;
use crate::classifier::{self, classifier_config};
use crate::copying;
use crate::identity::{kernels, kernels_of_earlier};
use crate::images::Images;
use crate::training::Training;
use crate::{Args, Error, film, samples};
use dcgan::between;
use dcgan_artifacts::{
    Arrays, Artifact, CheckpointInfo, ClassifierFile, DatasetReader, FileRecord, NeighboursFile,
    NetworkInfo, Part, least, list_checkpoints, read_checkpoint_info,
};
use dcgan_checkpoints::{BLOCK, ClassChoice, LoadedDiscriminator, LoadedGenerator, quoted};
use dcgan_metrics::Classifier;
use dcgan_settings::Eval;
use dcgan_stage::{Failure, Progress, Signals};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Images on the way from one z to another.
const STEPS: u8 = 12;

/// Folder of the checkpoints that are measured as well, as the manifest names it whatever its name is.
const LISTED: &str = "checkpoints";

/// Where the generated images come from.
#[derive(Debug)]
pub(crate) enum Source {
    /// A checkpoint's generator draws them, of these classes.
    Generator(Box<LoadedGenerator>, ClassChoice),
    /// A file holds them.
    Samples(Images),
}

/// The inputs, open and checked.
#[derive(Debug)]
pub(crate) struct Inputs {
    /// Without the pictures of classes that no training picture has.
    pub(crate) dataset: DatasetReader,
    pub(crate) left_out: LeftOut,
    pub(crate) source: Source,
    pub(crate) discriminator: Option<LoadedDiscriminator>,
    pub(crate) extractor: Extractor,
    /// What an earlier evaluation of this folder found of this dataset.
    pub(crate) neighbours: Option<NeighboursFile>,
    /// What the training left beside its checkpoints.
    pub(crate) training: Training,
    /// The checkpoints to measure as well.
    pub(crate) listed: Vec<Listed>,
}

/// What is not judged: no training picture shows what it should look like.
#[derive(Debug, Clone, Default)]
pub(crate) struct LeftOut {
    /// Names of the classes without training pictures.
    pub(crate) classes: Vec<String>,
    /// Images of these classes, by kind; kinds without any are absent.
    pub(crate) images: BTreeMap<&'static str, usize>,
}

impl LeftOut {
    /// Leaves such pictures out of the dataset.
    pub(crate) fn of(dataset: &mut DatasetReader) -> Self {
        let parts = dataset.leave_out_untrained();
        let names = &dataset.info().class_names;
        let untrained = dataset.untrained_classes().into_iter();
        Self {
            classes: untrained
                .map(|class| names[usize::from(class)].clone())
                .collect(),
            images: parts
                .into_iter()
                .map(|(part, n)| (part.name(), n))
                .collect(),
        }
    }

    fn warn(&self, dataset: &Path) {
        if self.classes.is_empty() {
            return;
        }
        let images: Vec<String> = self
            .images
            .iter()
            .map(|(kind, n)| format!("{n} {kind} images"))
            .collect();
        log::warn!(
            "no training image of `{}` has {} {}: not drawn, not judged{}",
            dataset.display(),
            if self.classes.len() == 1 {
                "class"
            } else {
                "the classes"
            },
            quoted(&self.classes),
            if images.is_empty() {
                String::new()
            } else {
                format!(", {} left out", images.join(" and "))
            }
        );
    }
}

/// Where the features come from.
#[derive(Debug)]
pub(crate) enum Extractor {
    /// A file that was asked for.
    Given(Box<ClassifierFile>),
    /// What an earlier evaluation of this folder trained.
    Kept(Box<ClassifierFile>),
    /// One that is still to be trained.
    Untrained,
    /// Fixed random features, for data without labels or with too few to learn from.
    Random,
}

impl Extractor {
    /// Whether it is kept beside the result.
    pub(crate) fn is_kept(&self) -> bool {
        matches!(self, Self::Kept(_) | Self::Untrained)
    }
}

/// Name, size and hash of each input, sorted: what the manifest lists. The checkpoints that are measured as well
/// stand under [`LISTED`], so that the evaluated one is told from them.
pub(crate) fn records(args: &Args, settings: &Eval) -> Result<Vec<FileRecord>, Failure> {
    let files = [
        (Some(&args.dataset), Artifact::Dataset),
        (args.checkpoint.as_ref(), Artifact::Checkpoint),
        (classifier_path(args, settings), Artifact::Classifier),
        (args.metrics.as_ref(), Artifact::Table),
        (args.histograms.as_ref(), Artifact::Table),
        (args.scores.as_ref(), Artifact::Table),
        (args.run.as_ref(), Artifact::Run),
    ];
    let mut records = Vec::new();
    for (path, artifact) in files {
        if let Some(path) = path {
            records.push(record(path, artifact)?);
        }
    }
    if let Some(path) = &args.samples {
        records.extend(samples::records(path, args.samples_labels.as_deref())?);
    }
    let of_grids = |folder: &PathBuf| film::frames(folder);
    for frame in args
        .grids
        .as_ref()
        .map(of_grids)
        .transpose()?
        .iter()
        .flatten()
    {
        records.push(record(frame, Artifact::Other)?);
    }
    for path in listed(args)? {
        let mut listed = record(&path, Artifact::Checkpoint)?;
        listed.name = format!("{LISTED}/{}", listed.name);
        records.push(listed);
    }
    records.sort();
    Ok(records)
}

/// The checkpoints of the folder that was named, by their steps.
pub(crate) fn listed(args: &Args) -> Result<Vec<PathBuf>, Failure> {
    let Some(folder) = &args.checkpoints else {
        return Ok(Vec::new());
    };
    let found = list_checkpoints(folder)?;
    if found.is_empty() {
        let folder = folder.clone();
        return Err(Failure::input(Error::NoCheckpoints { folder }));
    }
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

/// The classifier that was asked for, on the command line or in the settings.
fn classifier_path<'a>(args: &'a Args, settings: &'a Eval) -> Option<&'a PathBuf> {
    args.classifier.as_ref().or(settings.classifier.as_ref())
}

/// Name, size and hash of one input.
pub(crate) fn record(path: &Path, artifact: Artifact) -> Result<FileRecord, Failure> {
    use dcgan_artifacts::Error::Missing;
    FileRecord::at(path).map_err(|error| match error {
        // What should be there is known here, and with it the command that makes it.
        Missing { path, .. } => Failure::input(Missing { path, artifact }),
        error => error.into(),
    })
}

impl Inputs {
    /// Opens what the command line names and checks that it fits together and suffices.
    pub(crate) fn open(args: &Args, settings: &Eval) -> Result<Self, Failure> {
        let mut dataset = DatasetReader::open(&args.dataset)?;
        let mut left_out = LeftOut::of(&mut dataset);
        let checks = Checks {
            dataset: &dataset,
            dataset_path: &args.dataset,
        };
        let samples = match &args.samples {
            Some(path) => Some((path, checks.samples(args, path, &mut left_out)?)),
            None => None,
        };
        let discriminator = match &args.checkpoint {
            Some(path) => {
                let discriminator = LoadedDiscriminator::load(path).map_err(Failure::input)?;
                let discriminator = discriminator.with_backend(kernels(settings).1);
                checks.network(path, discriminator.info())?;
                let arrays = discriminator.discriminator().arrays();
                finite(path, &arrays.map_err(Failure::input)?)?;
                Some(discriminator)
            }
            None => None,
        };
        if let (Some(discriminator), Some((path, images))) = (&discriminator, &samples) {
            let takes_labels = !discriminator.info().class_names.is_empty();
            if takes_labels && images.labels.is_none() {
                let other = args.checkpoint.clone().unwrap_or_default();
                let path = (*path).clone();
                return Err(Failure::input(Error::Labels {
                    path,
                    labelled: false,
                    other,
                }));
            }
        }
        let info = args.checkpoint.as_deref().map(read_checkpoint_info);
        let info = info.transpose()?;
        let training = Training::open(args, info.as_ref())?;
        let mut all = Vec::new();
        for path in listed(args)? {
            let info = read_checkpoint_info(&path)?;
            checks.network(&path, &info.network)?;
            let sha256 = record(&path, Artifact::Checkpoint)?.sha256;
            all.push(Listed { path, sha256 });
        }
        let extractor = checks.extractor(args, settings)?;
        let source = match (samples, &args.checkpoint) {
            (Some((_, images)), _) => Source::Samples(images),
            (None, Some(path)) => {
                let generator =
                    LoadedGenerator::load_either(path, settings.ema).map_err(Failure::input)?;
                let generator = generator.with_backend(kernels(settings).1);
                let arrays = generator.generator().arrays();
                finite(path, &arrays.map_err(Failure::input)?)?;
                Source::drawn_by(generator, &dataset).map_err(Failure::input)?
            }
            (None, None) => return Err(Failure::usage(Error::NoImages)),
        };
        if let Some((path, info)) = args.checkpoint.as_deref().zip(info.as_ref()) {
            checks.warn_of_another_dataset(path, info);
        }
        left_out.warn(&args.dataset);
        // A damaged file is no loss: the neighbours are searched for again.
        let neighbours = NeighboursFile::read(&args.common.out.join(copying::FILE)).ok();
        let neighbours = neighbours.filter(|file| copying::are_of(file, &dataset));
        Ok(Self {
            dataset,
            left_out,
            source,
            discriminator,
            extractor,
            neighbours,
            training,
            listed: all,
        })
    }
}

impl Source {
    /// What a generator draws: the classes that it was trained on and the dataset has training
    /// pictures of. Files of an earlier version do not say on which they were.
    pub(crate) fn drawn_by(
        generator: LoadedGenerator,
        dataset: &DatasetReader,
    ) -> Result<Self, dcgan_checkpoints::Error> {
        let network = drawn(generator.info(), dataset);
        let choice = ClassChoice::resolve(None, &network)?;
        Ok(Self::Generator(Box::new(generator), choice))
    }

    /// Images on straight ways between two z each, a row of twelve per class or, without classes,
    /// eight rows; `None` for samples, whose generator is not at hand.
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

    /// The images, drawn by the generator or taken from the file.
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

/// A description of the network that counts classes without training pictures as untrained.
fn drawn(network: &NetworkInfo, dataset: &DatasetReader) -> NetworkInfo {
    let mut network = network.clone();
    if !network.class_names.is_empty() {
        network
            .untrained_classes
            .extend(dataset.untrained_classes());
    }
    network
}

struct Checks<'a> {
    dataset: &'a DatasetReader,
    dataset_path: &'a Path,
}

impl Checks<'_> {
    fn size(&self, path: &Path, got: [usize; 3]) -> Result<(), Failure> {
        let info = self.dataset.info();
        let expected = [info.height, info.width, info.channels];
        if got == expected {
            return Ok(());
        }
        let (path, dataset) = (path.to_owned(), self.dataset_path.to_owned());
        Err(Failure::input(Error::Size {
            path,
            dataset,
            expected,
            got,
        }))
    }

    /// The images of a file but for those of classes without training pictures.
    fn samples(&self, args: &Args, path: &Path, left_out: &mut LeftOut) -> Result<Images, Failure> {
        let mut images = samples::read(args, path, self.dataset_path, self.dataset.info())?;
        not_empty(&format!("`{}`", path.display()), images.n)?;
        self.size(path, images.shape)?;
        let classes = self.dataset.info().class_names.len();
        let dataset = || self.dataset_path.to_owned();
        if let Some(labels) = &images.labels {
            if classes == 0 {
                let (path, other) = (path.to_owned(), dataset());
                return Err(Failure::input(Error::Labels {
                    path,
                    labelled: true,
                    other,
                }));
            }
            if let Some(index) = labels
                .iter()
                .position(|&label| usize::from(label) >= classes)
            {
                return Err(Failure::input(Error::Label {
                    path: path.to_owned(),
                    dataset: dataset(),
                    index,
                    expected: classes,
                    got: labels[index],
                }));
            }
        }
        let n = images.leave_out(&self.dataset.untrained_classes());
        if n > 0 {
            left_out.images.insert("generated", n);
            let what = "without the classes that have no training images";
            not_empty(&format!("`{}` {what}", path.display()), images.n)?;
        }
        Ok(images)
    }

    /// The classifier that was asked for; else what an earlier evaluation left in the folder, if
    /// it is of this dataset and these settings.
    fn extractor(&self, args: &Args, settings: &Eval) -> Result<Extractor, Failure> {
        let info = self.dataset.info();
        if let Some(path) = classifier_path(args, settings) {
            let file = ClassifierFile::read(path)?;
            let of = &file.info;
            self.size(path, [of.height, of.width, of.channels])?;
            if of.class_names != info.class_names {
                return Err(Failure::input(Error::Classes {
                    path: path.clone(),
                    dataset: self.dataset_path.to_owned(),
                    expected: info.class_names.clone(),
                    got: of.class_names.clone(),
                }));
            }
            if of.dataset_sha256 != self.dataset.content_sha256() {
                log::warn!(
                    "classifier `{}` was trained on another dataset than `{}`",
                    path.display(),
                    self.dataset_path.display()
                );
            }
            let arrays = Classifier::from_arrays(classifier_config(self.dataset), &file.arrays);
            arrays.map_err(|source| {
                let path = path.clone();
                Failure::input(Error::Classifier { path, source })
            })?;
            finite(path, &file.arrays)?;
            return Ok(Extractor::Given(Box::new(file)));
        }
        let labels = self.dataset.labels(Part::Train).unwrap_or_default();
        if labels.len() < least::TRAINED_ON {
            return Ok(Extractor::Random);
        }
        // A damaged file is no loss: another one is trained.
        let earlier = ClassifierFile::read(&args.common.out.join(classifier::FILE)).ok();
        let kernels = kernels_of_earlier(&args.common.out);
        let earlier = earlier.filter(|file| {
            let of = &file.info;
            kernels == Some(json!(settings.kernels))
                && of.dataset_sha256 == self.dataset.content_sha256()
                && (of.epochs, of.seed) == (settings.classifier_epochs, settings.seed)
                && (of.architecture.as_str(), of.recipe.as_str())
                    == (Classifier::ARCHITECTURE, Classifier::RECIPE)
                && Classifier::from_arrays(classifier_config(self.dataset), &file.arrays).is_ok()
        });
        Ok(earlier.map_or(Extractor::Untrained, |file| Extractor::Kept(Box::new(file))))
    }

    /// An unlabelled network may be held against a labelled dataset; a labelled one needs the
    /// dataset's labels.
    fn network(&self, path: &Path, network: &NetworkInfo) -> Result<(), Failure> {
        self.size(path, [network.height, network.width, network.channels])?;
        let expected = &self.dataset.info().class_names;
        let got = &network.class_names;
        if got.is_empty() {
            return Ok(());
        }
        if got == expected {
            if drawn(network, self.dataset).trained_classes().is_empty() {
                let (path, dataset) = (path.to_owned(), self.dataset_path.to_owned());
                return Err(Failure::input(Error::NoSharedClass { path, dataset }));
            }
            return Ok(());
        }
        let (path, dataset) = (path.to_owned(), self.dataset_path.to_owned());
        Err(Failure::input(if expected.is_empty() {
            Error::Labels {
                path,
                labelled: true,
                other: dataset,
            }
        } else {
            Error::Classes {
                path,
                dataset,
                expected: expected.clone(),
                got: got.clone(),
            }
        }))
    }

    /// Another dataset of the same size and classes is a fair measure, but seldom what is meant.
    fn warn_of_another_dataset(&self, path: &Path, info: &CheckpointInfo) {
        if info.dataset_sha256 != self.dataset.content_sha256() {
            log::warn!(
                "`{}` was trained on another dataset than `{}`: all of its images are new to it",
                path.display(),
                self.dataset_path.display()
            );
        }
    }
}

/// Every weight is a number: one that is none would spoil each figure, late and without a name.
fn finite(path: &Path, arrays: &Arrays) -> Result<(), Failure> {
    for (array, (_, values)) in arrays {
        if let Some(index) = values.iter().position(|value| !value.is_finite()) {
            return Err(Failure::input(Error::NotFinite {
                path: path.to_owned(),
                array: array.clone(),
                index,
                got: values[index],
            }));
        }
    }
    Ok(())
}

fn not_empty(what: &str, n: usize) -> Result<(), Failure> {
    if n > 0 {
        return Ok(());
    }
    let what = what.to_owned();
    Err(Failure::input(Error::NoImagesIn { what }))
}
