//! The files of a run folder: their names, and which of them a run will write.

use dcgan_artifacts::RunFile;
use dcgan_artifacts::run_tables::{EVENTS, HISTOGRAMS, METRICS, SCORES, TIMING};
use dcgan_settings::Train;
use dcgan_stage::{Plan, Work};

/// What the run was started with.
pub(crate) const RUN: &str = RunFile::NAME;
/// The event file for TensorBoard.
pub(crate) const EVENT_FILE: &str = "tensorboard/events.out.tfevents.dcgan";
/// The generator's file, the averaged one's, and the discriminator's.
pub(crate) const GENERATOR: &str = "generator.safetensors";
pub(crate) const AVERAGED: &str = "generator-ema.safetensors";
pub(crate) const DISCRIMINATOR: &str = "discriminator.safetensors";
/// Folder of the checkpoints.
pub(crate) const CHECKPOINTS: &str = "checkpoints";
/// Folder of the grids.
pub(crate) const SAMPLES: &str = "samples";
/// The picture of training images.
pub(crate) const REALS: &str = "samples/reals.png";

/// Name of the grid of `step`.
pub(crate) fn grid(step: u64) -> String {
    format!("{SAMPLES}/step-{step:08}.png")
}

/// Name of the checkpoint of `step`.
pub(crate) fn checkpoint(step: u64) -> String {
    format!("{CHECKPOINTS}/step-{step:08}.safetensors")
}

/// The files that a run of these settings will write. `has_histograms` says whether a run that goes
/// on still has its table of them.
pub(crate) fn plan(settings: &Train, work: Work, has_histograms: bool) -> Plan {
    let mut plan = Plan::new().files([RUN, METRICS]);
    plan = match work {
        // The run goes on without where the table turns out to be damaged.
        Work::Resume if has_histograms => plan.perhaps(HISTOGRAMS),
        Work::Resume => plan,
        _ => plan.file(HISTOGRAMS),
    };
    plan = plan.file(TIMING);
    if settings.score_every > 0 {
        plan = plan.file(SCORES);
    }
    plan = plan.perhaps(EVENTS);
    if settings.tensorboard {
        plan = plan.file(EVENT_FILE);
    }
    plan = plan.many(format!("{CHECKPOINTS}/step-NNNNNNNN.safetensors"));
    plan = match work {
        _ if settings.grid_every == 0 => plan,
        // A lost picture is not drawn again.
        Work::Resume => plan.perhaps(REALS),
        _ => plan.file(REALS),
    };
    plan = plan
        .many(format!("{SAMPLES}/step-NNNNNNNN.png"))
        .files([GENERATOR, DISCRIMINATOR]);
    if settings.ema > 0.0 {
        plan.file(AVERAGED)
    } else {
        plan
    }
}
