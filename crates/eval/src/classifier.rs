//! The subcommand `dcgan-eval classifier`.

use crate::inputs::digest::record;
use crate::measure::classifier::{FILE, Work};
use crate::{ClassifierArgs, Error};
use dcgan_artifacts::{Artifact, DatasetReader, FileRecord, Part};
use dcgan_hints::shown;
use dcgan_settings::Eval;
use dcgan_stage::{Failure, Output, Plan, Report, Settings, Stage};
use serde_json::{Value, json};
use std::path::Path;

/// Runs `dcgan-eval classifier`.
pub(crate) fn run(args: &ClassifierArgs) -> Result<(), Failure> {
    let settings = args.common.pipeline()?.eval;
    dcgan_stage::claim_threads(args.common.threads);
    dcgan_stage::run(&Training { args, settings }, &args.common)
}

/// The training of a classifier.
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
        let dataset = record(&self.args.dataset, Artifact::Dataset)?;
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

/// Refuses a dataset without labels.
fn check_labels(dataset: &DatasetReader, path: &Path) -> Result<(), Failure> {
    if dataset.labels(Part::Train).is_some() {
        return Ok(());
    }
    let path = path.to_owned();
    Err(Failure::input(Error::Unlabelled { path }))
}
