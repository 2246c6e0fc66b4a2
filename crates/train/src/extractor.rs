//! The feature extractor for scores.

use crate::Error;
use dcgan_artifacts::{ClassifierFile, DatasetReader, FileRecord, Part};
use dcgan_metrics::{Classifier, ClassifierConfig};
use dcgan_settings::Train;
use std::path::Path;

/// Minimum number of validation pictures; fewer don't describe a distribution of features.
const LEAST: usize = 64;

/// The network whose features the scores use.
#[derive(Debug)]
pub(crate) struct Extractor {
    /// The classifier's file; `None` for the fixed random features used for data without labels.
    pub(crate) record: Option<FileRecord>,
    config: ClassifierConfig,
    file: Option<ClassifierFile>,
}

impl Extractor {
    /// The classifier of the settings, or random features; `None` for a run without scores.
    ///
    /// # Errors
    /// [`Error::NoValidation`], [`Error::NoClassifier`], [`Error::UnfitClassifier`],
    /// [`Error::Classifier`], and the errors of reading the file.
    pub(crate) fn open(
        settings: &Train,
        dataset: &DatasetReader,
        dataset_path: &Path,
    ) -> Result<Option<Self>, Error> {
        if settings.score_every == 0 {
            return Ok(None);
        }
        let got = dataset.len(Part::Validation).unwrap_or(0);
        if got < LEAST {
            return Err(Error::NoValidation {
                path: dataset_path.to_owned(),
                expected: LEAST,
                got,
            });
        }
        let info = dataset.info();
        let config = ClassifierConfig {
            height: info.height,
            width: info.width,
            channels: info.channels,
            classes: info.class_names.len().max(1),
        };
        let Some(path) = &settings.classifier else {
            if info.class_names.is_empty() {
                let (record, file) = (None, None);
                return Ok(Some(Self {
                    record,
                    config,
                    file,
                }));
            }
            return Err(Error::NoClassifier {
                path: dataset_path.to_owned(),
            });
        };
        let file = read_fitting(path, config, dataset, dataset_path)?;
        Ok(Some(Self {
            record: Some(FileRecord::at(path)?),
            config,
            file: Some(file),
        }))
    }

    /// Builds the network.
    pub(crate) fn classifier(&self) -> Result<Classifier, Error> {
        Ok(match &self.file {
            Some(file) => Classifier::from_arrays(self.config, &file.arrays)?,
            // The same features as in `dcgan-eval`.
            None => Classifier::init(self.config, 0),
        })
    }
}

/// Reads the classifier at `path`, which must fit the dataset's picture size and classes.
fn read_fitting(
    path: &Path,
    config: ClassifierConfig,
    dataset: &DatasetReader,
    dataset_path: &Path,
) -> Result<ClassifierFile, Error> {
    let file = ClassifierFile::read(path)?;
    let (info, of) = (dataset.info(), &file.info);
    let seen = |height, width, channels, class_names: &[String]| {
        let classes = class_names.join(", ");
        format!("{height}x{width}x{channels} with the classes {classes}")
    };
    let expected = seen(info.height, info.width, info.channels, &info.class_names);
    let got = seen(of.height, of.width, of.channels, &of.class_names);
    if got != expected {
        return Err(Error::UnfitClassifier {
            path: path.to_owned(),
            dataset: dataset_path.to_owned(),
            expected,
            got,
        });
    }
    Classifier::from_arrays(config, &file.arrays).map_err(|source| Error::Classifier {
        path: path.to_owned(),
        source,
    })?;
    Ok(file)
}
