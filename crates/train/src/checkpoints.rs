//! Saves a run's state in checkpoints and restores it.

use crate::Error;
use crate::kernels::{backend, precision};
use crate::steps::Steps;
use dcgan::step::State;
use dcgan::{Adam, AdamConfig, Config, Discriminator, Generator, WeightAverage};
use dcgan_artifacts::{
    Arrays, BestScore, Checkpoint, CheckpointInfo, ModelFile, NetworkInfo, Role, TablePosition,
    checkpoint_path, differences, list_checkpoints, read_newest_checkpoint, remove_file, sync_file,
    verify_checkpoint,
};
use dcgan_settings::Train;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The checkpoints of a run.
#[derive(Debug)]
pub(crate) struct Checkpoints {
    pub(crate) folder: PathBuf,
    /// The description of the networks.
    pub(crate) network: NetworkInfo,
    /// The run's seed.
    pub(crate) seed: u64,
    /// Hash of the dataset's content.
    pub(crate) dataset_sha256: String,
    /// The schedule of checkpoints.
    pub(crate) steps: Steps,
    /// Number of newest checkpoints to keep; 0 keeps all.
    pub(crate) keep: usize,
}

/// The content of a checkpoint to write.
#[derive(Debug)]
pub(crate) struct Snapshot<'a> {
    /// Networks and optimisers.
    pub(crate) state: &'a State,
    /// The averaged generator, where the run keeps one.
    pub(crate) average: Option<&'a WeightAverage>,
    /// Steps done.
    pub(crate) step: u64,
    /// Roll-backs so far.
    pub(crate) attempt: u32,
    /// The best score so far.
    pub(crate) best: Option<&'a BestScore>,
    /// Position in each table.
    pub(crate) tables: BTreeMap<String, TablePosition>,
    /// Whether a signal caused the checkpoint.
    pub(crate) on_signal: bool,
}

/// The state to resume from.
#[derive(Debug)]
pub(crate) struct Resumed {
    /// Networks and optimisers.
    pub(crate) state: State,
    /// The averaged generator, where the run keeps one.
    pub(crate) average: Option<WeightAverage>,
    /// Steps done.
    pub(crate) step: u64,
    /// Roll-backs so far.
    pub(crate) attempt: u32,
    /// The best score up to that step.
    pub(crate) best: Option<BestScore>,
    /// Position in each table.
    pub(crate) tables: BTreeMap<String, TablePosition>,
    /// Whether a signal caused the checkpoint.
    pub(crate) on_signal: bool,
    /// The checkpoint.
    pub(crate) path: PathBuf,
}

/// The optimisers' settings, for generator and discriminator.
fn adams(settings: &Train) -> [AdamConfig; 2] {
    #[expect(clippy::cast_possible_truncation, reason = "training is in float32")]
    let beta1 = settings.beta1 as f32;
    let of_g = settings.learning_rate;
    [of_g, settings.learning_rate_d.unwrap_or(of_g)].map(|rate| AdamConfig {
        #[expect(clippy::cast_possible_truncation, reason = "training is in float32")]
        lr: rate as f32,
        beta1,
        ..AdamConfig::default()
    })
}

/// Initial networks, a function of their configuration and the seed, initial optimisers, and the
/// averaged generator if the settings ask for one.
pub(crate) fn fresh(
    config: &Config,
    settings: &Train,
) -> Result<(State, Option<WeightAverage>), Error> {
    let (backend, precision) = (backend(settings), precision(settings));
    let generator = Generator::init(config, settings.seed)?.with_backend(backend);
    let generator = generator.with_precision(precision);
    let discriminator = Discriminator::init(config, settings.seed)?.with_backend(backend);
    let discriminator = discriminator.with_precision(precision);
    let average = (settings.ema > 0.0).then(|| WeightAverage::new(&generator, settings.ema));
    let state = State::new(generator, discriminator, adams(settings))?;
    Ok((state, average.transpose()?))
}

impl Checkpoints {
    /// Reads the newest undamaged checkpoint and warns of damaged ones.
    ///
    /// # Errors
    /// [`Error::ForeignCheckpoint`] for one of another run; if all are damaged, the error of the
    /// newest.
    pub(crate) fn resume(
        &self,
        config: &Config,
        settings: &Train,
    ) -> Result<Option<Resumed>, Error> {
        let Some(recovered) = read_newest_checkpoint(&self.folder)? else {
            return Ok(None);
        };
        for (_, error) in &recovered.skipped {
            log::warn!("{error}; resuming from an earlier one");
        }
        let (path, checkpoint) = (recovered.path, recovered.checkpoint);
        self.check(&path, &checkpoint.info)?;
        let (state, average) =
            restore(config, settings, &checkpoint).map_err(|source| Error::UnfitCheckpoint {
                path: path.clone(),
                source,
            })?;
        let CheckpointInfo {
            step,
            attempt,
            best,
            tables,
            on_signal,
            ..
        } = checkpoint.info;
        Ok(Some(Resumed {
            state,
            average,
            step,
            attempt,
            best,
            tables,
            on_signal,
            path,
        }))
    }

    /// Refuses a checkpoint that was copied here from another run.
    fn check(&self, path: &Path, info: &CheckpointInfo) -> Result<(), Error> {
        // `best`, tables and Adam's steps depend on these only.
        let describe = |network: &NetworkInfo, seed: u64, dataset_sha256: &str, step: u64| {
            json!({
                "network": network,
                "seed": seed,
                "dataset_sha256": dataset_sha256,
                "step": step,
            })
        };
        let mut network = info.network.clone();
        // Runs begun before this key existed can be resumed: it follows from the dataset.
        if network.untrained_classes.is_empty() {
            network
                .untrained_classes
                .clone_from(&self.network.untrained_classes);
        }
        let found = describe(&network, info.seed, &info.dataset_sha256, info.step);
        let step = info.step.min(self.steps.last_step);
        let expected = describe(&self.network, self.seed, &self.dataset_sha256, step);
        let differences = differences(&expected, &found);
        if differences.is_empty() {
            return Ok(());
        }
        Err(Error::ForeignCheckpoint {
            path: path.to_owned(),
            differences,
        })
    }

    /// Writes a checkpoint and deletes those that are no longer needed. On a signal it is in a
    /// hurry: it does not wait for the disk, which may take seconds, and deletes none, so that the
    /// previous checkpoint survives if the machine goes down too. Work that was due after the step
    /// may then be missing; `Run::catch_up` does it on resuming.
    ///
    /// # Errors
    /// [`dcgan::Error::NonFinite`] names a weight that is infinite or NaN; no checkpoint is
    /// written then.
    pub(crate) fn save(&self, snapshot: Snapshot<'_>) -> Result<PathBuf, Error> {
        let Snapshot {
            state,
            average,
            step,
            attempt,
            best,
            tables,
            on_signal,
        } = snapshot;
        state.require_finite()?;
        let (mut adam_m, mut adam_v) = state.adam_d.moments()?;
        let (m, v) = state.adam_g.moments()?;
        adam_m.extend(m);
        adam_v.extend(v);
        let mut weights = state.discriminator.arrays()?;
        weights.extend(state.generator.arrays()?);
        let info = CheckpointInfo {
            network: self.network.clone(),
            step,
            epoch: self.steps.epoch(step),
            seed: self.seed,
            adam_steps_d: state.adam_d.steps(),
            adam_steps_g: state.adam_g.steps(),
            attempt,
            best: best.cloned(),
            dataset_sha256: self.dataset_sha256.clone(),
            tables,
            on_signal,
        };
        let path = checkpoint_path(&self.folder, step);
        let checkpoint = Checkpoint {
            info,
            weights,
            adam_m,
            adam_v,
            ema: average.map_or_else(Arrays::default, |average| average.arrays().clone()),
        };
        if on_signal {
            checkpoint.write_unsynced(&path)?;
        } else {
            checkpoint.write(&path)?;
            self.retain(step, best)?;
        }
        Ok(path)
    }

    /// Deletes the checkpoints that are not in the schedule.
    pub(crate) fn drop_unplanned(&self) -> Result<(), Error> {
        for (step, path) in list_checkpoints(&self.folder)? {
            if !self.steps.keeps_checkpoint(step) {
                remove_file(&path)?;
            }
        }
        Ok(())
    }

    /// Deletes the checkpoints that the one of `step` makes unnecessary: earlier ones beyond the
    /// number to keep, except the best, and those not in the schedule. The same remain as in an
    /// uninterrupted run. Later ones are damaged and will be replaced at their step. Before any is
    /// deleted, the checkpoint of `step` is on the disk and has been read back.
    pub(crate) fn retain(&self, step: u64, best: Option<&BestScore>) -> Result<(), Error> {
        let newest = checkpoint_path(&self.folder, step);
        let mut earlier = list_checkpoints(&self.folder)?;
        earlier.retain(|(of, _)| *of < step);
        // An unscheduled one does not count: a roll-back skips it.
        let mut kept = usize::from(self.steps.keeps_checkpoint(step));
        let mut needless = Vec::new();
        for (of, path) in earlier.iter().rev() {
            if self.steps.keeps_checkpoint(*of) && (self.keep == 0 || kept < self.keep) {
                kept += 1;
            } else if best.is_none_or(|best| best.step != *of) {
                needless.push(path);
            }
        }
        if !needless.is_empty() {
            sync_file(&newest)?;
            verify_checkpoint(&newest)?;
        }
        for path in needless {
            remove_file(path)?;
        }
        Ok(())
    }

    /// Writes one network to its own file.
    ///
    /// # Errors
    /// [`dcgan_artifacts::Error::Write`].
    pub(crate) fn write_model(
        &self,
        path: &Path,
        role: Role,
        weights: Arrays,
        step: u64,
    ) -> Result<(), Error> {
        let (network, dataset_sha256) = (self.network.clone(), self.dataset_sha256.clone());
        ModelFile {
            network,
            role,
            step,
            dataset_sha256,
            weights,
        }
        .write(path)?;
        Ok(())
    }
}

/// Restores networks, optimisers and averaged generator from a checkpoint.
fn restore(
    config: &Config,
    settings: &Train,
    checkpoint: &Checkpoint,
) -> Result<(State, Option<WeightAverage>), dcgan::Error> {
    let Checkpoint {
        info,
        weights,
        adam_m,
        adam_v,
        ema,
    } = checkpoint;
    let (backend, precision) = (backend(settings), precision(settings));
    let generator = Generator::from_arrays(config, weights)?.with_backend(backend);
    let generator = generator.with_precision(precision);
    let discriminator = Discriminator::from_arrays(config, weights)?.with_backend(backend);
    let discriminator = discriminator.with_precision(precision);
    let [of_g, of_d] = adams(settings);
    let load = |parameters, config, steps| Adam::load(parameters, config, steps, adam_m, adam_v);
    let adam_g = load(generator.parameters(), of_g, info.adam_steps_g)?.with_backend(backend);
    let adam_d = load(discriminator.parameters(), of_d, info.adam_steps_d)?.with_backend(backend);
    let average = (settings.ema > 0.0).then(|| WeightAverage::load(&generator, settings.ema, ema));
    let state = State {
        generator,
        discriminator,
        adam_g,
        adam_d,
    };
    Ok((state, average.transpose()?))
}
