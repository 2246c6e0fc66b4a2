//! The folder that this stage writes: its lock, its manifest, and whether there is work to do.

use crate::Error;
use crate::error::file_failure;
use dcgan_artifacts::{
    FileDigest, FileRecord, Manifest, RunLock, create_folder, sha256_bytes, write_atomic,
};
use dcgan_terminal::Failure;
use serde_json::Value;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// This stage's program, as manifests name it.
const STAGE: &str = env!("CARGO_PKG_NAME");

/// What the output folder holds before this run; reading it makes and locks nothing.
#[derive(Debug)]
pub(crate) struct Earlier {
    path: PathBuf,
    manifest: Option<Manifest>,
}

impl Earlier {
    /// Reads what the folder at `path`, if it is there, says of itself.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        // A file in the folder's place is refused when the folder is made.
        let manifest = if path.is_file() {
            None
        } else {
            Manifest::read(path).map_err(file_failure)?
        };
        match manifest {
            Some(Manifest { stage, .. }) if stage != STAGE => {
                Err(Failure::output(Error::OtherProgram {
                    folder: path.to_owned(),
                    got: stage,
                }))
            }
            manifest => Ok(Self {
                path: path.to_owned(),
                manifest,
            }),
        }
    }

    /// Whether there is a complete result of whatever settings.
    pub(crate) fn is_complete(&self) -> bool {
        self.manifest.is_some()
    }

    /// Whether it is, undamaged, the result of these settings and inputs.
    pub(crate) fn is_of(&self, settings: &Value, inputs: &[FileRecord]) -> bool {
        // A manifest holds its records sorted.
        let mut inputs = inputs.to_vec();
        inputs.sort();
        self.manifest.as_ref().is_some_and(|manifest| {
            manifest.settings == *settings
                && manifest.inputs == inputs
                && manifest.verify_outputs(&self.path).is_ok()
        })
    }
}

/// The output folder, held by this process.
#[derive(Debug)]
pub(crate) struct Folder {
    earlier: Earlier,
    _lock: RunLock,
    outputs: Vec<FileRecord>,
}

impl Folder {
    /// Makes and locks the folder.
    pub(crate) fn open(earlier: Earlier) -> Result<Self, Failure> {
        create_folder(&earlier.path).map_err(file_failure)?;
        let lock = RunLock::acquire(&earlier.path).map_err(file_failure)?;
        Ok(Self {
            earlier,
            _lock: lock,
            outputs: Vec::new(),
        })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.earlier.path
    }

    /// Removes an earlier result: its manifest first, so that what follows is never taken for
    /// complete.
    pub(crate) fn clear(&mut self) -> Result<(), Failure> {
        let Some(manifest) = self.earlier.manifest.take() else {
            return Ok(());
        };
        let names = manifest.outputs.iter().map(|record| record.name.as_str());
        for name in std::iter::once(Manifest::NAME).chain(names) {
            let path = self.path().join(name);
            match std::fs::remove_file(&path) {
                Err(source) if source.kind() != ErrorKind::NotFound => {
                    return Err(Failure::output(Error::Remove { path, source }));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Writes the file `name`, which may lie in a folder of its own.
    pub(crate) fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let path = self.path().join(name);
        if let Some(parent) = path.parent() {
            create_folder(parent).map_err(file_failure)?;
        }
        write_atomic(&path, bytes).map_err(file_failure)?;
        let digest = FileDigest {
            bytes: bytes.len() as u64,
            sha256: sha256_bytes(bytes),
        };
        self.add(name, digest);
        Ok(())
    }

    /// Writes a tree of numbers as the file `name`.
    pub(crate) fn write_json(&mut self, name: &str, tree: &Value) -> Result<(), Failure> {
        self.write(name, format!("{tree:#}\n").as_bytes())
    }

    /// Lists a file that was written into the folder.
    pub(crate) fn add(&mut self, name: &str, digest: FileDigest) {
        let FileDigest { bytes, sha256 } = digest;
        self.outputs.push(FileRecord {
            name: name.to_owned(),
            bytes,
            sha256,
            count: None,
        });
    }

    /// Writes the manifest: the result is complete.
    pub(crate) fn finish(
        mut self,
        settings: Value,
        inputs: Vec<FileRecord>,
    ) -> Result<Vec<FileRecord>, Failure> {
        self.outputs.sort();
        let manifest = Manifest {
            stage: STAGE.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            settings,
            inputs,
            outputs: self.outputs,
        };
        manifest.write(&self.earlier.path).map_err(file_failure)?;
        Ok(manifest.outputs)
    }
}
