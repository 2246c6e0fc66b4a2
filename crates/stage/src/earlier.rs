//! The earlier result in a stage's folder.

use crate::found::{Found, Note, Settings, Work};
use dcgan_artifacts::{Error, FileRecord, Manifest, differences, with_defaults};
use std::path::{Path, PathBuf};

/// The manifest of a stage's folder. Reading it creates and locks nothing.
///
/// The same rule holds for all stages: a folder without a manifest is incomplete, and so is one
/// with a damaged manifest, with a warning. The manifest of another stage, of a newer format, or
/// one that can't be read is an error.
#[derive(Debug)]
pub struct Earlier {
    folder: PathBuf,
    manifest: Option<Manifest>,
    notes: Vec<Note>,
}

impl Earlier {
    /// Reads the manifest of `folder`, if there is one. `stage` is the calling program's name in
    /// manifests.
    ///
    /// # Errors
    /// [`Error::OtherStage`], [`Error::NewerFormat`], [`Error::Read`], and [`Error::Unfit`] if the
    /// manifest's name is not a file.
    pub fn read(folder: &Path, stage: &'static str) -> Result<Self, Error> {
        let mut earlier = Self {
            folder: folder.to_owned(),
            manifest: None,
            notes: Vec::new(),
        };
        // If `folder` is a file, creating the folder fails later.
        if folder.is_file() {
            return Ok(earlier);
        }
        match Manifest::read(folder) {
            Ok(Some(manifest)) if manifest.stage != stage => {
                return Err(Error::OtherStage {
                    folder: folder.to_owned(),
                    expected: stage,
                    got: manifest.stage,
                });
            }
            Ok(manifest) => earlier.manifest = manifest,
            Err(error @ (Error::Damaged { .. } | Error::Header { .. } | Error::Json { .. })) => {
                earlier.note_damage(&error);
            }
            Err(error) => return Err(error),
        }
        Ok(earlier)
    }

    /// Whether there is a complete result, with any settings.
    pub fn is_complete(&self) -> bool {
        self.manifest.is_some()
    }

    /// Whether it is the result of these settings and sorted inputs; notes what differs.
    pub fn is_of(&mut self, settings: &Settings, inputs: &[FileRecord]) -> bool {
        let Some(manifest) = &self.manifest else {
            return false;
        };
        let Settings { asked, defaults } = settings;
        let recorded = with_defaults(manifest.settings.clone(), asked, defaults);
        let changed = differences(&recorded, asked);
        let what = match &changed[..] {
            [] => match other_input(&manifest.inputs, inputs) {
                None => return true,
                Some(what) => what,
            },
            [change] => format!("setting `{}` has changed", change.key),
            [change, rest @ ..] => {
                format!(
                    "setting `{}` and {} more have changed",
                    change.key,
                    rest.len()
                )
            }
        };
        let note = format!("{what}: making the result again");
        self.notes.push(Note::Change(note));
        false
    }

    /// Whether the files match their hashes in the manifest; notes the first that doesn't.
    pub fn is_intact(&mut self) -> bool {
        let Some(manifest) = &self.manifest else {
            return false;
        };
        let verified = manifest.verify_outputs(&self.folder);
        if let Err(error) = &verified {
            self.note_damage(error);
        }
        verified.is_ok()
    }

    /// Converts to the return value of [`Stage::inspect`](crate::Stage::inspect).
    pub fn into_found(self, work: Work) -> Found {
        let outputs = self.manifest.map(|manifest| manifest.outputs);
        Found {
            work,
            earlier: outputs.unwrap_or_default(),
            notes: self.notes,
        }
    }

    fn note_damage(&mut self, error: &Error) {
        let note = format!("{error}: treating the folder as incomplete");
        self.notes.push(Note::Damage(note));
    }
}

/// A difference between the inputs, if there is one. Ignores the number of items in a file: it
/// follows from the hash, and not every stage knows it beforehand.
fn other_input(old: &[FileRecord], new: &[FileRecord]) -> Option<String> {
    let is_same = |a: &FileRecord, b: &FileRecord| {
        (&a.name, a.bytes, &a.sha256) == (&b.name, b.bytes, &b.sha256)
    };
    let changed = new
        .iter()
        .find(|new| !old.iter().any(|old| is_same(old, new)));
    match changed {
        Some(input) => Some(format!("`{}` has changed", input.name)),
        None if old.len() != new.len() => Some("an input was removed".into()),
        None => None,
    }
}
