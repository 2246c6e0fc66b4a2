//! The result that a stage's folder holds before the stage runs.

use crate::found::{Found, Note, Settings, Work};
use dcgan_artifacts::{Error, FileRecord, Manifest, differences, with_defaults};
use std::path::{Path, PathBuf};

/// What a stage's folder says of itself; reading it makes and locks nothing.
///
/// The one rule for all stages: a folder without a manifest is not complete, and one with a damaged
/// manifest counts as such, with a warning. The manifest of another stage, one of a newer format
/// and one that the system doesn't let us read are refused.
#[derive(Debug)]
pub struct Earlier {
    folder: PathBuf,
    manifest: Option<Manifest>,
    notes: Vec<Note>,
}

impl Earlier {
    /// Reads the manifest of `folder`, if there is one. `stage` is the program that asks, as
    /// manifests name it.
    ///
    /// # Errors
    /// [`Error::OtherStage`], [`Error::NewerFormat`], [`Error::Read`], and [`Error::Unfit`] where
    /// something else than a file has the manifest's name.
    pub fn read(folder: &Path, stage: &'static str) -> Result<Self, Error> {
        let mut earlier = Self {
            folder: folder.to_owned(),
            manifest: None,
            notes: Vec::new(),
        };
        // A file in the folder's place is refused when the folder is made.
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

    /// Whether there is a complete result, of whatever settings.
    pub fn is_complete(&self) -> bool {
        self.manifest.is_some()
    }

    /// Whether it is the result of these settings and inputs, which are sorted; notes what differs.
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
        let note = format!("{what}: the result is made anew");
        self.notes.push(Note::Change(note));
        false
    }

    /// Whether its files are what its manifest says; notes the first that is not.
    pub fn is_whole(&mut self) -> bool {
        let Some(manifest) = &self.manifest else {
            return false;
        };
        let verified = manifest.verify_outputs(&self.folder);
        if let Err(error) = &verified {
            self.note_damage(error);
        }
        verified.is_ok()
    }

    /// The same as what [`Stage::inspect`](crate::Stage::inspect) returns.
    pub fn into_found(self, work: Work) -> Found {
        let outputs = self.manifest.map(|manifest| manifest.outputs);
        Found {
            work,
            earlier: outputs.unwrap_or_default(),
            notes: self.notes,
        }
    }

    fn note_damage(&mut self, error: &Error) {
        let note = format!("{error}: the folder counts as not complete");
        self.notes.push(Note::Damage(note));
    }
}

/// What tells the inputs apart, if anything does. How many things a file holds follows from its
/// hash, and not every stage knows it beforehand.
fn other_input(old: &[FileRecord], new: &[FileRecord]) -> Option<String> {
    let is_same = |a: &FileRecord, b: &FileRecord| {
        (&a.name, a.bytes, &a.sha256) == (&b.name, b.bytes, &b.sha256)
    };
    let changed = new
        .iter()
        .find(|new| !old.iter().any(|old| is_same(old, new)));
    match changed {
        Some(input) => Some(format!("`{}` has changed", input.name)),
        None if old.len() != new.len() => Some("an input is gone".into()),
        None => None,
    }
}
