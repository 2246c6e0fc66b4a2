//! The folder that a stage writes: whether its result is there already, its lock, its files, and
//! the manifest last.

use crate::atomic::{create_folder, remove_file, write_atomic};
use crate::digest::{FileDigest, sha256_bytes};
use crate::error::Error;
use crate::lock::RunLock;
use crate::manifest::{FileRecord, Manifest, with_defaults};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// What a stage's folder holds before the stage runs; reading it makes and locks nothing.
#[derive(Debug)]
pub struct EarlierResults {
    folder: PathBuf,
    manifest: Option<Manifest>,
}

impl EarlierResults {
    /// Reads what `folder`, if it is there, says of itself. `stage` is the program that asks, as
    /// manifests name it.
    ///
    /// # Errors
    /// [`Error::OtherStage`] when another program made it; as every reader for a damaged manifest.
    pub fn read(folder: &Path, stage: &'static str) -> Result<Self, Error> {
        // A file in the folder's place is refused when the folder is made.
        let manifest = if folder.is_file() {
            None
        } else {
            Manifest::read(folder)?
        };
        match manifest {
            Some(manifest) if manifest.stage != stage => Err(Error::OtherStage {
                folder: folder.to_owned(),
                expected: stage,
                got: manifest.stage,
            }),
            manifest => Ok(Self {
                folder: folder.to_owned(),
                manifest,
            }),
        }
    }

    /// Whether there is a complete result, of whatever settings.
    pub fn is_complete(&self) -> bool {
        self.manifest.is_some()
    }

    /// Whether it is, undamaged, the result of these settings and inputs, in any order. A setting
    /// that its manifest lacks counts as its value in `defaults` ([`with_defaults`]).
    pub fn is_of(&self, settings: &Value, defaults: &Value, inputs: &[FileRecord]) -> bool {
        let mut inputs = inputs.to_vec();
        inputs.sort();
        self.manifest.as_ref().is_some_and(|manifest| {
            with_defaults(manifest.settings.clone(), settings, defaults) == *settings
                && manifest.inputs == inputs
                && manifest.verify_outputs(&self.folder).is_ok()
        })
    }
}

/// A stage's folder, held by this process. Nothing changes in it before [`clear`](Self::clear), and
/// it counts as complete again when [`finish`](Self::finish) has written the manifest.
#[derive(Debug)]
pub struct Results {
    folder: PathBuf,
    stage: &'static str,
    version: &'static str,
    outputs: Vec<FileRecord>,
    _lock: RunLock,
}

impl Results {
    /// Makes and locks `folder` for the program `stage` of this version.
    ///
    /// # Errors
    /// As [`EarlierResults::read`], [`create_folder`] and [`RunLock::acquire`].
    pub fn open(folder: &Path, stage: &'static str, version: &'static str) -> Result<Self, Error> {
        create_folder(folder)?;
        let lock = RunLock::acquire(folder)?;
        // Another program may have been at work here until now.
        EarlierResults::read(folder, stage)?;
        Ok(Self {
            folder: folder.to_owned(),
            stage,
            version,
            outputs: Vec::new(),
            _lock: lock,
        })
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Removes an earlier result: its manifest first, so that what is left of it is never taken for
    /// complete.
    ///
    /// # Errors
    /// [`Error::Write`], or as [`Manifest::read`].
    pub fn clear(&mut self) -> Result<(), Error> {
        let Some(manifest) = Manifest::read(&self.folder)? else {
            return Ok(());
        };
        Manifest::remove(&self.folder)?;
        for record in &manifest.outputs {
            remove_file(&self.folder.join(&record.name))?;
        }
        Ok(())
    }

    /// Writes the file `name`, which may lie in a folder of its own.
    ///
    /// # Errors
    /// As [`create_folder`] and [`write_atomic`].
    pub fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let path = self.folder.join(name);
        if let Some(parent) = path.parent() {
            create_folder(parent)?;
        }
        write_atomic(&path, bytes)?;
        let digest = FileDigest {
            bytes: bytes.len() as u64,
            sha256: sha256_bytes(bytes),
        };
        self.add(name, digest);
        Ok(())
    }

    /// Lists a file that was written into the folder by other means.
    pub fn add(&mut self, name: &str, digest: FileDigest) {
        self.outputs.push(FileRecord {
            name: name.to_owned(),
            bytes: digest.bytes,
            sha256: digest.sha256,
            count: None,
        });
    }

    /// Writes the manifest: the result is complete. Returns the outputs by name.
    ///
    /// # Errors
    /// As [`Manifest::write`].
    pub fn finish(
        mut self,
        settings: Value,
        inputs: Vec<FileRecord>,
    ) -> Result<Vec<FileRecord>, Error> {
        self.outputs.sort();
        let manifest = Manifest {
            stage: self.stage.to_owned(),
            version: self.version.to_owned(),
            settings,
            inputs,
            outputs: self.outputs,
        };
        manifest.write(&self.folder)?;
        Ok(manifest.outputs)
    }
}
