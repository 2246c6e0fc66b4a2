//! `checkpoints/step-NNNNNNNN.safetensors`: everything that a training run needs to resume.
//!
//! Arrays: f32. Weights and moving averages of both networks under the original's names
//! (`generator/...`, `discriminator/...`), Adam's moments as `adam/m/<name>` and `adam/v/<name>`,
//! averaged weights, where used, as `ema/<name>`. Metadata: [`CheckpointInfo`].

use crate::atomic::AtomicFile;
use crate::container::Container;
use crate::container_writer::{self, Entries};
use crate::digest::FileDigest;
use crate::error::{Artifact, Error};
use crate::network::{
    Arrays, FORMAT_VERSION, ModelFile, NetworkInfo, Role, add_entries, floats, require_f32,
};
use crate::table::TablePosition;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

const MOMENT_1: &str = "adam/m/";
const MOMENT_2: &str = "adam/v/";
const AVERAGED: &str = "ema/";

/// The best score of a run so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BestScore {
    /// Which score.
    pub metric: String,
    /// Its value.
    pub value: f64,
    /// The step that reached it.
    pub step: u64,
}

impl BestScore {
    /// Whether `value`, a score of the same metric, is better: higher for accuracies, lower for
    /// distances.
    pub fn is_beaten_by(&self, value: f64) -> bool {
        if self.metric.ends_with("accuracy") {
            value > self.value
        } else {
            value < self.value
        }
    }
}

/// A checkpoint's metadata.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointInfo {
    /// The networks' sizes and kinds.
    pub network: NetworkInfo,
    /// Steps done.
    pub step: u64,
    /// The epoch of that step, from 1; 0 before the first step.
    pub epoch: u64,
    /// The run's seed.
    pub seed: u64,
    /// Adam steps of the discriminator.
    pub adam_steps_d: u64,
    /// Adam steps of the generator.
    pub adam_steps_g: u64,
    /// Roll-backs so far: part of the key of batch order and z.
    pub attempt: u32,
    /// The best score so far, if scores are taken.
    pub best: Option<BestScore>,
    /// Content hash of the dataset.
    pub dataset_sha256: String,
    /// The position of each deterministic growing table, by file name.
    pub tables: BTreeMap<String, TablePosition>,
    /// Whether it was written because of a signal, possibly before the step's score. Deleted once
    /// the next scheduled checkpoint exists.
    pub on_signal: bool,
}

impl CheckpointInfo {
    fn into_model(self, role: Role, weights: Arrays) -> ModelFile {
        ModelFile {
            network: self.network,
            role,
            step: self.step,
            dataset_sha256: self.dataset_sha256,
            weights,
        }
    }
}

/// A training run at one step.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// Its metadata.
    pub info: CheckpointInfo,
    /// Weights and moving averages of both networks.
    pub weights: Arrays,
    /// Adam's first moments, by weight.
    pub adam_m: Arrays,
    /// Adam's second moments, by weight.
    pub adam_v: Arrays,
    /// Averaged weights, by weight; empty where not used.
    pub ema: Arrays,
}

impl Checkpoint {
    /// Writes the checkpoint.
    ///
    /// # Errors
    /// [`Error::Contradiction`] if a name belongs to neither network, or a moment or averaged
    /// weight has another shape than its weight; else as [`write_atomic`](crate::write_atomic).
    pub fn write(&self, path: &Path) -> Result<FileDigest, Error> {
        let (file, need, digest) = self.write_partial(path)?;
        file.commit().map_err(|e| e.needing(need))?;
        Ok(digest)
    }

    /// Writes the checkpoint without syncing. It survives the end of the process; if the machine
    /// crashes too, a reader uses the checkpoint before, which must not be deleted until a synced
    /// one exists.
    ///
    /// # Errors
    /// As [`Checkpoint::write`].
    pub fn write_unsynced(&self, path: &Path) -> Result<FileDigest, Error> {
        let (file, _, digest) = self.write_partial(path)?;
        file.commit_unsynced()?;
        Ok(digest)
    }

    fn write_partial(&self, path: &Path) -> Result<(AtomicFile, u64, FileDigest), Error> {
        if let Some((expected, got)) = self.contradiction() {
            return Err(Error::contradiction(
                path,
                Artifact::Checkpoint,
                expected,
                got,
            ));
        }
        let mut entries = Entries::new();
        add_entries(&mut entries, "", &self.weights);
        add_entries(&mut entries, MOMENT_1, &self.adam_m);
        add_entries(&mut entries, MOMENT_2, &self.adam_v);
        add_entries(&mut entries, AVERAGED, &self.ema);
        container_writer::write_partial(
            path,
            Artifact::Checkpoint,
            FORMAT_VERSION,
            &self.info,
            &entries,
        )
    }

    /// Reads and verifies a checkpoint.
    ///
    /// # Errors
    /// As the crate's documentation lists for every reader.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let file = open(path)?;
        let info = file.own_info()?;
        let mut groups: [Arrays; 4] = Default::default();
        for (name, array) in floats(file.read(|_| true)?) {
            let (group, name) = group_of(&name);
            groups[group].insert(name.to_owned(), array);
        }
        let [weights, adam_m, adam_v, ema] = groups;
        let checkpoint = Self {
            info,
            weights,
            adam_m,
            adam_v,
            ema,
        };
        match checkpoint.contradiction() {
            None => Ok(checkpoint),
            Some((expected, got)) => Err(file.unfit(expected, got)),
        }
    }

    /// Inconsistencies, as (expected, got).
    fn contradiction(&self) -> Option<(String, String)> {
        let network = |name: &&String| {
            name.starts_with(Role::Generator.prefix())
                || name.starts_with(Role::Discriminator.prefix())
        };
        if let Some(name) = self.weights.keys().find(|name| !network(name)) {
            let expected = "weights of `generator/` and `discriminator/`".into();
            return Some((expected, format!("`{name}`")));
        }
        [
            (MOMENT_1, &self.adam_m),
            (MOMENT_2, &self.adam_v),
            (AVERAGED, &self.ema),
        ]
        .into_iter()
        .flat_map(|(prefix, arrays)| arrays.iter().map(move |array| (prefix, array)))
        .find_map(
            |(prefix, (name, (shape, _)))| match self.weights.get(name) {
                Some((of_weight, _)) if of_weight == shape => None,
                Some((of_weight, _)) => Some((
                    format!("`{prefix}{name}` of its weight's shape {of_weight:?}"),
                    format!("{shape:?}"),
                )),
                None => Some((
                    format!("a weight `{name}` to `{prefix}{name}`"),
                    "none".into(),
                )),
            },
        )
    }
}

/// Reads a checkpoint's metadata. Verifies its seal but not its arrays.
///
/// # Errors
/// As the crate's documentation lists for every reader.
pub fn read_checkpoint_info(path: &Path) -> Result<CheckpointInfo, Error> {
    open(path)?.own_info()
}

/// Verifies every byte of a checkpoint without keeping its arrays in memory.
///
/// # Errors
/// As the crate's documentation lists for every reader.
pub fn verify_checkpoint(path: &Path) -> Result<CheckpointInfo, Error> {
    let file = open(path)?;
    let info = file.own_info()?;
    file.read(|_| false)?;
    Ok(info)
}

/// Reads the generator from a checkpoint or a generator file.
///
/// # Errors
/// As the crate's documentation lists for every reader; [`Error::Unfit`] for any other file.
pub fn read_generator(path: &Path) -> Result<ModelFile, Error> {
    read_network(path, Role::Generator, Artifact::Generator)
}

/// Reads the averaged generator (`ema/generator/...`) from a checkpoint.
///
/// # Errors
/// As the crate's documentation lists for every reader; [`Error::Unfit`] for any other file, and
/// for a checkpoint without averaged weights.
pub fn read_averaged_generator(path: &Path) -> Result<ModelFile, Error> {
    let file = open(path)?;
    let info: CheckpointInfo = file.own_info()?;
    let role = Role::Generator;
    let averaged = |name: &str| {
        name.strip_prefix(AVERAGED)
            .is_some_and(|name| name.starts_with(role.prefix()))
    };
    let weights: Arrays = floats(file.read(averaged)?)
        .into_iter()
        .map(|(name, array)| (group_of(&name).1.to_owned(), array))
        .collect();
    if weights.is_empty() {
        let expected = format!("averaged weights `{AVERAGED}{}...`", role.prefix());
        return Err(file.unfit(expected, "none"));
    }
    Ok(info.into_model(role, weights))
}

/// Reads the discriminator from a checkpoint or a discriminator file.
///
/// # Errors
/// As the crate's documentation lists for every reader; [`Error::Unfit`] for any other file.
pub fn read_discriminator(path: &Path) -> Result<ModelFile, Error> {
    read_network(path, Role::Discriminator, Artifact::Discriminator)
}

fn read_network(path: &Path, role: Role, artifact: Artifact) -> Result<ModelFile, Error> {
    let file = Container::open(path, artifact, FORMAT_VERSION)?;
    if file.kind != Some(Artifact::Checkpoint.to_string()) {
        return ModelFile::from_container(&file, role);
    }
    let info: CheckpointInfo = file.own_info()?;
    require_f32(&file, |_| true)?;
    let weights = floats(file.read(|name| name.starts_with(role.prefix()))?);
    Ok(info.into_model(role, weights))
}

fn open(path: &Path) -> Result<Container, Error> {
    let file = Container::open(path, Artifact::Checkpoint, FORMAT_VERSION)?;
    file.require_kind(Artifact::Checkpoint)?;
    require_f32(&file, |_| true)?;
    Ok(file)
}

/// The group of an array (weights, moments 1 and 2, averaged) and its weight's name.
fn group_of(name: &str) -> (usize, &str) {
    [MOMENT_1, MOMENT_2, AVERAGED]
        .into_iter()
        .zip(1..)
        .find_map(|(prefix, group)| name.strip_prefix(prefix).map(|name| (group, name)))
        .unwrap_or((0, name))
}
