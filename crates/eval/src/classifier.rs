//! The classifier: trained by its own command, read from a file, or made when none is given.

use crate::identity::kernels;
use crate::{ClassifierArgs, Error, order};
use dcgan_artifacts::{Artifact, ClassifierFile, ClassifierInfo, DatasetReader, FileRecord, Part};
use dcgan_hints::shown;
use dcgan_metrics::{Classified, Classifier, ClassifierConfig, Reading};
use dcgan_settings::Eval;
use dcgan_stage::{Failure, Output, Plan, Progress, Report, Settings, Signals, Stage};
use serde_json::{Value, json};
use std::path::Path;

/// Name of the file.
pub(crate) const FILE: &str = "classifier.safetensors";
/// Images between two looks at progress and signals.
const CHUNK: usize = 2048;

/// `dcgan-eval classifier`.
pub(crate) fn run(args: &ClassifierArgs) -> Result<(), Failure> {
    let settings = args.common.pipeline()?.eval;
    dcgan_kernels::set_threads(args.common.threads);
    dcgan_kernels::set_kernels(kernels(&settings).0);
    dcgan_stage::run(&Training { args, settings }, &args.common)
}

/// A classifier that is to be trained.
struct Training<'a> {
    args: &'a ClassifierArgs,
    settings: Eval,
}

impl Stage for Training<'_> {
    type Loaded = DatasetReader;

    const NAME: &'static str = "dcgan-eval classifier";

    fn settings(&self) -> Settings {
        Settings {
            asked: identity(&self.settings),
            defaults: identity(&Eval::default()),
        }
    }

    fn inputs(&self) -> Result<Vec<FileRecord>, Failure> {
        let dataset = crate::inputs::record(&self.args.dataset, Artifact::Dataset)?;
        Ok(vec![dataset])
    }

    fn load(&self) -> Result<DatasetReader, Failure> {
        let mut dataset = DatasetReader::open(&self.args.dataset)?;
        dataset.leave_out_untrained();
        check_labels(&dataset, &self.args.dataset)?;
        Ok(dataset)
    }

    fn plan(&self, _: &DatasetReader, _: dcgan_stage::Work) -> Plan {
        Plan::new().file(FILE)
    }

    fn write(&self, dataset: DatasetReader, output: &mut Output) -> Result<Report, Failure> {
        let work = Work {
            dataset: &dataset,
            quiet: self.args.common.quiet,
            signals: output.signals(),
        };
        let file = work.train(&self.settings)?;
        let path = output.place(FILE)?;
        output.record(FILE, file.write(&path)?);
        let (train, test) = (file.info.train_accuracy, file.info.test_accuracy);
        let human = format!(
            "accuracy: {train:.4} on the training part, {} on the test part\nwrote `{}`",
            test.map_or("unknown".into(), |test| format!("{test:.4}")),
            shown(path)
        );
        let report = Report::new(human).with("train_accuracy", train);
        Ok(report.with("test_accuracy", json!(test)))
    }
}

/// The settings that the classifier depends on.
fn identity(settings: &Eval) -> Value {
    json!({
        "classifier": {
            "epochs": settings.classifier_epochs,
            "seed": settings.seed,
            "kernels": settings.kernels,
        }
    })
}

/// A classifier learns from labels alone.
fn check_labels(dataset: &DatasetReader, path: &Path) -> Result<(), Failure> {
    if dataset.labels(Part::Train).is_some() {
        return Ok(());
    }
    let path = path.to_owned();
    Err(Failure::input(Error::Unlabelled { path }))
}

/// Images of the dataset's size, and its classes; a single one without labels.
pub(crate) fn classifier_config(dataset: &DatasetReader) -> ClassifierConfig {
    let info = dataset.info();
    ClassifierConfig {
        height: info.height,
        width: info.width,
        channels: info.channels,
        classes: info.class_names.len().max(1),
    }
}

/// What training and reading a classifier need.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Work<'a> {
    pub(crate) dataset: &'a DatasetReader,
    pub(crate) quiet: bool,
    pub(crate) signals: &'a Signals,
}

impl Work<'_> {
    /// Trains a classifier on the training part and measures it on both.
    pub(crate) fn train(&self, settings: &Eval) -> Result<ClassifierFile, Failure> {
        let part = self.dataset.read_part(Part::Train)?;
        let labels = part.labels.unwrap_or_default();
        let config = self.config();
        let classifier = Classifier::init(config, settings.seed);
        let mut classifier = classifier.with_backend(kernels(settings).1);
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

    /// The fixed random features for images without labels: the same layers, never trained.
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
