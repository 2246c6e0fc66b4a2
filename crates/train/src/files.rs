//! The files of a run folder: their names, and which of them a run writes.

use dcgan_artifacts::RunFile;
use dcgan_artifacts::run_tables::{EVENTS, HISTOGRAMS, METRICS, SCORES, TIMING};
use dcgan_settings::Train;
use dcgan_stage::{Plan, Work};

/// The settings and inputs that the run was started with.
pub(crate) const RUN: &str = RunFile::NAME;
/// The event file for TensorBoard.
pub(crate) const EVENT_FILE: &str = "tensorboard/events.out.tfevents.dcgan";
/// The files of the generator, the averaged generator and the discriminator.
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

/// The files that a run with these settings writes. `has_histograms`: whether a resumed run still
/// has its table of histograms.
pub(crate) fn plan(settings: &Train, work: Work, has_histograms: bool) -> Plan {
    let mut plan = Plan::new().files([RUN, METRICS]);
    plan = match work {
        // If the table is damaged, the run continues without it.
        Work::Resume if has_histograms => plan.optional(HISTOGRAMS),
        Work::Resume => plan,
        _ => plan.file(HISTOGRAMS),
    };
    plan = plan.file(TIMING);
    if settings.score_every > 0 {
        plan = plan.file(SCORES);
    }
    plan = plan.optional(EVENTS);
    if settings.tensorboard {
        plan = plan.file(EVENT_FILE);
    }
    plan = plan.many(format!("{CHECKPOINTS}/step-NNNNNNNN.safetensors"));
    plan = match work {
        _ if settings.grid_every == 0 => plan,
        // A resumed run does not draw a lost picture again.
        Work::Resume => plan.optional(REALS),
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
