//! The frame around every mode: is there work, then the model, the lock, the files, the manifest.

use crate::error::{file_failure, model_failure};
use crate::folder::{Earlier, Folder};
use crate::{Args, report};
use dcgan_artifacts::{FileDigest, FileRecord, digest_file};
use dcgan_models::LoadedGenerator;
use dcgan_terminal::{Failure, Signals};
use serde_json::Value;
use std::path::Path;

/// The model, and size and hash of its file.
pub(crate) struct Model {
    pub(crate) generator: LoadedGenerator,
    pub(crate) digest: FileDigest,
}

/// Where a mode writes, and what may stop it.
pub(crate) struct Output {
    pub(crate) folder: Folder,
    pub(crate) signals: Signals,
}

/// Runs a mode unless the folder holds its result already. `check` holds the settings against the
/// model before anything is made; `work` draws, writes every file, and says how many images.
pub(crate) fn produce<T>(
    args: &Args,
    settings: Value,
    check: impl FnOnce(&LoadedGenerator) -> Result<T, Failure>,
    work: impl FnOnce(&Model, &T, &mut Output) -> Result<usize, Failure>,
) -> Result<(), Failure> {
    let signals = Signals::install()?;
    let earlier = Earlier::read(&args.common.out)?;
    let record = |digest: &FileDigest| vec![model_record(&args.model, digest)];
    let (generator, digest) = if earlier.is_complete() && !args.common.force {
        let digest = digest_file(&args.model).map_err(file_failure)?;
        if earlier.is_of(&settings, &record(&digest)) {
            return report::up_to_date(&args.common);
        }
        (
            LoadedGenerator::load(&args.model).map_err(model_failure)?,
            digest,
        )
    } else {
        LoadedGenerator::load_and_digest(&args.model).map_err(model_failure)?
    };
    let checked = check(&generator)?;
    let model = Model { generator, digest };
    let mut output = Output {
        folder: Folder::open(earlier)?,
        signals,
    };
    let n_images = work(&model, &checked, &mut output)?;
    let outputs = output.folder.finish(settings, record(&model.digest))?;
    report::drawn(&args.common, n_images, &outputs)
}

/// The model as an input of the manifest: its name without its place.
fn model_record(path: &Path, digest: &FileDigest) -> FileRecord {
    let name = path
        .file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned();
    FileRecord {
        name,
        bytes: digest.bytes,
        sha256: digest.sha256.clone(),
        count: None,
    }
}
