//! The frame of every stage: inspects the folder, loads inputs, plans, locks, writes files and
//! manifest, and prints the result.

use crate::found::{Found, Note, Work};
use crate::outcome::{self, Place};
use crate::output;
use crate::stage::{Inputs, Stage};
use crate::{Failure, Options, Output, Signals};

/// Runs a stage, unless its folder has the result already, and prints the outcome.
///
/// # Errors
/// Any [`Failure`] of the stage; [`Failure::Output`] for a folder that is locked or not ours.
pub fn run<'a>(stage: &impl Stage, options: impl Into<Options<'a>>) -> Result<(), Failure> {
    run_until(stage, options, Signals::install)
}

/// Like [`run`], but takes the signals from `watch`, which is called only if there is work to do.
///
/// # Errors
/// As [`run`], and the errors of `watch`.
pub fn run_until<'a, S: Stage>(
    stage: &S,
    options: impl Into<Options<'a>>,
    watch: impl FnOnce() -> Result<Signals, Failure>,
) -> Result<(), Failure> {
    let options = options.into();
    let place = Place {
        stage: S::NAME,
        out: options.out,
        json: options.json,
    };
    let inputs = Inputs::of(stage);
    let found = stage.inspect(options.out, options.force, &inputs)?;
    tell(&found.notes);
    if found.work == Work::Nothing && (options.dry_run || !stage.lacks(options.out)) {
        return up_to_date(stage, &place, &found);
    }
    if found.work == Work::Nothing {
        let _lock = output::lock(options.out)?;
        // Another process may have worked in this folder until now.
        let now = stage.inspect(options.out, options.force, &inputs)?;
        if now.work == Work::Nothing {
            return complete(stage, &place, &now);
        }
    }
    if options.dry_run {
        let plan = stage.plan(&stage.load()?, found.work);
        return outcome::would_run(&place, plan, &stage.settings().asked, inputs.get()?);
    }
    let signals = watch()?;
    let loaded = load(stage, &inputs)?;
    let lock = output::lock(options.out)?;
    let now = stage.inspect(options.out, options.force, &inputs)?;
    if now != found {
        tell(&now.notes);
    }
    if now.work == Work::Nothing {
        return complete(stage, &place, &now);
    }
    let plan = stage.plan(&loaded, now.work);
    let mut output = Output::open(lock, &options, plan, now, inputs.get()?, signals)?;
    let report = stage.write(loaded, &mut output)?;
    let files = output.finish(S::NAME, stage.settings().asked)?;
    outcome::done(&place, report, files)
}

/// Adds missing unlisted files to the complete, locked folder.
fn complete<S: Stage>(stage: &S, place: &Place<'_>, found: &Found) -> Result<(), Failure> {
    if stage.lacks(place.out) {
        stage.complete(place.out)?;
    }
    up_to_date(stage, place, found)
}

fn up_to_date<S: Stage>(stage: &S, place: &Place<'_>, found: &Found) -> Result<(), Failure> {
    outcome::up_to_date(place, stage.up_to_date(place.out), &found.earlier)
}

/// Loads the inputs, and hashes them at the same time unless they are hashed already.
fn load<S: Stage>(stage: &S, inputs: &Inputs<'_>) -> Result<S::Loaded, Failure> {
    if inputs.are_known() {
        return stage.load();
    }
    std::thread::scope(|scope| {
        let records = scope.spawn(|| stage.inputs());
        let loaded = stage.load()?;
        let records = records
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        inputs.set(records?);
        Ok(loaded)
    })
}

fn tell(notes: &[Note]) {
    for note in notes {
        match note {
            Note::Damage(text) => log::warn!("{text}"),
            Note::Change(text) => log::info!("{text}"),
        }
    }
}
