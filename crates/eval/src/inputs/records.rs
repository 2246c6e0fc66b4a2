//! Records of an evaluation's inputs for its manifest.

use crate::inputs::digest::record;
use crate::inputs::{frames, samples};
use crate::{Args, Error};
use dcgan_artifacts::{Artifact, FileRecord, list_checkpoints};
use dcgan_settings::Eval;
use dcgan_stage::Failure;
use std::path::PathBuf;

/// Name in the manifest for the folder of `--checkpoints`.
const LISTED: &str = "checkpoints";

/// Name, size and hash of each input, sorted, for the manifest. Names of the checkpoints of
/// `--checkpoints` begin with [`LISTED`], which distinguishes them from the evaluated one.
pub(crate) fn records(args: &Args, settings: &Eval) -> Result<Vec<FileRecord>, Failure> {
    let files = [
        (Some(&args.dataset), Artifact::Dataset),
        (args.checkpoint.as_ref(), Artifact::Checkpoint),
        (classifier_path(args, settings), Artifact::Classifier),
        (args.metrics.as_ref(), Artifact::Table),
        (args.histograms.as_ref(), Artifact::Table),
        (args.scores.as_ref(), Artifact::Table),
        (args.run.as_ref(), Artifact::Run),
    ];
    let mut records = Vec::new();
    for (path, artifact) in files {
        if let Some(path) = path {
            records.push(record(path, artifact)?);
        }
    }
    if let Some(path) = &args.samples {
        records.extend(samples::records(path, args.samples_labels.as_deref())?);
    }
    let of_grids = |folder: &PathBuf| frames::frames(folder);
    for frame in args
        .grids
        .as_ref()
        .map(of_grids)
        .transpose()?
        .iter()
        .flatten()
    {
        records.push(record(frame, Artifact::Other)?);
    }
    for path in listed(args)? {
        let mut listed = record(&path, Artifact::Checkpoint)?;
        listed.name = format!("{LISTED}/{}", listed.name);
        records.push(listed);
    }
    records.sort();
    Ok(records)
}

/// The checkpoints of the folder `--checkpoints`, in the order of steps.
pub(crate) fn listed(args: &Args) -> Result<Vec<PathBuf>, Failure> {
    let Some(folder) = &args.checkpoints else {
        return Ok(Vec::new());
    };
    let found = list_checkpoints(folder)?;
    if found.is_empty() {
        let (folder, exists) = (folder.clone(), folder.exists());
        return Err(Failure::input(Error::NoCheckpoints { folder, exists }));
    }
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

/// The classifier from the command line or the settings.
pub(crate) fn classifier_path<'a>(args: &'a Args, settings: &'a Eval) -> Option<&'a PathBuf> {
    args.classifier.as_ref().or(settings.classifier.as_ref())
}
