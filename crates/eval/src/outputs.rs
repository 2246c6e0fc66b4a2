//! The output folder: what an earlier evaluation left there, and writing a new one.

use crate::Error;
use crate::error::artifact_failure;
use dcgan_artifacts::{FileRecord, Manifest, sha256_bytes, write_atomic};
use dcgan_terminal::Failure;
use serde_json::Value;
use std::path::Path;

/// The stage's name in its manifest.
pub(crate) const STAGE: &str = env!("CARGO_PKG_NAME");
/// Every file that this stage may write: what another left in the folder is not removed.
const NAMES: [&str; 5] = [
    "grid.png",
    "grid-classes.png",
    "discriminator.csv",
    "discriminator.json",
    "metrics.json",
];

/// One file to write.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
}

/// Whether the folder holds this very evaluation, whole.
pub(crate) fn is_complete(
    folder: &Path,
    settings: &Value,
    inputs: &[FileRecord],
) -> Result<bool, Failure> {
    let Some(manifest) = Manifest::read(folder).map_err(artifact_failure)? else {
        return Ok(false);
    };
    if manifest.stage != STAGE {
        let folder = folder.to_owned();
        return Err(Failure::output(Error::OtherStage {
            folder,
            got: manifest.stage,
        }));
    }
    Ok(manifest.settings == *settings
        && manifest.inputs == inputs
        && manifest.verify_outputs(folder).is_ok())
}

/// Replaces what the folder holds: the old manifest goes first and the new one comes last, so a
/// folder with a manifest is always whole.
pub(crate) fn replace(
    folder: &Path,
    outputs: &[Output],
    settings: Value,
    inputs: Vec<FileRecord>,
) -> Result<(), Failure> {
    if let Ok(Some(old)) = Manifest::read(folder) {
        remove(&folder.join(Manifest::NAME))?;
        for record in &old.outputs {
            let is_ours = NAMES.contains(&record.name.as_str());
            if is_ours && !outputs.iter().any(|output| output.name == record.name) {
                remove(&folder.join(&record.name))?;
            }
        }
    }
    let mut records = Vec::new();
    for Output { name, bytes } in outputs {
        write_atomic(&folder.join(name), bytes).map_err(artifact_failure)?;
        records.push(FileRecord {
            name: (*name).to_owned(),
            bytes: bytes.len() as u64,
            sha256: sha256_bytes(bytes),
            count: None,
        });
    }
    let manifest = Manifest {
        stage: STAGE.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        settings,
        inputs,
        outputs: records,
    };
    manifest.write(folder).map_err(artifact_failure)
}

fn remove(path: &Path) -> Result<(), Failure> {
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::output(Error::Remove {
                path: path.to_owned(),
                source,
            }))
        }
        _ => Ok(()),
    }
}
