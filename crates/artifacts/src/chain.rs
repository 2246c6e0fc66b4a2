//! The chain of manifests of a run: figures and samples, their checkpoint, its dataset, its
//! sources.

use crate::checkpoint::read_checkpoint_info;
use crate::checkpoints::list_checkpoints;
use crate::dataset::DatasetReader;
use crate::digest::digest_file;
use crate::error::{Artifact, Error};
use crate::manifest::{FileRecord, Manifest};
use std::path::{Path, PathBuf};

/// The stages' folders in a run's folder, in order.
const STAGES: [&str; 4] = ["prepare", "train", "sample", "eval"];

/// The role of a file in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Link {
    /// The stage wrote it, and it matches the manifest.
    Output,
    /// The stage read it, and it matches the file at this path of the run.
    Input(PathBuf),
    /// A source of the dataset, or the classifier for the figures; it matches the file at this
    /// path.
    Source(PathBuf),
    /// It was read by the stage but not checked: it is outside the run and its path was not given,
    /// or it is a folder of pictures, which `dcgan-prepare` compares.
    Unseen,
}

/// One file of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The stage whose manifest names it: `prepare`, `train`, `sample` or `eval`.
    pub stage: &'static str,
    /// Its name, size and hash in that manifest.
    pub record: FileRecord,
    /// The file that it was compared with.
    pub link: Link,
}

/// Paths of a run's inputs that are outside the run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Outside<'a> {
    /// The folder that the names of the sources are relative to.
    pub sources: Option<&'a Path>,
    /// The classifiers that the run used for scores and figures.
    pub classifiers: &'a [PathBuf],
}

/// Verifies the run in `run`, a folder with the stages' folders, from its figures back to its
/// sources: every output against its manifest, every input against the output of the stage before,
/// and each checkpoint's dataset against the dataset; outside the run only the files in `outside`.
/// A stage without a manifest is skipped.
///
/// # Errors
/// [`Error::NotARun`] if no stage has a manifest; [`Error::Damaged`] for a file that doesn't match
/// its manifest; [`Error::BrokenChain`] for an input that is not the run's; as every reader.
pub fn verify_run(run: &Path, outside: Outside<'_>) -> Result<Vec<Verified>, Error> {
    let mut verified = Vec::new();
    for stage in STAGES {
        let folder = run.join(stage);
        let Some(manifest) = Manifest::read(&folder)? else {
            continue;
        };
        for record in &manifest.inputs {
            let link = if stage == "prepare" {
                match outside.sources {
                    Some(sources) if !is_folder(&manifest, record) => {
                        let places = places(sources, &manifest, record);
                        source(&folder, &places, record, Artifact::Source)?
                    }
                    _ => Link::Unseen,
                }
            } else {
                input(run, &folder, outside, record)?
            };
            verified.push(Verified {
                stage,
                record: record.clone(),
                link,
            });
        }
        manifest.verify_outputs(&folder)?;
        verified.extend(manifest.outputs.into_iter().map(|record| Verified {
            stage,
            record,
            link: Link::Output,
        }));
    }
    if verified.is_empty() {
        return Err(not_a_run(run));
    }
    verify_checkpoints(run)?;
    Ok(verified)
}

/// The error of a folder without manifests of stages, which may be a stage's own.
fn not_a_run(folder: &Path) -> Error {
    let is_stage = folder.join(Manifest::NAME).is_file();
    let above = match (folder.file_name(), folder.parent()) {
        (Some(_), Some(parent)) if parent.as_os_str().is_empty() => PathBuf::from("."),
        (Some(_), Some(parent)) => parent.to_owned(),
        _ => folder.join(".."),
    };
    Error::NotARun {
        path: folder.to_owned(),
        run: is_stage.then_some(above),
    }
}

/// Finds the file of the run that a stage read.
fn input(
    run: &Path,
    folder: &Path,
    outside: Outside<'_>,
    record: &FileRecord,
) -> Result<Link, Error> {
    let places = [
        "prepare",
        "train/checkpoints",
        "train/samples",
        "train",
        "sample",
        "eval",
    ];
    for place in places {
        let path = run.join(place).join(&record.name);
        if path.is_file() && is_same(&path, record)? {
            return Ok(Link::Input(path));
        }
    }
    if is_classifier(&record.name) {
        return source(folder, outside.classifiers, record, Artifact::Classifier);
    }
    Err(broken(folder, record, "no file of the run"))
}

/// Whether an input of training or evaluation from outside the run is a classifier: only a
/// classifier's name is free, all other inputs have the name from the stage before.
fn is_classifier(name: &str) -> bool {
    let is_checkpoint = name.starts_with("step-") || name.starts_with("checkpoints/");
    let is_named = ["dataset", "generator", "generator-ema", "samples"]
        .iter()
        .any(|stem| name.strip_suffix(".safetensors") == Some(stem));
    name.ends_with(".safetensors") && !is_checkpoint && !is_named
}

/// Possible paths of a dataset's source: `sources` joined with its name. For a table of labels only
/// the file name is recorded, so the folders of pictures are searched too.
fn places(sources: &Path, manifest: &Manifest, record: &FileRecord) -> Vec<PathBuf> {
    let named = sources.join(&record.name);
    if named.exists() {
        return vec![named];
    }
    let inputs = manifest.inputs.iter();
    let folders = inputs.filter(|input| is_folder(manifest, input));
    let below = folders.flat_map(|folder| Path::new(&folder.name).ancestors());
    let found: Vec<PathBuf> = below
        .map(|below| sources.join(below).join(&record.name))
        .filter(|path| path.is_file())
        .collect();
    if found.is_empty() { vec![named] } else { found }
}

/// Whether a source of a dataset is a folder of pictures or a pattern, which is not checked.
fn is_folder(manifest: &Manifest, record: &FileRecord) -> bool {
    manifest.settings["prepare"]["source"] == "folder" && record.count.is_some()
}

/// Finds a file from outside the run, of the kind `artifact`, among the given ones.
fn source(
    folder: &Path,
    known: &[PathBuf],
    record: &FileRecord,
    artifact: Artifact,
) -> Result<Link, Error> {
    if known.is_empty() {
        return Ok(Link::Unseen);
    }
    let named = |error| match error {
        Error::Missing { path, .. } => Error::Missing { path, artifact },
        error => error,
    };
    for path in known {
        if is_same(path, record).map_err(named)? {
            return Ok(Link::Source(path.clone()));
        }
    }
    Err(broken(folder, record, "another file"))
}

fn is_same(path: &Path, record: &FileRecord) -> Result<bool, Error> {
    let found = digest_file(path)?;
    Ok((found.bytes, &found.sha256) == (record.bytes, &record.sha256))
}

fn broken(folder: &Path, record: &FileRecord, got: &'static str) -> Error {
    Error::BrokenChain {
        path: folder.join(Manifest::NAME),
        name: record.name.clone(),
        sha256: record.sha256.clone(),
        got,
    }
}

/// Checks that each checkpoint was trained on the dataset of the run.
fn verify_checkpoints(run: &Path) -> Result<(), Error> {
    let path = run.join("prepare/dataset.safetensors");
    let checkpoints = list_checkpoints(&run.join("train/checkpoints"))?;
    if checkpoints.is_empty() || !path.exists() {
        return Ok(());
    }
    let dataset = DatasetReader::open(&path)?;
    for (_, path) in checkpoints {
        let trained_on = read_checkpoint_info(&path)?.dataset_sha256;
        if trained_on != dataset.content_sha256() {
            return Err(Error::BrokenChain {
                path,
                name: "dataset".into(),
                sha256: trained_on,
                got: "another dataset",
            });
        }
    }
    Ok(())
}
