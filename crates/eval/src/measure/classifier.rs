//! Trains the feature classifier, or makes one with fixed random weights, and reads images with it.

use crate::identity::backend;
use crate::measure::order;
use dcgan_artifacts::{ClassifierFile, ClassifierInfo, DatasetReader, Part};
use dcgan_metrics::{Classified, Classifier, ClassifierConfig, Reading};
use dcgan_settings::Eval;
use dcgan_stage::{Failure, Progress, Signals};

/// Name of the file.
pub(crate) const FILE: &str = "classifier.safetensors";
/// Images between two updates of progress and checks for a signal.
const CHUNK: usize = 2048;

/// For images of the dataset's size and its classes; one class if there are no labels.
pub(crate) fn classifier_config(dataset: &DatasetReader) -> ClassifierConfig {
    let info = dataset.info();
    ClassifierConfig {
        height: info.height,
        width: info.width,
        channels: info.channels,
        classes: info.class_names.len().max(1),
    }
}

/// Context for training and reading a classifier.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Work<'a> {
    pub(crate) dataset: &'a DatasetReader,
    pub(crate) quiet: bool,
    pub(crate) signals: &'a Signals,
}

impl<'a> Work<'a> {
    /// The context for this dataset.
    pub(crate) fn of(dataset: &'a DatasetReader, quiet: bool, signals: &'a Signals) -> Self {
        Self {
            dataset,
            quiet,
            signals,
        }
    }
}

impl Work<'_> {
    /// Trains a classifier on the training part and measures its accuracy on both parts.
    pub(crate) fn train(&self, settings: &Eval) -> Result<ClassifierFile, Failure> {
        let part = self.dataset.read_part(Part::Train)?;
        let labels = part.labels.unwrap_or_default();
        let config = self.config();
        let classifier = Classifier::init(config, settings.seed);
        let mut classifier = classifier.with_backend(backend(settings));
        let total = settings.classifier_epochs * (part.n / Classifier::BATCH_SIZE);
        let progress = Progress::new("classifier", total as u64, self.quiet);
        let mut stopped = None;
        let report = |step: usize, _: usize, loss: f64| {
            progress.set(step as u64, &format!("loss {loss:.4}"));
            stopped = self.signals.received();
            stopped.is_none()
        };
        let (epochs, seed) = (settings.classifier_epochs, settings.seed);
        classifier
            .train(&part.images, &labels, epochs, seed, report)
            .map_err(Failure::input)?;
        if let Some(signal) = stopped {
            return Err(Failure::Interrupted(signal));
        }
        progress.finish();
        let train_accuracy = self.accuracy(&classifier, &part.images, &labels)?;
        drop(part.images);
        let test_accuracy = match self.dataset.len(Part::Test) {
            Some(n) if n > 0 => {
                let test = self.dataset.read_part(Part::Test)?;
                let labels = test.labels.unwrap_or_default();
                Some(self.accuracy(&classifier, &test.images, &labels)?)
            }
            _ => None,
        };
        let info = ClassifierInfo {
            epochs,
            recipe: Classifier::RECIPE.into(),
            train_accuracy,
            test_accuracy,
            ..self.info(seed)
        };
        let arrays = classifier.arrays();
        Ok(ClassifierFile { info, arrays })
    }

    /// The fixed random features for images without labels: the same layers, untrained.
    pub(crate) fn random(&self) -> ClassifierFile {
        ClassifierFile {
            info: self.info(0),
            arrays: Classifier::init(self.config(), 0).arrays(),
        }
    }

    fn info(&self, seed: u64) -> ClassifierInfo {
        let info = self.dataset.info();
        ClassifierInfo {
            architecture: Classifier::ARCHITECTURE.into(),
            height: info.height,
            width: info.width,
            channels: info.channels,
            class_names: info.class_names.clone(),
            dataset: info.name.clone(),
            dataset_sha256: self.dataset.content_sha256().into(),
            epochs: 0,
            recipe: "not trained".into(),
            seed,
            train_accuracy: 0.0,
            test_accuracy: None,
        }
    }

    /// See [`classifier_config`].
    pub(crate) fn config(&self) -> ClassifierConfig {
        classifier_config(self.dataset)
    }

    /// Logits and features of images, in the order given.
    pub(crate) fn read(
        &self,
        classifier: &Classifier,
        images: &[u8],
        what: &str,
    ) -> Result<Reading, Failure> {
        let n = images.len() / self.dataset.info().image_len();
        self.read_rows(classifier, images, &order::first(n), what)
    }

    /// Logits and features of the images at these positions.
    pub(crate) fn read_rows(
        &self,
        classifier: &Classifier,
        images: &[u8],
        rows: &[u32],
        what: &str,
    ) -> Result<Reading, Failure> {
        let size = self.dataset.info().image_len();
        let progress = Progress::new("features", rows.len() as u64, self.quiet);
        let (mut whole, mut pixels) = (Reading::default(), Vec::new());
        let mut done = 0;
        for chunk in rows.chunks(CHUNK) {
            if let Some(signal) = self.signals.received() {
                return Err(Failure::Interrupted(signal));
            }
            pixels.clear();
            for &row in chunk {
                pixels.extend_from_slice(&images[row as usize * size..][..size]);
            }
            let reading = classifier.read(&pixels).map_err(Failure::input)?;
            whole.logits.extend(reading.logits);
            whole.features.extend(reading.features);
            done += chunk.len();
            progress.set(done as u64, what);
        }
        progress.finish();
        Ok(whole)
    }

    fn accuracy(
        &self,
        classifier: &Classifier,
        images: &[u8],
        labels: &[u8],
    ) -> Result<f64, Failure> {
        let reading = self.read(classifier, images, "accuracy")?;
        let classified = Classified::new(&reading.logits, self.config().classes);
        let hits = classified
            .and_then(|classified| classified.hits(labels))
            .map_err(Failure::input)?;
        Ok(hits.iter().filter(|&&hit| hit).count() as f64 / hits.len() as f64)
    }
}
