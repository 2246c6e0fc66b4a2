//! The validated configuration of a run: everything that determines its bytes.

use crate::extractor::Extractor;
use crate::steps::Steps;
use crate::{Args, Error};
use dcgan::step::Schedule;
use dcgan::{Config, Kind, ZDistribution};
use dcgan_artifacts::{DatasetReader, FileRecord, NetworkInfo, Part};
use dcgan_checkpoints::{network_info, quoted};
use dcgan_settings::{Depth, KernelChoice, MovingAverages, NetworkKind, PrecisionChoice, Train};
use dcgan_stage::Failure;
use serde_json::{Value, json};
use std::path::Path;

/// The configuration of a run.
#[derive(Debug)]
pub(crate) struct Resolved {
    /// The section `train` of the pipeline.
    pub(crate) settings: Train,
    /// The dataset.
    pub(crate) dataset: DatasetReader,
    /// Name, size and hash of the dataset's file.
    pub(crate) input: FileRecord,
    /// The feature extractor for scores; `None` for a run without scores.
    pub(crate) extractor: Option<Extractor>,
    /// Sizes of the networks.
    pub(crate) config: Config,
    /// The description of the networks in the run's files.
    pub(crate) network: NetworkInfo,
    /// Distribution of z.
    pub(crate) distribution: ZDistribution,
    /// The updates of an iteration.
    pub(crate) schedule: Schedule,
    /// The schedule.
    pub(crate) steps: Steps,
}

impl Resolved {
    /// Reads settings and dataset, and checks that they fit.
    ///
    /// # Errors
    /// [`Failure::Usage`] for settings, [`Failure::Input`] for a dataset that is damaged or does
    /// not fit the network.
    pub(crate) fn new(args: &Args) -> Result<Self, Failure> {
        let settings = args.common.pipeline()?.train;
        Ok(Self::with_settings(args, settings)?)
    }

    fn with_settings(args: &Args, settings: Train) -> Result<Self, Error> {
        if settings.kernels == KernelChoice::Portable && settings.precision == PrecisionChoice::Bf16
        {
            return Err(Error::PortablePrecision);
        }
        let path = &args.dataset;
        let mut dataset = DatasetReader::open(path)?;
        let left_out = dataset.leave_out_untrained();
        let input = FileRecord::at(path)?;

        let config = config(args, &settings, &dataset)?;
        let n_images = dataset.len(Part::Train).unwrap_or(0);
        let batch_size = settings.batch_size;
        if batch_size > n_images {
            return Err(Error::BatchTooLarge {
                path: path.clone(),
                n_images,
                batch_size,
            });
        }
        let extractor = Extractor::open(&settings, &dataset, path)?;
        let distribution = distribution(&settings);
        let network = network(&config, &dataset, distribution);
        warn_of_untrained(path, &network, left_out.get(&Part::Validation));
        let schedule = schedule(&settings);
        let steps = Steps::new(&settings, n_images);
        Ok(Self {
            settings,
            dataset,
            input,
            extractor,
            config,
            network,
            distribution,
            schedule,
            steps,
        })
    }

    /// The settings as recorded in the manifest and `run.json`.
    pub(crate) fn settings(&self) -> Value {
        json!({ "train": recorded(&self.settings) })
    }

    /// The input files that determine the run's bytes.
    pub(crate) fn inputs(&self) -> Vec<FileRecord> {
        let classifier = self.extractor.as_ref().and_then(|of| of.record.clone());
        std::iter::once(self.input.clone())
            .chain(classifier)
            .collect()
    }

    /// Everything that determines the run's bytes: equal for two calls that mean the same run.
    pub(crate) fn identity(&self) -> Value {
        let mut identity = self.settings();
        identity["dataset"] = json!({ "sha256": self.input.sha256 });
        if let Some(record) = self.extractor.as_ref().and_then(|of| of.record.as_ref()) {
            identity["classifier"] = json!({ "sha256": record.sha256 });
        }
        identity
    }
}

/// The distribution of z.
fn distribution(settings: &Train) -> ZDistribution {
    match settings.z_distribution {
        dcgan_settings::LatentChoice::Uniform => ZDistribution::Uniform,
        dcgan_settings::LatentChoice::Uniform01 => ZDistribution::Uniform01,
        dcgan_settings::LatentChoice::Normal => ZDistribution::Normal,
    }
}

/// The description of the networks in the run's files.
fn network(config: &Config, dataset: &DatasetReader, distribution: ZDistribution) -> NetworkInfo {
    if config.classes == 0 {
        return network_info(config, &[], distribution);
    }
    NetworkInfo {
        untrained_classes: dataset.untrained_classes(),
        ..network_info(config, &dataset.info().class_names, distribution)
    }
}

/// The updates of an iteration.
fn schedule(settings: &Train) -> Schedule {
    let readouts = settings.moving_averages == MovingAverages::WithReadouts;
    #[expect(clippy::cast_possible_truncation, reason = "training is in float32")]
    let real_target = (1.0 - settings.label_smoothing) as f32;
    Schedule {
        real_target,
        ..Schedule::new(settings.generator_updates, readouts)
    }
}

/// Warns of classes without training pictures, and of validation pictures that scores leave out.
fn warn_of_untrained(path: &Path, network: &NetworkInfo, left_out: Option<&usize>) {
    let names: Vec<String> = network
        .untrained_classes
        .iter()
        .map(|&class| network.class_name(class))
        .collect();
    if !names.is_empty() {
        log::warn!(
            "no training picture of `{}` has {} {}: never trained, drawn or scored",
            path.display(),
            if names.len() == 1 {
                "class"
            } else {
                "the classes"
            },
            quoted(&names)
        );
    }
    if let Some(n) = left_out {
        log::warn!(
            "{n} validation pictures of `{}` have a class that no training picture has: \
             no score looks at them",
            path.display()
        );
    }
}

/// Settings as recorded in the run's files: without the classifier's path, as the inputs have its
/// hash.
pub(crate) fn recorded(settings: &Train) -> Value {
    let mut settings = dcgan_settings::resolved(settings);
    if let Some(settings) = settings.as_object_mut() {
        settings.remove("classifier");
    }
    settings
}

/// The networks of the settings for pictures of the dataset's size.
fn config(args: &Args, settings: &Train, dataset: &DatasetReader) -> Result<Config, Error> {
    let info = dataset.info();
    let path = || args.dataset.clone();
    let kind = match settings.network {
        NetworkKind::Labelled => Kind::Labelled,
        NetworkKind::Unlabelled => Kind::Unlabelled,
    };
    let labelled = kind == Kind::Labelled;
    if labelled && dataset.labels(Part::Train).is_none() {
        return Err(Error::NoLabels { path: path() });
    }
    let config = Config {
        kind,
        height: info.height,
        width: info.width,
        channels: info.channels,
        classes: if labelled { info.class_names.len() } else { 0 },
        z_dim: settings.z_dim,
        gf_dim: settings.gf_dim,
        df_dim: settings.df_dim,
        gfc_dim: if labelled { settings.gfc_dim } else { 0 },
        dfc_dim: if labelled { settings.dfc_dim } else { 0 },
        depth: match settings.depth {
            _ if labelled => Config::LABELLED_DEPTH,
            Depth::Auto => Config::depth_for(info.height, info.width),
            Depth::Levels(levels) => levels,
        },
    };
    config.validate().map_err(|source| Error::UnfitPictures {
        path: path(),
        kind,
        source,
    })?;
    Ok(config)
}
