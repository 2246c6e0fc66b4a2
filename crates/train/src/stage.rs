//! Training as a stage: its settings, its files and its reports.

use crate::files::{self, CHECKPOINTS, GENERATOR};
use crate::kernels::{backend, precision};
use crate::resolved::{Resolved, recorded};
use crate::run::Run;
use crate::{Args, Error, folder, histograms};
use dcgan_artifacts::{BestScore, FileRecord, RunFile, checkpoint_path};
use dcgan_hints::{shown, text_of};
use dcgan_settings::Train;
use dcgan_stage::{
    Failure, Found, Inputs, Output, Plan, Report, Settings, Signal, Signals, Stage, Work,
};
use serde_json::{Value, json};
use std::path::Path;

/// Trains a DCGAN on `args.dataset` in the folder `args.common.out`.
///
/// # Errors
/// Every class of [`Failure`]. After [`Failure::Interrupted`] there is a checkpoint of the last
/// iteration, and the same call resumes from it.
pub fn run(args: &Args) -> Result<(), Failure> {
    dcgan_stage::run(&Training::new(args)?, &args.common)
}

/// Like [`run`], but polls the function that `watch` returns instead of signals. `watch` is called
/// only if there is something to train. Once the function returns a signal it must keep doing so.
///
/// # Errors
/// As [`run`].
pub fn run_until<S>(args: &Args, watch: impl FnOnce() -> Result<S, Failure>) -> Result<(), Failure>
where
    S: Fn() -> Option<Signal> + Send + Sync + 'static,
{
    let watch = || Ok(Signals::from_fn(watch()?));
    dcgan_stage::run_until(&Training::new(args)?, &args.common, watch)
}

/// The requested training.
struct Training<'a> {
    args: &'a Args,
    resolved: Resolved,
    identity: Value,
}

impl<'a> Training<'a> {
    fn new(args: &'a Args) -> Result<Self, Failure> {
        dcgan_stage::claim_threads(args.common.threads);
        let resolved = Resolved::new(args)?;
        Ok(Self {
            args,
            identity: resolved.identity(),
            resolved,
        })
    }

    /// A report with the figures that follow from the settings.
    fn report(&self, human: String) -> Report {
        let (steps, network) = (&self.resolved.steps, &self.resolved.network);
        let report = Report::new(human)
            .with("step", steps.last_step)
            .with("epoch", steps.epoch(steps.last_step));
        if network.untrained_classes.is_empty() {
            return report;
        }
        let untrained = network.untrained_classes.iter();
        let names: Vec<String> = untrained.map(|&class| network.class_name(class)).collect();
        report.with("untrained_classes", names)
    }

    /// The report of a finished run.
    fn trained(&self, best: Option<&BestScore>) -> Report {
        let out = &self.args.common.out;
        let (step, epochs) = (self.resolved.steps.last_step, self.resolved.settings.epochs);
        let human = format!(
            "trained {step} steps, {epochs} epochs: `{GENERATOR}` in `{}`",
            shown(out)
        );
        let Some(BestScore {
            metric,
            value,
            step,
        }) = best
        else {
            return self.report(human);
        };
        let checkpoint = checkpoint_path(&out.join(CHECKPOINTS), *step);
        let best = json!({
            "metric": metric, "value": value, "step": step, "checkpoint": text_of(&checkpoint),
        });
        let checkpoint = shown(&checkpoint);
        let human = format!("{human}\nbest {metric}: {value} at step {step}: `{checkpoint}`");
        self.report(human).with("best", best)
    }
}

impl Stage for Training<'_> {
    type Loaded = ();

    const NAME: &'static str = env!("CARGO_PKG_NAME");

    fn settings(&self) -> Settings {
        Settings {
            asked: self.resolved.settings(),
            defaults: json!({ "train": recorded(&Train::default()) }),
        }
    }

    fn inputs(&self) -> Result<Vec<FileRecord>, Failure> {
        Ok(self.resolved.inputs())
    }

    /// The settings depend on the dataset, so `Resolved` has read it. Only the processor's
    /// instructions are left to check.
    fn load(&self) -> Result<(), Failure> {
        let (settings, kernels) = (
            &self.resolved.settings,
            backend(&self.resolved.settings).kernels(),
        );
        match precision(settings).missing(kernels) {
            Some(found) => Err(Error::Precision { found }.into()),
            None => Ok(()),
        }
    }

    fn plan(&self, (): &(), work: Work) -> Plan {
        let Resolved {
            settings, steps, ..
        } = &self.resolved;
        let would = match work {
            Work::Nothing | Work::Make => "start a run",
            Work::MoveAside => "move the old run aside and start a run",
            Work::Resume => "resume from the newest checkpoint",
        };
        let (last, per_epoch) = (steps.last_step, steps.per_epoch);
        let has_histograms = histograms::can_resume(&self.args.common.out);
        files::plan(settings, work, has_histograms)
            .about(format!(
                "would {would}\nsteps: {last} in {} epochs of {per_epoch}",
                settings.epochs
            ))
            .with("would", would)
            .with("steps", last)
            .with("steps_per_epoch", per_epoch)
            // What another trainer needs to write the same run.
            .with("run", self.identity.clone())
            .with("network", json!(self.resolved.network))
    }

    fn write(&self, (): (), output: &mut Output) -> Result<Report, Failure> {
        output.begin()?;
        // Before the folders: a folder that has files but not this one counts as not ours.
        let sections = self.identity.clone();
        RunFile { sections }.write(output.folder())?;
        output.make_folders()?;
        let mut run = Run::start(&self.resolved, output)?;
        run.catch_up()?;
        run.train(self.args.common.quiet)?;
        run.finish()?;
        run.list(output)?;
        Ok(self.trained(run.best()))
    }

    fn inspect(&self, folder: &Path, force: bool, _: &Inputs<'_>) -> Result<Found, Failure> {
        Ok(folder::inspect(folder, Self::NAME, &self.identity, force)?)
    }

    fn up_to_date(&self, folder: &Path) -> Report {
        let (out, step) = (shown(folder), self.resolved.steps.last_step);
        self.report(format!(
            "nothing to do: `{out}` is up to date, {step} steps"
        ))
    }
}
