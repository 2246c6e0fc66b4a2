//! The run around the iterations: where it starts, what is due after each, how it ends.

use crate::batches::Batches;
use crate::checkpoints::{Checkpoints, Resumed, fresh};
use crate::folder::{self, Found, RunFolder};
use crate::grids::{Grids, REALS};
use crate::resolved::Resolved;
use crate::step::{State, Trace, iteration};
use crate::tables::{METRICS, TIMING, Tables, Timing};
use crate::{Args, Error};
use dcgan_artifacts::{Artifact, FileRecord, Manifest, Role, list_checkpoints};
use dcgan_terminal::{Failure, Progress, Signals, print_result};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Instant;

const GENERATOR: &str = "generator.safetensors";
const DISCRIMINATOR: &str = "discriminator.safetensors";

/// Trains a DCGAN on `args.dataset` in the folder `args.common.out`.
///
/// # Errors
/// A [`Failure`] of the contract's classes. After [`Failure::Interrupted`] a checkpoint of the last
/// iteration stands, and the same call goes on from it.
pub fn run(args: &Args) -> Result<(), Failure> {
    dcgan_kernels::set_threads(args.common.threads);
    let resolved = Resolved::new(args)?;
    let identity = resolved.identity();
    let out = &args.common.out;
    if args.common.dry_run {
        return dry_run(
            args,
            &resolved,
            folder::inspect(out, &identity, args.common.force)?,
        );
    }

    let signals = Signals::install()?;
    let mut folder = RunFolder::lock(out)?;
    match folder::inspect(out, &identity, args.common.force)? {
        Found::Finished => return unchanged(args, &resolved),
        Found::MoveAside => {
            let old = folder.move_aside()?;
            log::info!("the old run is now in `{}`", old.display());
        }
        Found::Nothing | Found::Unfinished => {}
    }
    folder.begin(&identity)?;

    let mut run = Run::start(&resolved, &folder)?;
    run.train(&signals, args.common.quiet)?;
    run.finish()?;
    trained(args, &resolved)
}

/// A run under way.
struct Run<'a> {
    resolved: &'a Resolved,
    folder: &'a RunFolder,
    checkpoints: Checkpoints,
    grids: Grids,
    tables: Tables,
    state: State,
    /// Steps done.
    step: u64,
    /// Roll-backs so far.
    attempt: u32,
    /// The newest good checkpoint.
    newest: Option<PathBuf>,
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
        let grids = Grids::new(&folder.path, config, resolved.distribution, settings.seed);
        if let Some(resumed) = checkpoints.resume(config, settings)? {
            let Resumed {
                state,
                step,
                attempt,
                path,
                ..
            } = resumed;
            let position =
                resumed
                    .tables
                    .get(METRICS)
                    .ok_or_else(|| dcgan_artifacts::Error::Unfit {
                        path: path.clone(),
                        artifact: Artifact::Checkpoint,
                        expected: format!("the length of `{METRICS}`"),
                        got: "none".into(),
                    })?;
            let tables = Tables::resume(&folder.path, step, position)?;
            log::info!("going on after step {step}, from `{}`", path.display());
            let newest = Some(path);
            return Ok(Self {
                resolved,
                folder,
                checkpoints,
                grids,
                tables,
                state,
                step,
                attempt,
                newest,
            });
        }
        let state = fresh(config, settings)?;
        let tables = Tables::create(&folder.path, &resolved.schedule)?;
        if resolved.plan.draws(0) {
            grids.draw(&state.generator, 0)?;
            grids.draw_reals(&resolved.dataset)?;
        }
        Ok(Self {
            resolved,
            folder,
            checkpoints,
            grids,
            tables,
            state,
            step: 0,
            attempt: 0,
            newest: None,
        })
    }

    /// Runs the iterations that are left, until the last one or a signal.
    fn train(&mut self, signals: &Signals, quiet: bool) -> Result<(), Failure> {
        let Resolved {
            settings,
            dataset,
            config,
            distribution,
            schedule,
            plan,
            ..
        } = self.resolved;
        let mut batches = Batches::new(
            dataset,
            config,
            settings,
            *distribution,
            *plan,
            self.attempt,
        );
        let progress = Progress::new("training", plan.last_step, quiet);
        progress.set(self.step, "");

        for step in self.step + 1..=plan.last_step {
            let begun = Instant::now();
            let batch = batches.at(step)?;
            let data = begun.elapsed();
            let trace = iteration(&mut self.state, &batch, schedule)
                .map_err(|error| self.diverged(step, error))?;
            let timing = Timing {
                iteration: begun.elapsed(),
                data,
                batch_size: settings.batch_size,
            };
            self.step = step;

            if plan.logs(step) {
                self.tables
                    .append(step, plan.epoch(step), &trace, &timing)?;
            }
            if plan.draws(step) {
                self.grids.draw(&self.state.generator, step)?;
                // Whoever watches the run finds the rows up to the picture.
                self.tables.flush()?;
            }
            let signal = signals.received();
            if plan.keeps_checkpoint(step) || signal.is_some() {
                self.save(signal.is_some())?;
            }
            progress.set(step, &message(plan.epoch(step), &trace, &timing));
            if let Some(signal) = signal {
                return Err(Failure::Interrupted(signal));
            }
        }
        progress.finish();
        Ok(())
    }

    /// Writes the checkpoint of the step that was just done, the tables first.
    fn save(&mut self, in_haste: bool) -> Result<(), Error> {
        let tables = self.tables.flush()?;
        let path = self
            .checkpoints
            .save(&self.state, self.step, self.attempt, tables, in_haste)
            .map_err(|error| match error {
                Error::Network(error) => self.diverged(self.step, error),
                error => error,
            })?;
        self.newest = Some(path);
        Ok(())
    }

    /// Says at which step training diverged and what is left; other errors stay what they are.
    fn diverged(&self, step: u64, error: dcgan_networks::Error) -> Error {
        match error {
            source @ dcgan_networks::Error::NonFinite { .. } => Error::Diverged {
                step,
                checkpoint: self.newest.clone(),
                source,
            },
            error => error.into(),
        }
    }

    /// Writes the two networks as files of their own and, last of all, the manifest.
    fn finish(&self) -> Result<(), Error> {
        let (folder, plan) = (&self.folder.path, &self.resolved.plan);
        for (role, name) in [
            (Role::Generator, GENERATOR),
            (Role::Discriminator, DISCRIMINATOR),
        ] {
            self.checkpoints
                .write_model(&folder.join(name), role, &self.state, self.step)?;
        }
        // Again, since a run that was killed right after its last checkpoint has not done it.
        self.checkpoints.retain(self.step)?;
        self.grids.tidy(|step| plan.draws(step))?;
        let manifest = Manifest {
            stage: env!("CARGO_PKG_NAME").into(),
            version: env!("CARGO_PKG_VERSION").into(),
            settings: self.resolved.settings(),
            inputs: vec![self.resolved.input.clone()],
            outputs: outputs(folder, self.resolved, &self.folder.checkpoints())?,
        };
        self.folder.complete(&manifest)
    }
}

/// The records of all that a finished run wrote, but for `timing.csv`.
fn outputs(
    folder: &Path,
    resolved: &Resolved,
    checkpoints: &Path,
) -> Result<Vec<FileRecord>, Error> {
    let mut names = [folder::RUN, METRICS, GENERATOR, DISCRIMINATOR]
        .map(String::from)
        .to_vec();
    for (step, _) in list_checkpoints(checkpoints)? {
        names.push(format!("checkpoints/step-{step:08}.safetensors"));
    }
    let record = |name: String| FileRecord::of_file(folder, &name);
    let mut records = names
        .into_iter()
        .map(record)
        .collect::<Result<Vec<_>, _>>()?;

    let drawn = (0..=resolved.plan.last_step).filter(|&step| resolved.plan.draws(step));
    let reals = resolved.plan.draws(0).then(|| REALS.to_owned());
    for name in reals.into_iter().chain(drawn.map(Grids::name)) {
        match record(name) {
            Ok(record) => records.push(record),
            Err(dcgan_artifacts::Error::Missing { path, .. }) => {
                log::warn!("`{}` is gone and not drawn again", path.display());
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(records)
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
    let out = args.common.out.display();
    let step = resolved.plan.last_step;
    let human = format!("nothing to do: `{out}` is up to date, {step} steps");
    print_result(&args.common, &human, &result("unchanged", args, resolved))
}

fn trained(args: &Args, resolved: &Resolved) -> Result<(), Failure> {
    let out = args.common.out.display();
    let (step, epochs) = (resolved.plan.last_step, resolved.settings.epochs);
    let human = format!("trained {step} steps, {epochs} epochs: `{GENERATOR}` in `{out}`");
    print_result(&args.common, &human, &result("trained", args, resolved))
}

fn result(status: &str, args: &Args, resolved: &Resolved) -> Value {
    json!({
        "status": status,
        "out": args.common.out,
        "step": resolved.plan.last_step,
        "epoch": resolved.plan.epoch(resolved.plan.last_step),
    })
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
    let reads = [args.dataset.display().to_string()];
    let writes = [
        folder::RUN,
        METRICS,
        TIMING,
        "checkpoints/step-NNNNNNNN.safetensors",
        "samples/reals.png",
        "samples/step-NNNNNNNN.png",
        GENERATOR,
        DISCRIMINATOR,
        Manifest::NAME,
    ]
    .map(|name| args.common.out.join(name).display().to_string());
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
            human += &[verb, " ", file, "\n"].concat();
        }
    }
    print_result(&args.common, &human, &json)
}
