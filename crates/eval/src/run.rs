//! The stage from command line to manifest.

use crate::evaluate::{Evaluation, evaluate};
use crate::figures::tree;
use crate::identity::{defaults, identity};
use crate::inputs::opened::Inputs;
use crate::inputs::records::{listed, records};
use crate::measure::classifier::FILE;
use crate::measure::copying;
use crate::report::timing;
use crate::{Args, Cli, classifier, compare, files, verify};
use dcgan_artifacts::{Columns, FileRecord, best_checkpoint, remove_file, write_atomic};
use dcgan_hints::shown;
use dcgan_settings::Eval;
use dcgan_stage::{Failure, Output, Plan, Report, Settings, Stage, Work};
use std::path::Path;

/// Runs the command line.
///
/// # Errors
/// A [`Failure`] with its exit code.
pub fn run(cli: &Cli) -> Result<(), Failure> {
    match cli {
        Cli::Evaluate(args) => {
            let evaluating = Evaluating::new(args)?;
            dcgan_stage::run(&evaluating, &evaluating.args.common)
        }
        Cli::Classifier(args) => classifier::run(args),
        Cli::Compare(args) => compare::run(args),
        Cli::Verify(args) => verify::run(args),
    }
}

/// Evaluates a checkpoint or samples against a dataset.
struct Evaluating {
    /// The command line, with the evaluated checkpoint filled in.
    args: Args,
    settings: Eval,
    /// The inputs. Recorded before anything is opened, so that errors of missing files name their
    /// role.
    records: Vec<FileRecord>,
}

impl Evaluating {
    fn new(args: &Args) -> Result<Self, Failure> {
        let settings = args.common.pipeline()?.eval;
        let args = with_checkpoint(args, &settings)?;
        dcgan_stage::claim_threads(args.common.threads);
        Ok(Self {
            records: records(&args, &settings)?,
            args,
            settings,
        })
    }
}

/// The command line with the checkpoint to evaluate: the given one, or the newest of
/// `--checkpoints`; with `eval.best` the best one that this one records.
fn with_checkpoint(args: &Args, settings: &Eval) -> Result<Args, Failure> {
    let mut args = args.clone();
    if args.checkpoint.is_none() && args.samples.is_none() {
        args.checkpoint = listed(&args)?.pop();
    }
    if settings.best {
        let best = args.checkpoint.as_deref().map(best_checkpoint);
        args.checkpoint = best.transpose()?;
    }
    Ok(args)
}

impl Stage for Evaluating {
    type Loaded = Inputs;

    const NAME: &'static str = env!("CARGO_PKG_NAME");

    fn settings(&self) -> Settings {
        Settings {
            asked: identity(&self.settings, self.args.samples_range),
            defaults: defaults(),
        }
    }

    fn inputs(&self) -> Result<Vec<FileRecord>, Failure> {
        Ok(self.records.clone())
    }

    fn load(&self) -> Result<Inputs, Failure> {
        Inputs::open(&self.args, &self.settings)
    }

    fn plan(&self, inputs: &Inputs, _: Work) -> Plan {
        files::plan(inputs, &self.settings)
    }

    fn write(&self, inputs: Inputs, output: &mut Output) -> Result<Report, Failure> {
        let identity = self.settings().asked;
        let provenance = (&identity, output.inputs());
        let evaluation = evaluate(
            inputs,
            &self.args,
            &self.settings,
            provenance,
            output.signals(),
        )?;
        let Evaluation {
            classifier,
            neighbours,
            outputs,
            rows,
            timing,
            metrics,
            table,
        } = evaluation;
        output.begin()?;
        // The manifest does not list it, so the frame does not remove an earlier one.
        remove_file(&output.folder().join(timing::FILE))?;
        for file in &outputs {
            output.write(&file.name, &file.bytes)?;
        }
        if let Some(classifier) = classifier {
            let digest = classifier.write(&output.place(FILE)?)?;
            output.record(FILE, digest);
        }
        if let Some(neighbours) = neighbours {
            let digest = neighbours.write(&output.place(copying::FILE)?)?;
            output.record(copying::FILE, digest);
        }
        if let Some(rows) = rows {
            rows.remove_others(output.folder())?;
        }
        if let Some(page) = timing {
            output.write_unlisted(timing::FILE, page.as_bytes())?;
        }
        let names: Vec<&str> = outputs.iter().map(|file| file.name.as_ref()).collect();
        let (names, folder) = (names.join(", "), shown(output.folder()));
        let human = format!("{table}\nwrote {names} to `{folder}`");
        Ok(Report::new(human).with("metrics", tree(&metrics)))
    }

    /// Whether `--timing` is given and the complete evaluation lacks its page.
    fn lacks(&self, folder: &Path) -> bool {
        self.args.timing.is_some() && !folder.join(timing::FILE).exists()
    }

    fn complete(&self, folder: &Path) -> Result<(), Failure> {
        if let Some(table) = &self.args.timing {
            let page = timing::html(&Columns::read(table)?);
            write_atomic(&folder.join(timing::FILE), page.as_bytes())?;
        }
        Ok(())
    }
}
