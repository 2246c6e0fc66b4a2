//! The loop over iterations: start or resume, the work due after each, and the end.

use crate::Error;
use crate::batches::Batches;
use crate::checkpoints::Checkpoints;
use crate::events::{Event, Events};
use crate::files::{self, AVERAGED, CHECKPOINTS, DISCRIMINATOR, EVENT_FILE, GENERATOR, REALS, RUN};
use crate::grids::Grids;
use crate::resolved::Resolved;
use crate::run_state::RunState;
use crate::scores::RunScorer;
use crate::tables::Timing;
use crate::watch::Watch;
use dcgan::step::{State, Trace, iteration};
use dcgan_artifacts::run_tables::{EVENTS, HISTOGRAMS, METRICS, SCORES, TIMING};
use dcgan_artifacts::{BestScore, Role, checkpoint_path, list_checkpoints};
use dcgan_settings::OnDivergence;
use dcgan_stage::{Failure, Output, Progress, Signal, Signals};
use std::path::PathBuf;
use std::time::Instant;

/// A run in progress.
pub(crate) struct Run<'a> {
    resolved: &'a Resolved,
    folder: PathBuf,
    signals: Signals,
    checkpoints: Checkpoints,
    grids: Grids,
    events: Events,
    watch: Watch,
    /// `None` for a run without scores.
    scorer: Option<RunScorer>,
    at: RunState,
}

/// The result of an iteration, for the progress display.
struct Done {
    trace: Trace,
    timing: Timing,
    signal: Option<Signal>,
}

impl<'a> Run<'a> {
    /// Resumes from the newest good checkpoint, or starts at step 0 if there is none.
    pub(crate) fn start(resolved: &'a Resolved, output: &Output) -> Result<Self, Error> {
        let folder = output.folder();
        let Resolved {
            settings, config, ..
        } = resolved;
        let checkpoints = Checkpoints {
            folder: folder.join(CHECKPOINTS),
            network: resolved.network.clone(),
            seed: settings.seed,
            dataset_sha256: resolved.dataset.content_sha256().to_owned(),
            steps: resolved.steps,
            keep: settings.keep_checkpoints,
        };
        let grids = Grids::new(
            folder,
            config,
            &resolved.network.trained_classes(),
            resolved.distribution,
            settings.seed,
        );
        let at = RunState::find(resolved, folder, &checkpoints)?;
        let events = Events::resume(folder, at.events.as_ref())?;
        if let Some(path) = &at.newest {
            log::info!("resuming after step {}, from `{}`", at.step, path.display());
        } else if resolved.steps.draws(0) {
            grids.draw(&at.state.generator, 0)?;
            grids.draw_reals(&resolved.dataset)?;
        }
        Ok(Self {
            resolved,
            folder: folder.to_owned(),
            signals: output.signals().clone(),
            checkpoints,
            grids,
            events,
            watch: Watch::new(settings.collapse_watch),
            scorer: RunScorer::new(resolved)?,
            at,
        })
    }

    /// Does the work that a signal skipped after the step that the run resumes from.
    pub(crate) fn catch_up(&mut self) -> Result<(), Failure> {
        if self.at.in_arrears {
            self.do_what_is_due()?;
        }
        // A checkpoint already has the state.
        self.signals.check()
    }

    /// Runs the remaining iterations until the last one or a signal.
    pub(crate) fn train(&mut self, quiet: bool) -> Result<(), Failure> {
        let steps = &self.resolved.steps;
        let mut batches = Batches::new(
            &self.resolved.dataset,
            &self.resolved.config,
            &self.resolved.settings,
            self.resolved.distribution,
            *steps,
            self.at.attempt,
        );
        let progress = Progress::new("training", steps.last_step, quiet);
        progress.set(self.at.step, "");

        while self.at.step < steps.last_step {
            match self.advance(&mut batches) {
                Ok(Done {
                    trace,
                    timing,
                    signal,
                }) => {
                    let step = self.at.step;
                    progress.set(step, &message(steps.epoch(step), &trace, &timing));
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

    /// Runs the next iteration and the work due after it.
    fn advance(&mut self, batches: &mut Batches<'_>) -> Result<Done, Error> {
        let Resolved {
            settings,
            schedule,
            steps,
            ..
        } = self.resolved;
        let step = self.at.step + 1;
        let begun = Instant::now();
        let batch = batches.at(step)?;
        let data = begun.elapsed();
        let share = steps.learning_rate_share(step);
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

        if steps.logs(step) {
            self.at
                .tables
                .append(step, steps.epoch(step), &trace, &timing)?;
        }
        let is_saved = self.signals.received().is_none() && self.do_what_is_due()?;
        let signal = self.signals.received();
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

    /// Does the work due after the current step: grid, scores, checkpoint. Returns whether it wrote
    /// a checkpoint: false if none is due or a signal came first.
    fn do_what_is_due(&mut self) -> Result<bool, Error> {
        let (steps, step) = (&self.resolved.steps, self.at.step);
        if steps.draws(step) {
            self.grids.draw(&self.at.state.generator, step)?;
            // A watcher who sees the picture also finds the rows up to its step.
            self.at.tables.flush()?;
        }
        if steps.scores(step) && !self.at.tables.has_scores(step) && !self.score(step)? {
            return Ok(false);
        }
        let is_due = steps.keeps_checkpoint(step);
        if is_due {
            self.save(false)?;
        }
        Ok(is_due)
    }

    /// Computes the scores of `step`. Returns false if a signal came first.
    fn score(&mut self, step: u64) -> Result<bool, Error> {
        let Some(scorer) = &self.scorer else {
            return Ok(true);
        };
        let (steps, at) = (&self.resolved.steps, &mut self.at);
        let average = at.average.as_ref();
        let Some(scores) = scorer.scores(&at.state.generator, average, &self.signals)? else {
            return Ok(false);
        };
        at.tables.append_scores(step, steps.epoch(step), &scores)?;
        at.best = scorer.better(at.best.as_ref(), &scores, step, steps);
        Ok(true)
    }

    /// Flushes the tables, then writes the checkpoint of the current step.
    fn save(&mut self, on_signal: bool) -> Result<(), Error> {
        let mut tables = self.at.tables.flush()?;
        if let Some(position) = self.events.flush()? {
            tables.insert(EVENTS.into(), position);
        }
        let path = self
            .checkpoints
            .save(self.at.snapshot(tables, on_signal))
            .map_err(|error| match error {
                Error::Network(error) => self.diverged(self.at.step, error),
                error => error,
            })?;
        self.at.newest = Some(path);
        Ok(())
    }

    /// Adds step and last good checkpoint to a divergence; returns other errors unchanged.
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

    /// After a divergence, if the settings ask for it, goes back to the last good scheduled
    /// checkpoint and uses the order of pictures and z of another attempt.
    ///
    /// A checkpoint written on a signal is skipped: an uninterrupted run does not have it.
    ///
    /// # Errors
    /// `error` itself if it is not a divergence or the run is to stop.
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
        // Otherwise the old tables would write buffered rows after the new ones have cut the file.
        self.at.tables.flush()?;
        self.checkpoints.drop_unplanned()?;
        let at = RunState::find(self.resolved, &self.folder, &self.checkpoints)?;
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
        self.at = RunState { attempt, ..at };
        self.watch = Watch::new(settings.collapse_watch);
        Ok(())
    }

    /// Writes the networks' own files and removes leftovers of a shorter run.
    pub(crate) fn finish(&self) -> Result<(), Failure> {
        let steps = &self.resolved.steps;
        self.write_networks()?;
        // Again: a run killed right after its last checkpoint has not done it.
        let best = self.at.best.as_ref();
        self.checkpoints.retain(self.at.step, best)?;
        self.warn_of_lost_best();
        Ok(self.grids.tidy(|step| steps.draws(step))?)
    }

    /// The best score, if checkpoints are compared.
    pub(crate) fn best(&self) -> Option<&BestScore> {
        self.at.best.as_ref()
    }

    /// Lists all files of a finished run. Hashing all checkpoints may take long, so it checks for a
    /// signal between two files.
    pub(crate) fn list(&self, output: &mut Output) -> Result<(), Failure> {
        let resolved = self.resolved;
        let mut names = [RUN, METRICS, GENERATOR, DISCRIMINATOR]
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
        let checkpoints = list_checkpoints(&self.checkpoints.folder)?;
        names.extend(checkpoints.iter().map(|(step, _)| files::checkpoint(*step)));
        for name in names {
            self.signals.check()?;
            output.add(&name)?;
        }

        let steps = &resolved.steps;
        let drawn = (0..=steps.last_step).filter(|&step| steps.draws(step));
        let reals = steps.draws(0).then(|| REALS.to_owned());
        for name in reals.into_iter().chain(drawn.map(files::grid)) {
            self.signals.check()?;
            match output.add(&name) {
                Err(dcgan_artifacts::Error::Missing { path, .. }) => {
                    log::warn!("`{}` is missing and not drawn again", path.display());
                }
                added => added?,
            }
        }
        for name in [TIMING, EVENTS, EVENT_FILE] {
            if self.folder.join(name).is_file() {
                output.leave_unlisted(name);
            }
        }
        Ok(())
    }

    fn write_networks(&self) -> Result<(), Error> {
        let State {
            generator,
            discriminator,
            ..
        } = &self.at.state;
        let write = |name: &str, role, weights| {
            let path = self.folder.join(name);
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

    /// The program itself never deletes the best checkpoint.
    fn warn_of_lost_best(&self) {
        if let Some(BestScore { step, .. }) = &self.at.best
            && !checkpoint_path(&self.checkpoints.folder, *step).is_file()
        {
            log::warn!("the best checkpoint, of step {step}, is missing");
        }
    }
}

/// The text next to the progress bar.
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
