//! Figures of several checkpoints of a run, a row each in `checkpoints.csv`, and the
//! discriminator's output over the training.
//!
//! A checkpoint's figures are written as soon as they are known, to `checkpoints/` in the folder of
//! the result, in a file whose name contains a hash of everything that they depend on. An
//! interrupted evaluation, and the next one of a longer run, read them from there.

use crate::figures::discriminator::DistributionFigures;
use crate::figures::{Metrics, json, tree};
use crate::identity::backend;
use crate::inputs::opened::Listed;
use crate::inputs::source::Source;
use crate::measure::discriminator::Kind;
use crate::measure::measured::{Measure, Measured};
use dcgan_artifacts::{
    NeighboursFile, create_folder_in, read_bounded, read_checkpoint_info, remove_file,
    sha256_bytes, write_atomic,
};
use dcgan_checkpoints::{LoadedDiscriminator, LoadedGenerator};
use dcgan_stage::Failure;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// The folder of the rows in the folder of the result.
const FOLDER: &str = "checkpoints";
/// Maximum size of a row's file.
const MAX_ROW_BYTES: u64 = 1 << 26;
/// Digits of a key's hash in a file's name.
const DIGITS: usize = 12;

/// A checkpoint's figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) step: u64,
    pub(crate) epoch: u64,
    pub(crate) metrics: Metrics,
    /// The discriminator's output by kind of images.
    pub(crate) parts: BTreeMap<String, RowPart>,
}

/// The discriminator's output for one kind of images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RowPart {
    pub(crate) accuracy: f64,
    pub(crate) logit: DistributionFigures,
}

impl Row {
    /// The row of the measured images of a checkpoint.
    fn of(step: u64, epoch: u64, measured: &Measured) -> Self {
        let part = |kind: Kind| {
            let reading = measured.statistics.as_ref()?.overall(kind)?;
            let logit = DistributionFigures::of(&reading.logit, &reading.logit_histogram);
            let accuracy = reading.accuracy;
            Some((kind.name().to_owned(), RowPart { accuracy, logit }))
        };
        let kinds = [Kind::Train, Kind::Test, Kind::Generated];
        Self {
            step,
            epoch,
            metrics: measured.metrics.clone(),
            parts: kinds.into_iter().filter_map(part).collect(),
        }
    }

    /// The bytes of its file: the row and a hash of it.
    fn bytes(&self) -> Vec<u8> {
        let row = tree(self);
        let sha256 = sha256_bytes(row.to_string().as_bytes());
        json(&json!({ "row": row, "sha256": sha256 }))
    }

    /// Reads the row of a file; `None` if it is missing or damaged.
    fn read(path: &Path) -> Option<Self> {
        let text = read_bounded(path, MAX_ROW_BYTES).ok()?;
        let mut file: Value = serde_json::from_slice(&text).ok()?;
        let row = file.get_mut("row")?.take();
        let sha256 = sha256_bytes(row.to_string().as_bytes());
        (file["sha256"] == sha256).then(|| serde_json::from_value(row).ok())?
    }
}

/// All rows, and the names of their files.
#[derive(Debug)]
pub(crate) struct Rows {
    rows: Vec<(String, Row)>,
}

/// What measuring the checkpoints needs.
pub(crate) struct Shared<'a> {
    pub(crate) measure: &'a Measure<'a>,
    /// Settings and hashes that all rows depend on.
    pub(crate) provenance: Value,
    /// SHA-256 and figures of the checkpoint that is measured already.
    pub(crate) known: Option<(&'a str, &'a Measured)>,
    /// The folder of the result.
    pub(crate) out: &'a Path,
}

impl Shared<'_> {
    /// Measures each checkpoint without kept figures.
    pub(crate) fn rows(&self, listed: &[Listed]) -> Result<Rows, Failure> {
        let mut neighbours = self.measure.neighbours.cloned();
        let mut rows = Vec::new();
        for (i, checkpoint) in listed.iter().enumerate() {
            let info = read_checkpoint_info(&checkpoint.path)?;
            let name = self.name(info.step, &checkpoint.sha256);
            let path = self.out.join(&name);
            let row = match (Row::read(&path), self.known) {
                (Some(row), _) => row,
                (None, Some((sha256, measured))) if sha256 == checkpoint.sha256 => {
                    Row::of(info.step, info.epoch, measured)
                }
                _ => {
                    log::info!(
                        "checkpoint {} of {}: step {}",
                        i + 1,
                        listed.len(),
                        info.step
                    );
                    let measured = self.measured(&checkpoint.path, neighbours.as_ref())?;
                    let row = Row::of(info.step, info.epoch, &measured);
                    neighbours = measured.neighbours.or(neighbours);
                    create_folder_in(self.out, FOLDER)?;
                    write_atomic(&path, &row.bytes())?;
                    row
                }
            };
            rows.push((name, row));
        }
        Ok(Rows { rows })
    }

    fn name(&self, step: u64, sha256: &str) -> String {
        let key = json!({ "checkpoint": sha256, "with": self.provenance });
        let hash = sha256_bytes(key.to_string().as_bytes());
        format!("{FOLDER}/step-{step:08}-{}.json", &hash[..DIGITS])
    }

    fn measured(
        &self,
        path: &Path,
        neighbours: Option<&NeighboursFile>,
    ) -> Result<Measured, Failure> {
        let Measure {
            settings,
            quiet,
            signals,
            ..
        } = *self.measure;
        let backend = backend(settings);
        let discriminator = LoadedDiscriminator::load(path).map_err(Failure::input)?;
        let discriminator = discriminator.with_backend(backend);
        let generator = LoadedGenerator::load_either(path, settings.ema).map_err(Failure::input)?;
        let generator = generator.with_backend(backend);
        let source = Source::drawn_by(generator, self.measure.dataset).map_err(Failure::input)?;
        let images = source.into_images(settings, quiet, signals)?;
        let measure = Measure {
            neighbours,
            ..*self.measure
        };
        measure.of(&images, Some((path, &discriminator)))
    }
}

impl Rows {
    /// Name and bytes of each row's file.
    pub(crate) fn files(&self) -> impl Iterator<Item = (String, Vec<u8>)> + '_ {
        self.rows
            .iter()
            .map(|(name, row)| (name.clone(), row.bytes()))
    }

    /// The rows in the order of steps.
    pub(crate) fn all(&self) -> Vec<&Row> {
        self.rows.iter().map(|(_, row)| row).collect()
    }

    /// Removes the files of other rows: of other settings, or of deleted checkpoints.
    pub(crate) fn remove_others(&self, out: &Path) -> Result<(), Failure> {
        let folder = out.join(FOLDER);
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_row = name.starts_with("step-") && name.strip_suffix(".json").is_some();
            let full = format!("{FOLDER}/{name}");
            if is_row && self.rows.iter().all(|(own, _)| *own != full) {
                remove_file(&folder.join(name))?;
            }
        }
        Ok(())
    }
}
