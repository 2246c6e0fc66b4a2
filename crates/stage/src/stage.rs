//! The trait that a program implements to run in the frame.

use crate::earlier::Earlier;
use crate::found::{Found, Settings, Work};
use crate::{Failure, Output, Plan};
use dcgan_artifacts::FileRecord;
use dcgan_hints::shown;
use serde_json::{Map, Value};
use std::cell::OnceCell;
use std::path::Path;

/// A program that reads files and writes one folder. It needs five methods; [`run`](crate::run)
/// does the rest.
///
/// The order of the calls is: `settings` and `inputs`, if needed to check an earlier result;
/// `load`; `plan`; then, unless it is a dry run, `write`.
pub trait Stage: Sync {
    /// The loaded inputs, and data derived from them and the settings.
    type Loaded;

    /// The program's name in manifests and results, e.g. `dcgan-sample`.
    const NAME: &'static str;

    /// The settings that, with the inputs, determine the result.
    fn settings(&self) -> Settings;

    /// Name, size and hash of each file that is read. May run in a thread next to `load`.
    ///
    /// # Errors
    /// [`Failure::Input`] for a file that can't be read.
    fn inputs(&self) -> Result<Vec<FileRecord>, Failure>;

    /// Reads the inputs and checks that the settings fit them. Writes nothing.
    ///
    /// # Errors
    /// [`Failure::Usage`] for settings that don't fit, [`Failure::Input`] for the inputs.
    fn load(&self) -> Result<Self::Loaded, Failure>;

    /// The files that [`write`](Self::write) will write: a dry run prints them, and a result that
    /// has others, or lacks one of them, gets no manifest.
    fn plan(&self, loaded: &Self::Loaded, work: Work) -> Plan;

    /// Makes the result and reports it.
    ///
    /// # Errors
    /// Any [`Failure`]. Before the first write into `output` an earlier result is untouched.
    fn write(&self, loaded: Self::Loaded, output: &mut Output) -> Result<Report, Failure>;

    /// Inspects `folder` for the work to do, without writing. By default a folder is complete if
    /// its manifest has the same settings and inputs and its files match their hashes.
    ///
    /// # Errors
    /// A folder that the stage must not touch, and the errors of [`Inputs::get`].
    fn inspect(&self, folder: &Path, force: bool, inputs: &Inputs<'_>) -> Result<Found, Failure> {
        let mut earlier = Earlier::read(folder, Self::NAME)?;
        let is_done = !force
            && earlier.is_complete()
            && earlier.is_of(&self.settings(), inputs.get()?)
            && earlier.is_intact();
        Ok(earlier.into_found(if is_done { Work::Nothing } else { Work::Make }))
    }

    /// Whether a complete `folder` lacks a requested file that manifests don't list.
    fn lacks(&self, _folder: &Path) -> bool {
        false
    }

    /// Writes the files that a complete, locked `folder` [`lacks`](Self::lacks).
    ///
    /// # Errors
    /// [`Failure::Input`] for their sources, [`Failure::Output`].
    fn complete(&self, _folder: &Path) -> Result<(), Failure> {
        Ok(())
    }

    /// The report if there is nothing to do. Writes nothing.
    fn up_to_date(&self, folder: &Path) -> Report {
        Report::new(format!("nothing to do: `{}` is up to date", shown(folder)))
    }
}

/// The records of a stage's inputs, computed when first needed.
#[derive(Debug)]
pub struct Inputs<'a> {
    stage: &'a dyn Records,
    known: OnceCell<Vec<FileRecord>>,
}

/// [`Stage::inputs`] of any stage.
pub(crate) trait Records {
    fn records(&self) -> Result<Vec<FileRecord>, Failure>;
}

impl<S: Stage> Records for S {
    fn records(&self) -> Result<Vec<FileRecord>, Failure> {
        self.inputs()
    }
}

impl std::fmt::Debug for dyn Records + '_ {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a stage")
    }
}

impl<'a> Inputs<'a> {
    pub(crate) fn of(stage: &'a impl Stage) -> Self {
        Self {
            stage,
            known: OnceCell::new(),
        }
    }

    /// The records, sorted as in a manifest.
    ///
    /// # Errors
    /// As [`Stage::inputs`].
    pub fn get(&self) -> Result<&[FileRecord], Failure> {
        if let Some(known) = self.known.get() {
            return Ok(known);
        }
        let records = self.stage.records()?;
        Ok(self.known.get_or_init(|| sorted(records)))
    }

    /// Whether they are computed already.
    pub(crate) fn are_known(&self) -> bool {
        self.known.get().is_some()
    }

    /// Sets records computed elsewhere.
    pub(crate) fn set(&self, records: Vec<FileRecord>) {
        self.known.get_or_init(|| sorted(records));
    }
}

fn sorted(mut records: Vec<FileRecord>) -> Vec<FileRecord> {
    records.sort();
    records
}

/// A stage's report of its result: text, and additional keys for `--json`.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    pub(crate) human: String,
    pub(crate) figures: Map<String, Value>,
}

impl Report {
    /// A report of this text. The caller has made text from outside
    /// [`printable`](dcgan_hints::printable).
    pub fn new(human: impl Into<String>) -> Self {
        Self {
            human: human.into(),
            figures: Map::new(),
        }
    }

    /// Adds a key for `--json`.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.figures.insert(key.to_owned(), value.into());
        self
    }
}
