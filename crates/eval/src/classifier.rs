//! The classifier: trained by its own command, read from a file, or made when none is given.

use crate::error::artifact_failure;
use crate::run::kernels;
use crate::{ClassifierArgs, Error, order};
use dcgan_artifacts::{
    Artifact, ClassifierFile, ClassifierInfo, DatasetReader, EarlierResults, Part, Results,
};
use dcgan_hints::shown;
use dcgan_metrics::{Classified, Classifier, ClassifierConfig, Reading};
use dcgan_settings::Eval;
use dcgan_terminal::{Failure, Progress, Signals, print_result};
use serde_json::{Value, json};
use std::path::Path;

/// Name of the file.
pub(crate) const FILE: &str = "classifier.safetensors";
/// Images between two looks at progress and signals.
const CHUNK: usize = 2048;
/// The stage, as manifests name it.
const STAGE: &str = "dcgan-eval classifier";

/// `dcgan-eval classifier`.
pub(crate) fn run(args: &ClassifierArgs) -> Result<(), Failure> {
    let settings = args.common.pipeline()?.eval;
    let (identity, defaults) = (identity(&settings), identity(&Eval::default()));
    dcgan_kernels::set_threads(args.common.threads);
    dcgan_kernels::set_kernels(kernels(&settings).0);
    let folder = &args.common.out;
    let records = vec![crate::inputs::record(&args.dataset, Artifact::Dataset)?];
    let earlier = EarlierResults::read(folder, STAGE).map_err(artifact_failure)?;
    let up_to_date = earlier.is_of(&identity, &defaults, &records) && !args.common.force;
    if up_to_date {
        let human = format!("nothing to do: `{}` is up to date", shown(folder));
        return print_result(&args.common, &human, &json!({ "status": "up_to_date" }));
    }
    let mut dataset = DatasetReader::open(&args.dataset).map_err(artifact_failure)?;
    dataset.leave_out_untrained();
    check_labels(&dataset, &args.dataset)?;
    if args.common.dry_run {
        let human = format!("would write {FILE} in `{}`", shown(folder));
        let json = json!({ "status": "would_run", "settings": identity, "writes": [FILE] });
        return print_result(&args.common, &human, &json);
    }
    let results = Results::open(folder, STAGE, env!("CARGO_PKG_VERSION"));
    let mut results = results.map_err(artifact_failure)?;
    let signals = Signals::install()?;
    let work = Work {
        dataset: &dataset,
        quiet: args.common.quiet,
        signals: &signals,
    };
    let file = work.train(&settings)?;
    results.clear().map_err(artifact_failure)?;
    let digest = file.write(&folder.join(FILE)).map_err(artifact_failure)?;
    results.add(FILE, digest);
    let finished = results.finish(identity, records);
    finished.map_err(artifact_failure)?;
    let test = file.info.test_accuracy;
    let human = format!(
        "accuracy: {:.4} on the training part, {} on the test part\nwrote `{}`",
        file.info.train_accuracy,
        test.map_or("unknown".into(), |test| format!("{test:.4}")),
        shown(folder.join(FILE))
    );
    let json = json!({
        "status": "done",
        "train_accuracy": file.info.train_accuracy,
        "test_accuracy": test,
    });
    print_result(&args.common, &human, &json)
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
        let part = self.dataset.read_part(Part::Train);
        let part = part.map_err(artifact_failure)?;
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
                let test = self.dataset.read_part(Part::Test);
                let test = test.map_err(artifact_failure)?;
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
