//! Several checkpoints of one run: the figures of each, a line each in `checkpoints.csv`, and what
//! the discriminator thought on the way.
//!
//! A checkpoint's figures are written as soon as they are known, to `checkpoints/` in the folder of
//! the result, under a name that depends on all that they depend on. An evaluation that was stopped
//! takes them from there, and so does the next one of a longer run.

use crate::discriminator::Kind;
use crate::identity::kernels;
use crate::inputs::Source;
use crate::measure::{Measure, Measured};
use crate::svg::{ChartFiles, Named, lines};
use crate::tables::number;
use crate::{over_time, tables};
use dcgan_artifacts::{
    NeighboursFile, create_folder_in, read_bounded, read_checkpoint_info, remove_file,
    sha256_bytes, write_atomic,
};
use dcgan_checkpoints::{LoadedDiscriminator, LoadedGenerator};
use dcgan_stage::Failure;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The folder of the rows in the folder of the result.
const FOLDER: &str = "checkpoints";
/// A longer file is no row.
const MAX_ROW_BYTES: u64 = 1 << 26;
/// Digits of a key's hash in a file's name.
const DIGITS: usize = 12;

/// Figures of the table: the column, and where the figure stands in the tree of `metrics.json`.
const FIGURES: [(&str, [&str; 3]); 14] = [
    ("class_accuracy", ["quality", "class_accuracy", "value"]),
    ("cross_entropy", ["quality", "cross_entropy", "value"]),
    ("classifier_score", ["quality", "classifier_score", "value"]),
    ("frechet_distance", ["quality", "frechet_distance", "value"]),
    (
        "frechet_distance_class_mean",
        ["quality", "frechet_distance_class_mean", "value"],
    ),
    ("kernel_distance", ["quality", "kernel_distance", "value"]),
    ("precision", ["quality", "precision", "value"]),
    ("recall", ["quality", "recall", "value"]),
    ("density", ["quality", "density", "value"]),
    ("coverage", ["quality", "coverage", "value"]),
    (
        "nearest_neighbour_error",
        ["pixels", "nearest_neighbour_error", "value"],
    ),
    ("memorised", ["pixels", "memorised", "value"]),
    (
        "nearest_training_distance",
        ["pixels", "nearest_training_distance", "value"],
    ),
    ("duplicates", ["pixels", "duplicates", ""]),
];
/// Of each kind of images: the column's end, and where it stands among the kind's logits.
const LOGITS: [(&str, &str); 6] = [
    ("accuracy", "/accuracy"),
    ("logit_mean", "/logit/mean"),
    ("logit_standard_deviation", "/logit/standard_deviation"),
    ("logit_quantile_0.05", "/logit/quantiles/0.05"),
    ("logit_quantile_0.5", "/logit/quantiles/0.5"),
    ("logit_quantile_0.95", "/logit/quantiles/0.95"),
];

/// A checkpoint to measure.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) path: PathBuf,
    /// SHA-256 of the file.
    pub(crate) sha256: String,
}

/// A checkpoint's figures.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// `step`, `epoch`, `metrics` and `parts`, the discriminator's readings by kind.
    tree: Value,
}

impl Row {
    /// What was measured of the images of a checkpoint.
    fn of(step: u64, epoch: u64, measured: &Measured) -> Self {
        let mut parts = json!({});
        for kind in [Kind::Train, Kind::Test, Kind::Generated] {
            let reading = measured.statistics.as_ref().and_then(|s| s.overall(kind));
            if let Some(reading) = reading {
                let logit = tables::distribution_tree(&reading.logit, &reading.logit_histogram);
                parts[kind.name()] = json!({ "accuracy": reading.accuracy, "logit": logit });
            }
        }
        Self {
            tree: json!({
                "step": step,
                "epoch": epoch,
                "metrics": measured.metrics,
                "parts": parts,
            }),
        }
    }

    fn step(&self) -> f64 {
        self.tree["step"].as_f64().unwrap_or(f64::NAN)
    }

    /// The discriminator's reading of each kind of images.
    fn parts(&self) -> &Value {
        &self.tree["parts"]
    }

    fn figure(&self, [group, name, leaf]: [&str; 3]) -> Option<f64> {
        let figure = &self.tree["metrics"][group][name];
        let figure = if leaf.is_empty() {
            figure
        } else {
            &figure[leaf]
        };
        figure.as_f64()
    }

    /// The bytes of its file: the row and a hash of it.
    fn bytes(&self) -> Vec<u8> {
        let sha256 = sha256_bytes(self.tree.to_string().as_bytes());
        tables::json(&json!({ "row": self.tree, "sha256": sha256 }))
    }

    /// The row of a file; `None` when there is none or it is damaged.
    fn read(path: &Path) -> Option<Self> {
        let text = read_bounded(path, MAX_ROW_BYTES).ok()?;
        let mut file: Value = serde_json::from_slice(&text).ok()?;
        let tree = file.get_mut("row")?.take();
        let sha256 = sha256_bytes(tree.to_string().as_bytes());
        (file["sha256"] == sha256).then_some(Self { tree })
    }
}

/// All rows, and the names of their files.
#[derive(Debug)]
pub(crate) struct Rows {
    rows: Vec<(String, Row)>,
}

/// What is at hand when the checkpoints are measured.
pub(crate) struct Shared<'a> {
    pub(crate) measure: &'a Measure<'a>,
    /// Settings and hashes that all rows depend on.
    pub(crate) provenance: Value,
    /// SHA-256 of the checkpoint that was measured already, and what was found.
    pub(crate) known: Option<(&'a str, &'a Measured)>,
    /// The folder of the result.
    pub(crate) out: &'a Path,
}

impl Shared<'_> {
    /// Measures each checkpoint whose figures are not there yet.
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
        let (_, backend) = kernels(settings);
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

    /// `checkpoints.csv`.
    pub(crate) fn table(&self) -> Vec<u8> {
        let kinds = [Kind::Train, Kind::Test, Kind::Generated].map(Kind::name);
        let mut header: Vec<String> = ["step", "epoch"].map(str::to_owned).to_vec();
        header.extend(FIGURES.map(|(name, _)| name.to_owned()));
        for kind in kinds {
            header.extend(LOGITS.map(|(name, _)| format!("{kind}_{name}")));
        }
        header.push("test_roc_auc".into());
        let line = |row: &Row| {
            let cell = |value: Option<f64>| value.map(number).unwrap_or_default();
            let mut cells: Vec<String> = ["step", "epoch"]
                .map(|key| row.tree[key].to_string())
                .to_vec();
            cells.extend(FIGURES.map(|(_, place)| cell(row.figure(place))));
            for kind in kinds {
                let part = &row.parts()[kind];
                let found = |place| part.pointer(place).and_then(Value::as_f64);
                cells.extend(LOGITS.map(|(_, place)| cell(found(place))));
            }
            let auc = &row.tree["metrics"]["discriminator"]["roc_auc"]["test_vs_generated"];
            cells.push(cell(auc.as_f64()));
            cells
        };
        let lines: Vec<Vec<String>> = self.rows.iter().map(|(_, row)| line(row)).collect();
        tables::csv(&header, &lines)
    }

    /// `discriminator-over-time.svg`, and the figures over the steps.
    pub(crate) fn charts(&self) -> ChartFiles {
        let rows: Vec<&Row> = self.rows.iter().map(|(_, row)| row).collect();
        let steps: Vec<f64> = rows.iter().map(|row| row.step()).collect();
        let checkpoints: Vec<(f64, &Value)> =
            rows.iter().map(|row| (row.step(), row.parts())).collect();
        let columns: Vec<Named<Vec<f64>>> = FIGURES
            .iter()
            .map(|&(name, place)| {
                let value = |row: &&Row| row.figure(place).unwrap_or(f64::NAN);
                let name = name.replace('_', " ").replace("frechet", "Fréchet");
                (name, rows.iter().map(value).collect())
            })
            .filter(|(_, values): &Named<Vec<f64>>| values.iter().any(|value| value.is_finite()))
            .collect();
        let chart = |title: &str, names: &[&str]| {
            let series: Vec<Named<&[f64]>> = names
                .iter()
                .filter_map(|name| {
                    let (name, values) = columns.iter().find(|(found, _)| found == name)?;
                    Some((name.clone(), values.as_slice()))
                })
                .collect();
            lines(title, &steps, &series)
        };
        let mut charts = vec![
            (
                "quality-over-time.svg",
                chart(
                    "Quality by checkpoint",
                    &["class accuracy", "precision", "recall", "coverage"],
                ),
            ),
            (
                "distance-over-time.svg",
                chart(
                    "Distances by checkpoint",
                    &["Fréchet distance", "Fréchet distance class mean"],
                ),
            ),
            (
                "errors-over-time.svg",
                chart(
                    "Nearest neighbours by checkpoint",
                    &["nearest neighbour error", "memorised"],
                ),
            ),
            (
                "discriminator-over-time.svg",
                over_time::logits(&checkpoints),
            ),
        ];
        charts.retain(|(_, chart)| !chart.is_empty());
        charts
    }

    /// Removes the files of rows that are not among these: of other settings, or of checkpoints
    /// that are gone.
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
