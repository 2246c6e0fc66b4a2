//! Checks that the inputs are valid and fit together.

use crate::figures::LeftOut;
use crate::identity::kernels_of_earlier;
use crate::images::Images;
use crate::inputs::records::classifier_path;
use crate::inputs::samples;
use crate::inputs::source::drawn;
use crate::measure::classifier::{FILE, classifier_config};
use crate::{Args, Error};
use dcgan_artifacts::{
    Arrays, CheckpointInfo, ClassifierFile, DatasetReader, NetworkInfo, Part, least,
};
use dcgan_metrics::Classifier;
use dcgan_settings::Eval;
use dcgan_stage::Failure;
use serde_json::json;
use std::path::Path;

/// Where the features come from.
#[derive(Debug)]
pub(crate) enum Extractor {
    /// A given file.
    Given(Box<ClassifierFile>),
    /// One that an earlier evaluation in this folder trained.
    Kept(Box<ClassifierFile>),
    /// One to train.
    Untrained,
    /// Fixed random features, for data without labels or with too few images for training.
    Random,
}

impl Extractor {
    /// Whether the file is kept with the result.
    pub(crate) fn is_kept(&self) -> bool {
        matches!(self, Self::Kept(_) | Self::Untrained)
    }
}

pub(crate) struct Checks<'a> {
    pub(crate) dataset: &'a DatasetReader,
    pub(crate) dataset_path: &'a Path,
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

    /// The images of a file except those of classes without training pictures.
    pub(crate) fn samples(
        &self,
        args: &Args,
        path: &Path,
        left_out: &mut LeftOut,
    ) -> Result<Images, Failure> {
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
            left_out.images.insert("generated".into(), n);
            let what = "without the classes that have no training images";
            not_empty(&format!("`{}` {what}", path.display()), images.n)?;
        }
        Ok(images)
    }

    /// The given classifier, or else the one of an earlier evaluation in the folder, if it is for
    /// this dataset and these settings.
    pub(crate) fn extractor(&self, args: &Args, settings: &Eval) -> Result<Extractor, Failure> {
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
        // If the file is damaged, another one is trained.
        let earlier = ClassifierFile::read(&args.common.out.join(FILE)).ok();
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

    /// An unlabelled network may be compared with a labelled dataset; a labelled one needs the
    /// dataset's labels.
    pub(crate) fn network(&self, path: &Path, network: &NetworkInfo) -> Result<(), Failure> {
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

    /// Another dataset of the same size and classes is allowed but seldom intended.
    pub(crate) fn warn_of_another_dataset(&self, path: &Path, info: &CheckpointInfo) {
        if info.dataset_sha256 != self.dataset.content_sha256() {
            log::warn!(
                "`{}` was trained on another dataset than `{}`: all of its images are new to it",
                path.display(),
                self.dataset_path.display()
            );
        }
    }
}

/// Checks that every weight is finite: otherwise every figure would be invalid, without an error
/// that names the weight.
pub(crate) fn finite(path: &Path, arrays: &Arrays) -> Result<(), Failure> {
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
