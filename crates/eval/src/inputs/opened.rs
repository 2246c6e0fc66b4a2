//! The open inputs, checked to fit together before anything is computed.

use crate::figures::LeftOut;
use crate::identity::backend;
use crate::images::Images;
use crate::inputs::checks::{Checks, Extractor, finite};
use crate::inputs::digest::record;
use crate::inputs::records::listed;
use crate::inputs::source::{Source, drawn};
use crate::inputs::training::Training;
use crate::measure::copying;
use crate::{Args, Error};
use dcgan_artifacts::{Artifact, DatasetReader, NeighboursFile, read_checkpoint_info};
use dcgan_checkpoints::{ClassChoice, LoadedDiscriminator, LoadedGenerator, quoted};
use dcgan_settings::Eval;
use dcgan_stage::Failure;
use std::path::{Path, PathBuf};

/// A checkpoint to measure.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) path: PathBuf,
    /// SHA-256 of the file.
    pub(crate) sha256: String,
    /// What its generator draws.
    pub(crate) classes: ClassChoice,
}

/// The inputs, open and checked.
#[derive(Debug)]
pub(crate) struct Inputs {
    /// Without the pictures of classes without training pictures.
    pub(crate) dataset: DatasetReader,
    pub(crate) left_out: LeftOut,
    pub(crate) source: Source,
    pub(crate) discriminator: Option<LoadedDiscriminator>,
    pub(crate) extractor: Extractor,
    /// Neighbours of the test images from an earlier evaluation of this dataset in this folder.
    pub(crate) neighbours: Option<NeighboursFile>,
    /// Other files of the training.
    pub(crate) training: Training,
    /// The checkpoints of `--checkpoints`.
    pub(crate) listed: Vec<Listed>,
}

impl Inputs {
    /// Opens the inputs of the command line and checks that they fit together.
    pub(crate) fn open(args: &Args, settings: &Eval) -> Result<Self, Failure> {
        let mut dataset = DatasetReader::open(&args.dataset)?;
        let mut left_out = leave_out(&mut dataset);
        let checks = Checks {
            dataset: &dataset,
            dataset_path: &args.dataset,
        };
        let samples = match &args.samples {
            Some(path) => Some(checks.samples(args, path, &mut left_out)?),
            None => None,
        };
        let discriminator = discriminator(args, settings, &checks)?;
        if let (Some(discriminator), Some(images)) = (&discriminator, &samples) {
            require_labels(args, discriminator, images)?;
        }
        let info = args.checkpoint.as_deref().map(read_checkpoint_info);
        let info = info.transpose()?;
        let training = Training::open(args, info.as_ref())?;
        let listed = checked_list(args, &checks)?;
        let extractor = checks.extractor(args, settings)?;
        let source = match (samples, &args.checkpoint) {
            (Some(images), _) => Source::Samples(images),
            (None, Some(path)) => generator(path, settings, &dataset)?,
            (None, None) => return Err(Failure::usage(Error::NoImages)),
        };
        if let Some((path, info)) = args.checkpoint.as_deref().zip(info.as_ref()) {
            checks.warn_of_another_dataset(path, info);
        }
        warn_of_left_out(&left_out, &args.dataset);
        // If the file is damaged, the neighbours are searched for again.
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
            listed,
        })
    }
}

/// The discriminator of the checkpoint, if one is given.
fn discriminator(
    args: &Args,
    settings: &Eval,
    checks: &Checks<'_>,
) -> Result<Option<LoadedDiscriminator>, Failure> {
    let Some(path) = &args.checkpoint else {
        return Ok(None);
    };
    let discriminator = LoadedDiscriminator::load(path).map_err(Failure::input)?;
    let discriminator = discriminator.with_backend(backend(settings));
    checks.network(path, discriminator.info())?;
    let arrays = discriminator.discriminator().arrays();
    finite(path, &arrays.map_err(Failure::input)?)?;
    Ok(Some(discriminator))
}

/// The generator of a checkpoint.
fn generator(path: &Path, settings: &Eval, dataset: &DatasetReader) -> Result<Source, Failure> {
    let generator = LoadedGenerator::load_either(path, settings.ema).map_err(Failure::input)?;
    let generator = generator.with_backend(backend(settings));
    let arrays = generator.generator().arrays();
    finite(path, &arrays.map_err(Failure::input)?)?;
    Source::drawn_by(generator, dataset).map_err(Failure::input)
}

/// A discriminator with labels needs labels of the samples.
fn require_labels(
    args: &Args,
    discriminator: &LoadedDiscriminator,
    images: &Images,
) -> Result<(), Failure> {
    if discriminator.info().class_names.is_empty() || images.labels.is_some() {
        return Ok(());
    }
    Err(Failure::input(Error::Labels {
        path: args.samples.clone().unwrap_or_default(),
        labelled: false,
        other: args.checkpoint.clone().unwrap_or_default(),
    }))
}

/// The checkpoints of `--checkpoints`, which must fit the dataset.
fn checked_list(args: &Args, checks: &Checks<'_>) -> Result<Vec<Listed>, Failure> {
    let mut all = Vec::new();
    for path in listed(args)? {
        let info = read_checkpoint_info(&path)?;
        checks.network(&path, &info.network)?;
        let sha256 = record(&path, Artifact::Checkpoint)?.sha256;
        let drawn = drawn(&info.network, checks.dataset);
        all.push(Listed {
            path,
            sha256,
            classes: ClassChoice::resolve(None, &drawn).map_err(Failure::input)?,
        });
    }
    Ok(all)
}

/// Removes pictures of classes without training pictures from the dataset.
fn leave_out(dataset: &mut DatasetReader) -> LeftOut {
    let parts = dataset.leave_out_untrained();
    let names = &dataset.info().class_names;
    let untrained = dataset.untrained_classes().into_iter();
    LeftOut {
        classes: untrained
            .map(|class| names[usize::from(class)].clone())
            .collect(),
        images: parts
            .into_iter()
            .map(|(part, n)| (part.name().to_owned(), n))
            .collect(),
    }
}

/// Warns of what is left out of the evaluation.
fn warn_of_left_out(left_out: &LeftOut, dataset: &Path) {
    if left_out.classes.is_empty() {
        return;
    }
    let images: Vec<String> = left_out
        .images
        .iter()
        .map(|(kind, n)| format!("{n} {kind} images"))
        .collect();
    log::warn!(
        "no training image of `{}` has {} {}: not drawn, not evaluated{}",
        dataset.display(),
        if left_out.classes.len() == 1 {
            "class"
        } else {
            "the classes"
        },
        quoted(&left_out.classes),
        if images.is_empty() {
            String::new()
        } else {
            format!(", {} left out", images.join(" and "))
        }
    );
}
