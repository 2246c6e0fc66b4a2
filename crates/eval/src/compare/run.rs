//! One evaluated run of a comparison.

use crate::Error;
use crate::figures::Metrics;
use crate::inputs::digest::record;
use crate::inputs::frames::MAX_GRID_BYTES;
use dcgan_artifacts::{Artifact, FileRecord, Manifest, read_bounded, with_defaults};
use dcgan_hints::text_of;
use dcgan_settings::{Eval, Train};
use dcgan_stage::Failure;
use serde_json::{Value, json};
use std::path::Path;

/// Maximum size of `metrics.json`: even 256 classes take less.
const MAX_JSON_BYTES: u64 = 1 << 26;

/// An evaluated run.
pub(crate) struct Run {
    /// Its folder's name.
    pub(crate) name: String,
    /// `metrics.json`.
    pub(crate) metrics: Metrics,
    /// Settings of the training without the seed; null if another program trained.
    pub(crate) settings: Value,
    pub(crate) seed: Option<u64>,
    /// SHA-256 of the dataset.
    pub(crate) dataset: Option<String>,
    /// Settings of the evaluation.
    pub(crate) evaluation: Value,
    /// `grid-classes.png`, or `grid.png`.
    pub(crate) grid: Option<Vec<u8>>,
    pub(crate) record: FileRecord,
}

impl Run {
    pub(crate) fn read(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join("eval/metrics.json");
        let evaluated = Manifest::read(&folder.join("eval"))?;
        let Some(evaluated) = evaluated.filter(|_| path.exists()) else {
            let path = folder.to_owned();
            return Err(Failure::input(Error::NotEvaluated { path }));
        };
        let record = record(&path, Artifact::Other)?;
        let bytes = read_bounded(&path, MAX_JSON_BYTES).ok();
        let metrics = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let is_sound = evaluated
            .outputs
            .iter()
            .any(|output| output.name == record.name && output.sha256 == record.sha256);
        let (Some(metrics), true) = (metrics, is_sound) else {
            return Err(Failure::input(Error::ChangedMetrics { path }));
        };
        // Another trainer may not write a manifest.
        let trained = Manifest::read(&folder.join("train"))?;
        let settings = trained.map_or(Value::Null, |manifest| manifest.settings);
        let defaults = json!({ "train": Train::default() });
        let mut settings = with_defaults(settings, &defaults, &defaults);
        let seed = settings["train"]["seed"].as_u64();
        if let Some(train) = settings.get_mut("train").and_then(Value::as_object_mut) {
            train.remove("seed");
        }
        let dataset = evaluated
            .inputs
            .iter()
            .find(|input| input.name == "dataset.safetensors");
        let grid = ["grid-classes.png", "grid.png"]
            .into_iter()
            .find_map(|name| read_bounded(&folder.join("eval").join(name), MAX_GRID_BYTES).ok());
        let defaults = json!({ "eval": Eval::default() });
        let evaluation = with_defaults(evaluated.settings, &defaults, &defaults);
        let name = folder.file_name().unwrap_or(folder.as_os_str());
        Ok(Self {
            name: text_of(name),
            metrics,
            settings,
            seed,
            dataset: dataset.map(|record| record.sha256.clone()),
            evaluation,
            grid,
            record,
        })
    }
}
