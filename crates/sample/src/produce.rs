//! The frame around every mode: is there work, then the inputs, the lock, the files, the manifest.

use crate::error::file_failure;
use crate::report;
use dcgan_artifacts::{EarlierResults, FileDigest, FileRecord, Results, digest_file};
use dcgan_figures::{Picture, encode_png};
use dcgan_hints::text_of;
use dcgan_settings::{Sample, resolved};
use dcgan_terminal::{CommonArgs, Failure, Progress, Signals};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The program, as manifests name it.
const STAGE: &str = env!("CARGO_PKG_NAME");

/// What one mode reads, what fixes its result, and what it writes.
pub(crate) trait Task {
    /// The inputs in memory, and whatever follows from them and the settings.
    type Loaded;

    /// What, beside the inputs, fixes the result.
    fn settings(&self) -> Value;

    /// The files that are read, in a fixed order.
    fn inputs(&self) -> Result<Vec<PathBuf>, Failure>;

    /// Reads them and holds the settings against them, before anything is made.
    fn load(&self) -> Result<Self::Loaded, Failure>;

    /// The files that are written, in the order in which a dry run names them.
    fn outputs(&self, loaded: &Self::Loaded) -> Vec<String>;

    /// Draws and writes every file; returns how many images.
    fn write(&self, loaded: &Self::Loaded, output: &mut Output) -> Result<usize, Failure>;
}

/// Where a mode writes, what it made it of, and what may stop it.
pub(crate) struct Output {
    results: Results,
    /// Names, sizes and hashes of [`Task::inputs`].
    pub(crate) inputs: Vec<FileRecord>,
    signals: Signals,
    quiet: bool,
}

impl Output {
    /// Where the files go.
    pub(crate) fn folder(&self) -> &Path {
        self.results.folder()
    }

    /// Removes an earlier result; from here on the folder is not complete.
    pub(crate) fn clear(&mut self) -> Result<(), Failure> {
        self.results.clear().map_err(file_failure)
    }

    /// Writes the file `name`, which may lie in a folder of its own.
    pub(crate) fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        self.results.write(name, bytes).map_err(file_failure)
    }

    /// Writes a picture as the file `name`.
    pub(crate) fn write_png(&mut self, name: &str, picture: &Picture) -> Result<(), Failure> {
        let bytes = encode_png(picture).map_err(Failure::output)?;
        self.write(name, &bytes)
    }

    /// Writes a tree of numbers as the file `name`.
    pub(crate) fn write_json(&mut self, name: &str, tree: &Value) -> Result<(), Failure> {
        self.write(name, format!("{tree:#}\n").as_bytes())
    }

    /// Lists a file that was written into the folder by other means.
    pub(crate) fn add(&mut self, name: &str, digest: FileDigest) {
        self.results.add(name, digest);
    }

    /// Ends the stage if a signal came; every loop asks once a round.
    pub(crate) fn go_on(&self) -> Result<(), Failure> {
        match self.signals.received() {
            Some(signal) => Err(Failure::Interrupted(signal)),
            None => Ok(()),
        }
    }

    /// The progress of `total` things to do.
    pub(crate) fn progress(&self, total: usize) -> Progress {
        Progress::new("sample", total as u64, self.quiet)
    }
}

/// Runs a mode unless the folder holds its result already.
pub(crate) fn produce<T: Task>(task: &T, common: &CommonArgs) -> Result<(), Failure> {
    let (settings, inputs) = (task.settings(), task.inputs()?);
    if common.dry_run {
        let loaded = task.load()?;
        return report::dry_run(common, &inputs, &settings, &task.outputs(&loaded));
    }
    let signals = Signals::install()?;
    let earlier = EarlierResults::read(&common.out, STAGE).map_err(file_failure)?;
    let (loaded, inputs) = if earlier.is_complete() && !common.force {
        let records = records(&inputs).map_err(file_failure)?;
        if earlier.is_of(&settings, &defaults(&settings), &records) {
            return report::up_to_date(common);
        }
        (task.load()?, records)
    } else {
        // Reads and hashes at the same time.
        std::thread::scope(|scope| {
            let records = scope.spawn(|| records(&inputs));
            let loaded = task.load()?;
            let records = records
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            Ok((loaded, records.map_err(file_failure)?))
        })?
    };
    let results = Results::open(&common.out, STAGE, env!("CARGO_PKG_VERSION"));
    let mut output = Output {
        results: results.map_err(file_failure)?,
        inputs,
        signals,
        quiet: common.quiet,
    };
    let n_images = task.write(&loaded, &mut output)?;
    let outputs = output.results.finish(settings, output.inputs);
    let outputs = outputs.map_err(file_failure)?;
    report::drawn(common, n_images, &outputs)
}

/// The values that `settings` have by default. Each mode has sections of its own, whose keys have
/// the defaults of the section `sample`.
fn defaults(settings: &Value) -> Value {
    let of_sample = resolved(&Sample::default());
    let sections = settings.as_object().into_iter().flatten();
    sections
        .map(|(section, _)| (section.clone(), of_sample.clone()))
        .collect()
}

/// One record per input; of inputs from different folders with one name the later ones get a number,
/// so that the order shows.
fn records(inputs: &[PathBuf]) -> Result<Vec<FileRecord>, dcgan_artifacts::Error> {
    let mut records: Vec<FileRecord> = Vec::new();
    for path in inputs {
        let mut record = record(path)?;
        let namesakes = inputs[..records.len()]
            .iter()
            .filter(|other| other.file_name() == path.file_name())
            .count();
        if namesakes > 0 {
            record.name = format!("{} ({})", record.name, namesakes + 1);
        }
        records.push(record);
    }
    Ok(records)
}

/// The name of a file without its place.
pub(crate) fn file_name(path: &Path) -> String {
    text_of(path.file_name().unwrap_or(path.as_os_str()))
}

/// A file as an input of the manifest: its name without its place.
fn record(path: &Path) -> Result<FileRecord, dcgan_artifacts::Error> {
    let digest = digest_file(path)?;
    Ok(FileRecord {
        name: file_name(path),
        bytes: digest.bytes,
        sha256: digest.sha256,
        count: None,
    })
}
