//! The run around the iterations: where it starts, what is due after each, how it ends.

use crate::batches::Batches;
use crate::checkpoints::Checkpoints;
use crate::events::{EVENTS, Event, Events};
use crate::folder::{self, Found, RunFolder};
use crate::grids::{Grids, REALS};
use crate::histograms::{self, HISTOGRAMS};
use crate::kernels::{kernels, precision};
use crate::resolved::Resolved;
use crate::scores::{Judge, SCORES};
use crate::standing::Standing;
use crate::tables::{METRICS, TIMING, Timing};
use crate::tensorboard::EVENT_FILE;
use crate::watch::Watch;
use crate::{Args, Error};
use dcgan::step::{State, Trace, iteration};
use dcgan_artifacts::{BestScore, FileRecord, Manifest, Role, checkpoint_path, list_checkpoints};
use dcgan_hints::{printable, shown, text_of};
use dcgan_settings::OnDivergence;
use dcgan_terminal::{Failure, Progress, Signal, Signals, print_result};
use serde_json::{Value, json};
use std::time::Instant;

/// Asked at each safe point whether to stop; once it has said so, it says so again.
pub(crate) type Stop<'a> = &'a dyn Fn() -> Option<Signal>;

const GENERATOR: &str = "generator.safetensors";
const AVERAGED: &str = "generator-ema.safetensors";
const DISCRIMINATOR: &str = "discriminator.safetensors";

/// Files in the run folder that a run writes or goes on writing, `run.json` aside.
const WRITTEN: [&str; 8] = [
    METRICS,
    HISTOGRAMS,
    SCORES,
    EVENTS,
    TIMING,
    GENERATOR,
    DISCRIMINATOR,
    AVERAGED,
];

/// Trains a DCGAN on `args.dataset` in the folder `args.common.out`.
///
/// # Errors
/// A [`Failure`] of the contract's classes. After [`Failure::Interrupted`] a checkpoint of the last
/// iteration stands, and the same call goes on from it.
pub fn run(args: &Args) -> Result<(), Failure> {
    run_until(args, || {
        let signals = Signals::install()?;
        Ok(move || signals.received())
    })
}

/// The same, where what `watch` gives stands for the signals: once there is something to train it is asked
/// at each safe point whether to stop. Having said so, it must say so again.
///
/// # Errors
/// As [`run`].
pub fn run_until<S>(args: &Args, watch: impl FnOnce() -> Result<S, Failure>) -> Result<(), Failure>
where
    S: Fn() -> Option<Signal>,
{
    dcgan_kernels::set_threads(args.common.threads);
    let resolved = Resolved::new(args)?;
    dcgan_kernels::set_kernels(kernels(&resolved.settings).0);
    let identity = resolved.identity();
    let out = &args.common.out;
    if args.common.dry_run {
        return dry_run(
            args,
            &resolved,
            folder::inspect(out, &identity, args.common.force)?,
        );
    }

    require_instructions(args, &resolved, &identity)?;
    let stop = watch()?;
    let mut folder = RunFolder::lock(out)?;
    match folder::inspect(out, &identity, args.common.force)? {
        Found::Finished => return unchanged(args, &resolved),
        Found::MoveAside => {
            let old = folder.move_aside()?;
            log::info!("the old run is now in `{}`", old.display());
        }
        Found::Nothing | Found::Unfinished => {}
    }
    folder.begin(&identity, &WRITTEN, resolved.settings.tensorboard)?;

    let mut run = Run::start(&resolved, &folder)?;
    run.catch_up(&stop)?;
    run.train(&stop, args.common.quiet)?;
    run.finish(&stop)?;
    trained(args, &resolved, run.at.best.as_ref())
}

/// Holds that this processor has what the precision of the settings asks for, unless there is nothing to do.
///
/// # Errors
/// [`Error::Precision`] says what it has instead.
fn require_instructions(args: &Args, resolved: &Resolved, identity: &Value) -> Result<(), Error> {
    let Some(found) = precision(&resolved.settings).missing() else {
        return Ok(());
    };
    match folder::inspect(&args.common.out, identity, args.common.force)? {
        Found::Finished => Ok(()),
        Found::Nothing | Found::MoveAside | Found::Unfinished => Err(Error::Precision { found }),
    }
}

/// A run under way.
struct Run<'a> {
    resolved: &'a Resolved,
    folder: &'a RunFolder,
    checkpoints: Checkpoints,
    grids: Grids,
    events: Events,
    watch: Watch,
    /// Who takes scores, where any are taken.
    judge: Option<Judge>,
    /// Where it stands.
    at: Standing,
}

/// What an iteration leaves for whoever watches.
struct Done {
    trace: Trace,
    timing: Timing,
    signal: Option<Signal>,
}

impl<'a> Run<'a> {
    /// Goes on from the newest good checkpoint, or starts where there is none.
    fn start(resolved: &'a Resolved, folder: &'a RunFolder) -> Result<Self, Error> {
        let Resolved {
            settings, config, ..
        } = resolved;
        let checkpoints = Checkpoints {
            folder: folder.checkpoints(),
            network: resolved.network.clone(),
            seed: settings.seed,
            dataset_sha256: resolved.dataset.content_sha256().to_owned(),
            plan: resolved.plan,
            keep: settings.keep_checkpoints,
        };
        let grids = Grids::new(
            &folder.path,
            config,
            &resolved.network.trained_classes(),
            resolved.distribution,
            settings.seed,
        );
        let at = Standing::find(resolved, &folder.path, &checkpoints)?;
        let events = Events::resume(&folder.path, at.events.as_ref())?;
        if let Some(path) = &at.newest {
            log::info!("going on after step {}, from `{}`", at.step, path.display());
        } else if resolved.plan.draws(0) {
            grids.draw(&at.state.generator, 0)?;
            grids.draw_reals(&resolved.dataset)?;
        }
        Ok(Self {
            resolved,
            folder,
            checkpoints,
            grids,
            events,
            watch: Watch::new(settings.collapse_watch),
            judge: Judge::new(resolved)?,
            at,
        })
    }

    /// Does what a signal kept from being done after the step that the run goes on from.
    fn catch_up(&mut self, stop: Stop<'_>) -> Result<(), Failure> {
        if self.at.in_arrears {
            self.do_what_is_due(stop)?;
        }
        // All that was done stands in a checkpoint.
        go_on(stop)
    }

    /// Runs the iterations that are left, until the last one or a signal.
    fn train(&mut self, stop: Stop<'_>, quiet: bool) -> Result<(), Failure> {
        let plan = &self.resolved.plan;
        let mut batches = Batches::new(
            &self.resolved.dataset,
            &self.resolved.config,
            &self.resolved.settings,
            self.resolved.distribution,
            *plan,
            self.at.attempt,
        );
        let progress = Progress::new("training", plan.last_step, quiet);
        progress.set(self.at.step, "");

        while self.at.step < plan.last_step {
            match self.advance(&mut batches, stop) {
                Ok(Done {
                    trace,
                    timing,
                    signal,
                }) => {
                    let step = self.at.step;
                    progress.set(step, &message(plan.epoch(step), &trace, &timing));
                    if let Some(signal) = signal {
                        return Err(Failure::Interrupted(signal));
                    }
                }
                Err(error) => {
                    self.roll_back(error)?;
                    batches.begin(self.at.attempt);
                }
            }
        }
        progress.finish();
        Ok(())
    }

    /// Runs the next iteration and all that is due after it.
    fn advance(&mut self, batches: &mut Batches<'_>, stop: Stop<'_>) -> Result<Done, Error> {
        let Resolved {
            settings,
            schedule,
            plan,
            ..
        } = self.resolved;
        let step = self.at.step + 1;
        let begun = Instant::now();
        let batch = batches.at(step)?;
        let data = begun.elapsed();
        let share = plan.learning_rate_share(step);
        self.at.state.scale_learning_rates(share);
        let trace = iteration(&mut self.at.state, &batch, schedule)
            .map_err(|error| self.diverged(step, error))?;
        if let Some(average) = &mut self.at.average {
            average.feed(&self.at.state.generator, step)?;
        }
        let timing = Timing {
            iteration: begun.elapsed(),
            data,
            batch_size: settings.batch_size,
        };
        self.at.step = step;

        if plan.logs(step) {
            self.at
                .tables
                .append(step, plan.epoch(step), &trace, &timing)?;
        }
        let is_saved = stop().is_none() && self.do_what_is_due(stop)?;
        let signal = stop();
        if signal.is_some() && !is_saved {
            self.save(true)?;
        }
        if let Some(sign) = self.watch.see(&trace) {
            log::warn!("step {step}: {sign}");
        }
        Ok(Done {
            trace,
            timing,
            signal,
        })
    }

    /// Does what is due after the step that was just done: grid, scores, checkpoint. Whether the checkpoint
    /// stands; it doesn't where none is due, or where `stop` came first.
    fn do_what_is_due(&mut self, stop: Stop<'_>) -> Result<bool, Error> {
        let (plan, step) = (&self.resolved.plan, self.at.step);
        if plan.draws(step) {
            self.grids.draw(&self.at.state.generator, step)?;
            // Whoever watches the run finds the rows up to the picture.
            self.at.tables.flush()?;
        }
        if plan.scores(step) && !self.at.tables.has_scores(step) && !self.score(step, stop)? {
            return Ok(false);
        }
        let is_due = plan.keeps_checkpoint(step);
        if is_due {
            self.save(false)?;
        }
        Ok(is_due)
    }

    /// Takes the scores of `step`. Whether they are taken: not where `stop` came first.
    fn score(&mut self, step: u64, stop: Stop<'_>) -> Result<bool, Error> {
        let Some(judge) = &self.judge else {
            return Ok(true);
        };
        let (plan, at) = (&self.resolved.plan, &mut self.at);
        let Some(scores) = judge.scores(&at.state.generator, at.average.as_ref(), stop)? else {
            return Ok(false);
        };
        at.tables.append_scores(step, plan.epoch(step), &scores)?;
        at.best = judge.better(at.best.as_ref(), &scores, step, plan);
        Ok(true)
    }

    /// Writes the checkpoint of the step that was just done, the tables first.
    fn save(&mut self, on_signal: bool) -> Result<(), Error> {
        let mut tables = self.at.tables.flush()?;
        if let Some(position) = self.events.flush()? {
            tables.insert(EVENTS.into(), position);
        }
        let path =
            self.checkpoints
                .save(&self.at, tables, on_signal)
                .map_err(|error| match error {
                    Error::Network(error) => self.diverged(self.at.step, error),
                    error => error,
                })?;
        self.at.newest = Some(path);
        Ok(())
    }

    /// Says at which step training diverged and what is left; other errors stay what they are.
    fn diverged(&self, step: u64, source: dcgan::Error) -> Error {
        if !source.is_divergence() {
            return source.into();
        }
        Error::Diverged {
            step,
            rollbacks: self.at.attempt,
            checkpoint: self.at.newest.clone(),
            source,
        }
    }

    /// After a divergence, goes back to the last good checkpoint of the plan, where the settings have
    /// it so. The order of the pictures and z are then those of another attempt.
    ///
    /// A checkpoint that only a signal has made is passed over: an undisturbed run has none.
    ///
    /// # Errors
    /// `error` itself where it is no divergence, or where the run is to stop.
    fn roll_back(&mut self, error: Error) -> Result<(), Error> {
        let Error::Diverged { step, source, .. } = &error else {
            return Err(error);
        };
        let (step, detail) = (*step, source.to_string());
        let settings = &self.resolved.settings;
        let (rollbacks, max) = (self.at.attempt, settings.max_rollbacks);
        if settings.on_divergence == OnDivergence::Stop || rollbacks >= max {
            self.events.record(Event {
                step,
                back_to: None,
                attempt: rollbacks,
                detail,
            })?;
            return Err(error);
        }
        let attempt = rollbacks + 1;
        // What the old tables still hold in memory must not follow what the new ones cut.
        self.at.tables.flush()?;
        self.checkpoints.drop_unplanned()?;
        let at = Standing::find(self.resolved, &self.folder.path, &self.checkpoints)?;
        let back_to = at.step;
        log::warn!(
            "training diverged at step {step}: {detail}; roll-back {attempt} of at most {max}, to \
             step {back_to}"
        );
        self.events.record(Event {
            step,
            back_to: Some(back_to),
            attempt,
            detail,
        })?;
        self.at = Standing { attempt, ..at };
        self.watch = Watch::new(settings.collapse_watch);
        Ok(())
    }

    /// Writes the networks as files of their own and, last of all, the manifest.
    fn finish(&self, stop: Stop<'_>) -> Result<(), Failure> {
        let plan = &self.resolved.plan;
        self.write_networks()?;
        // Again, since a run that was killed right after its last checkpoint has not done it.
        let best = self.at.best.as_ref();
        self.checkpoints.retain(self.at.step, best)?;
        self.warn_of_lost_best();
        self.grids.tidy(|step| plan.draws(step))?;
        let manifest = Manifest {
            stage: env!("CARGO_PKG_NAME").into(),
            version: env!("CARGO_PKG_VERSION").into(),
            settings: self.resolved.settings(),
            inputs: self.resolved.inputs(),
            outputs: self.outputs(stop)?,
        };
        Ok(self.folder.complete(&manifest)?)
    }

    /// The records of all that a finished run wrote, but for `timing.csv`. Reading all checkpoints may take long:
    /// `stop` is asked before each file.
    fn outputs(&self, stop: Stop<'_>) -> Result<Vec<FileRecord>, Failure> {
        let (folder, resolved) = (&self.folder.path, self.resolved);
        let mut names = [folder::RUN, METRICS, GENERATOR, DISCRIMINATOR]
            .map(String::from)
            .to_vec();
        if resolved.settings.ema > 0.0 {
            names.push(AVERAGED.into());
        }
        if self.at.tables.has_histograms() {
            names.push(HISTOGRAMS.into());
        }
        if resolved.settings.score_every > 0 {
            names.push(SCORES.into());
        }
        for (step, _) in list_checkpoints(&self.folder.checkpoints()).map_err(Error::from)? {
            names.push(format!("checkpoints/step-{step:08}.safetensors"));
        }
        let mut records = Vec::new();
        for name in names {
            go_on(stop)?;
            records.push(FileRecord::of_file(folder, &name).map_err(Error::from)?);
        }

        let drawn = (0..=resolved.plan.last_step).filter(|&step| resolved.plan.draws(step));
        let reals = resolved.plan.draws(0).then(|| REALS.to_owned());
        for name in reals.into_iter().chain(drawn.map(Grids::name)) {
            go_on(stop)?;
            match FileRecord::of_file(folder, &name) {
                Ok(record) => records.push(record),
                Err(dcgan_artifacts::Error::Missing { path, .. }) => {
                    log::warn!("`{}` is gone and not drawn again", path.display());
                }
                Err(error) => return Err(Error::from(error).into()),
            }
        }
        Ok(records)
    }

    fn write_networks(&self) -> Result<(), Error> {
        let State {
            generator,
            discriminator,
            ..
        } = &self.at.state;
        let write = |name: &str, role, weights| {
            let path = self.folder.path.join(name);
            self.checkpoints
                .write_model(&path, role, weights, self.at.step)
        };
        write(GENERATOR, Role::Generator, generator.arrays()?)?;
        write(DISCRIMINATOR, Role::Discriminator, discriminator.arrays()?)?;
        if let Some(average) = &self.at.average {
            write(AVERAGED, Role::Generator, average.arrays().clone())?;
        }
        Ok(())
    }

    /// Nobody but a hand, or damage, removes the best checkpoint.
    fn warn_of_lost_best(&self) {
        if let Some(BestScore { step, .. }) = &self.at.best
            && !checkpoint_path(&self.checkpoints.folder, *step).is_file()
        {
            log::warn!("the best checkpoint, that of step {step}, is gone");
        }
    }
}

/// Ends the run where `stop` says so.
fn go_on(stop: Stop<'_>) -> Result<(), Failure> {
    stop().map_or(Ok(()), |signal| Err(Failure::Interrupted(signal)))
}

/// What stands beside the progress.
fn message(epoch: u64, trace: &Trace, timing: &Timing) -> String {
    format!(
        "epoch {epoch}, {:.0} images/s, loss D {:.3} G {:.3}, D(x) {:.2}, D(G(z)) {:.2}",
        timing.images_per_second(),
        trace.d_loss,
        trace.g_losses.last().copied().unwrap_or(f32::NAN),
        trace.d_real_mean,
        trace.d_fake_mean,
    )
}

fn unchanged(args: &Args, resolved: &Resolved) -> Result<(), Failure> {
    let out = shown(&args.common.out);
    let step = resolved.plan.last_step;
    let human = format!("nothing to do: `{out}` is up to date, {step} steps");
    print_result(&args.common, &human, &result("unchanged", args, resolved))
}

fn trained(args: &Args, resolved: &Resolved, best: Option<&BestScore>) -> Result<(), Failure> {
    let out = shown(&args.common.out);
    let (step, epochs) = (resolved.plan.last_step, resolved.settings.epochs);
    let mut human = format!("trained {step} steps, {epochs} epochs: `{GENERATOR}` in `{out}`");
    let mut result = result("trained", args, resolved);
    if let Some(BestScore {
        metric,
        value,
        step,
    }) = best
    {
        let checkpoint = checkpoint_path(&args.common.out.join(folder::CHECKPOINTS), *step);
        let best = format!(
            "\nbest {metric}: {value} at step {step}: `{}`",
            shown(&checkpoint)
        );
        human += &best;
        result["best"] = json!({
            "metric": metric, "value": value, "step": step, "checkpoint": text_of(&checkpoint),
        });
    }
    print_result(&args.common, &human, &result)
}

fn result(status: &str, args: &Args, resolved: &Resolved) -> Value {
    let mut result = json!({
        "status": status,
        "out": text_of(&args.common.out),
        "step": resolved.plan.last_step,
        "epoch": resolved.plan.epoch(resolved.plan.last_step),
    });
    let network = &resolved.network;
    if !network.untrained_classes.is_empty() {
        let untrained = network.untrained_classes.iter();
        let names = untrained.map(|&class| network.class_name(class));
        result["untrained_classes"] = names.collect();
    }
    result
}

/// Says what would be read and written, under which settings.
fn dry_run(args: &Args, resolved: &Resolved, found: Found) -> Result<(), Failure> {
    let would = match found {
        Found::Nothing => "start a run",
        Found::MoveAside => "move the old run aside and start a run",
        Found::Unfinished => "go on from the newest checkpoint",
        Found::Finished => "do nothing: the run is complete",
    };
    let Resolved { plan, settings, .. } = resolved;
    let classifier = settings.classifier.as_ref();
    let reads: Vec<String> = std::iter::once(&args.dataset)
        .chain(classifier.filter(|_| settings.score_every > 0))
        .map(text_of)
        .collect();
    let writes = [
        folder::RUN,
        METRICS,
        HISTOGRAMS,
        TIMING,
        SCORES,
        EVENT_FILE,
        "checkpoints/step-NNNNNNNN.safetensors",
        "samples/reals.png",
        "samples/step-NNNNNNNN.png",
        GENERATOR,
        DISCRIMINATOR,
        AVERAGED,
        Manifest::NAME,
    ]
    .into_iter()
    .filter(|&name| match name {
        AVERAGED => settings.ema > 0.0,
        // A run that was begun without goes on without.
        HISTOGRAMS => found != Found::Unfinished || histograms::go_on(&args.common.out),
        SCORES => settings.score_every > 0,
        EVENT_FILE => settings.tensorboard,
        _ => true,
    })
    .map(|name| text_of(args.common.out.join(name)))
    .collect::<Vec<_>>();
    let json = json!({
        "status": "dry run",
        "would": would,
        "settings": resolved.settings(),
        "steps": plan.last_step,
        "steps_per_epoch": plan.steps_per_epoch,
        "reads": reads,
        "writes": writes,
    });
    let mut human = format!(
        "would {would}\nsteps: {} in {} epochs of {}\n",
        plan.last_step, settings.epochs, plan.steps_per_epoch
    );
    for (key, value) in json["settings"]["train"].as_object().into_iter().flatten() {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        human += &[
            "train.", key, ": ", &text, "
",
        ]
        .concat();
    }
    for (verb, files) in [("reads", &reads[..]), ("writes", &writes[..])] {
        for file in files {
            human += &[verb, " ", &printable(file), "\n"].concat();
        }
    }
    print_result(&args.common, &human, &json)
}
