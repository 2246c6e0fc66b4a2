//! The stage as a whole: is there work, read, write, say what was done.

use crate::audit::{self, Audit};
use crate::source::{self, Loaded, SourceFile};
use crate::{Args, Error, preview};
use dcgan_artifacts::{
    DatasetInfo, FileDigest, FileRecord, Manifest, RunLock, create_folder, differences,
    digest_file, sha256_bytes, write_atomic, write_dataset,
};
use dcgan_settings::{Prepare, SourceKind};
use dcgan_terminal::{Failure, Signals, print_result};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::Path;

/// The stage's name in manifests.
const STAGE: &str = env!("CARGO_PKG_NAME");
const DATASET: &str = "dataset.safetensors";
const AUDIT: &str = "audit.json";
const PREVIEW: &str = "preview.png";

/// What a run came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The folder was written.
    Written,
    /// The folder was already what the settings and sources ask for.
    UpToDate,
    /// Nothing was to be written: a dry run.
    DryRun,
}

/// Runs the stage and prints its result.
///
/// # Errors
/// [`Failure::Usage`] for settings, [`Failure::Input`] for sources, [`Failure::Output`] for the
/// folder to be written, [`Failure::Interrupted`]; after any of them no file is half written.
pub fn run(args: &Args) -> Result<Outcome, Failure> {
    let signals = Signals::install()?;
    let common = &args.common;
    let settings = common.pipeline()?.prepare;
    let files = source::files(&settings)?;
    let recorded = recorded_settings(&settings, &files);
    let old = manifest_of(&common.out)?;

    if let Some(old) = old.as_ref().filter(|_| !common.force && !common.dry_run)
        && up_to_date(old, &recorded, &settings, &files, &common.out)?
    {
        report_up_to_date(args, old)?;
        return Ok(Outcome::UpToDate);
    }

    let threads = common.threads.unwrap_or_else(available_threads);
    let loaded = source::load(&settings, &files, threads)?;
    if common.dry_run {
        report_dry_run(args, &settings, &files, &loaded)?;
        return Ok(Outcome::DryRun);
    }
    stop_if_asked(&signals)?;
    let audit = write(&common.out, &settings, recorded, &loaded, threads, &signals)?;
    report_written(args, &settings, &loaded, &audit)?;
    Ok(Outcome::Written)
}

fn available_threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn stop_if_asked(signals: &Signals) -> Result<(), Failure> {
    signals
        .received()
        .map_or(Ok(()), |signal| Err(Failure::Interrupted(signal)))
}

/// Whose fault an error of the contract's files is, the files themselves decide.
fn failure(error: dcgan_artifacts::Error) -> Failure {
    if error.is_output() {
        Failure::output(error)
    } else {
        Failure::input(error)
    }
}

/// The settings that shape the dataset: those of the chosen source, files by name.
fn recorded_settings(settings: &Prepare, files: &[SourceFile]) -> Value {
    let mut recorded = json!({
        "name": settings.name,
        "source": settings.source,
        "class_names": settings.class_names,
        "validation": settings.validation,
        "seed": settings.seed,
    });
    match settings.source {
        SourceKind::Idx => {
            recorded["idx"] = files
                .iter()
                .map(|file| (file.key, file.name.as_str()))
                .collect();
        }
        SourceKind::Synthetic => recorded["synthetic"] = json!(settings.synthetic),
    }
    json!({ "prepare": recorded })
}

/// The manifest in `folder`, if a run of this stage was completed there. A damaged one counts as
/// none: the folder is then made anew.
fn manifest_of(folder: &Path) -> Result<Option<Manifest>, Failure> {
    match Manifest::read(folder) {
        Ok(Some(manifest)) if manifest.stage != STAGE => {
            let folder = folder.to_owned();
            let got = manifest.stage;
            Err(Failure::output(Error::OtherStage {
                folder,
                expected: STAGE,
                got,
            }))
        }
        Ok(manifest) => Ok(manifest),
        Err(error) => {
            log::warn!("{error}; the folder is made anew");
            Ok(None)
        }
    }
}

/// Whether the folder holds what these settings and sources would make. Says why not.
fn up_to_date(
    old: &Manifest,
    recorded: &Value,
    settings: &Prepare,
    files: &[SourceFile],
    folder: &Path,
) -> Result<bool, Failure> {
    let changed = differences(&old.settings, recorded);
    for change in &changed {
        log::info!(
            "setting `{}` has changed: the dataset is made anew",
            change.key
        );
    }
    if !changed.is_empty() {
        return Ok(false);
    }
    for file in files {
        let digest = digest_file(&file.path).map_err(failure)?;
        source::check_pinned(settings, file, &digest).map_err(Failure::input)?;
        let is_same = |record: &FileRecord| {
            record.name == file.name
                && (record.bytes, &record.sha256) == (digest.bytes, &digest.sha256)
        };
        if !old.inputs.iter().any(is_same) {
            log::info!(
                "`{}` has changed: the dataset is made anew",
                file.path.display()
            );
            return Ok(false);
        }
    }
    if let Err(error) = old.verify_outputs(folder) {
        log::warn!("{error}; the dataset is made anew");
        return Ok(false);
    }
    Ok(true)
}

/// Writes the stage's folder. The dataset, most of the bytes, is written while another thread looks
/// at every image.
fn write(
    folder: &Path,
    settings: &Prepare,
    recorded: Value,
    loaded: &Loaded,
    threads: usize,
    signals: &Signals,
) -> Result<Audit, Failure> {
    let info = DatasetInfo {
        name: settings.name.clone(),
        class_names: loaded.class_names.clone(),
        height: loaded.height,
        width: loaded.width,
        channels: loaded.channels,
        sources: loaded.sources.clone(),
    };
    create_folder(folder).map_err(failure)?;
    let _lock = RunLock::acquire(folder).map_err(failure)?;
    // The folder counts as complete again when the new manifest stands.
    Manifest::remove(folder).map_err(failure)?;
    let write_images = || write_dataset(&folder.join(DATASET), &info, &loaded.parts);
    let look = || (audit::audit(loaded), preview::preview(loaded));
    let (dataset, (audit, preview)) = if threads > 1 {
        std::thread::scope(|scope| {
            let looking = scope.spawn(look);
            let dataset = write_images();
            let looked = looking
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            (dataset, looked)
        })
    } else {
        (write_images(), look())
    };
    let mut outputs = vec![record(DATASET, dataset.map_err(failure)?)];
    stop_if_asked(signals)?;

    let mut totals = format!("{:#}", audit.json(&settings.name, loaded));
    totals.push('\n');
    let texts = [
        (AUDIT, totals.into_bytes()),
        (audit::TABLE, audit.csv().map_err(Failure::output)?),
        (PREVIEW, preview.map_err(Failure::output)?),
    ];
    for (name, bytes) in texts {
        write_atomic(&folder.join(name), &bytes).map_err(failure)?;
        let digest = FileDigest {
            bytes: bytes.len() as u64,
            sha256: sha256_bytes(&bytes),
        };
        outputs.push(record(name, digest));
    }
    let manifest = Manifest {
        stage: STAGE.into(),
        version: env!("CARGO_PKG_VERSION").into(),
        settings: recorded,
        inputs: loaded.sources.clone(),
        outputs,
    };
    manifest.write(folder).map_err(failure)?;
    Ok(audit)
}

fn record(name: &str, digest: FileDigest) -> FileRecord {
    FileRecord {
        name: name.into(),
        bytes: digest.bytes,
        sha256: digest.sha256,
        count: None,
    }
}

/// What `--json` prints of the parts: images of each.
fn part_counts(loaded: &Loaded) -> Value {
    loaded
        .parts
        .iter()
        .map(|(part, data)| (part.name(), data.n))
        .collect()
}

/// A line such as `60000 train, 10000 test, 28x28x1, 10 classes`.
fn describe(loaded: &Loaded) -> String {
    let mut text = String::new();
    for (part, data) in &loaded.parts {
        let _ = write!(text, "{} {part}, ", data.n);
    }
    let (height, width, channels) = (loaded.height, loaded.width, loaded.channels);
    let _ = write!(text, "{height}x{width}x{channels}, ");
    let _ = match loaded.class_names.len() {
        0 => write!(text, "no labels"),
        1 => write!(text, "1 class"),
        classes => write!(text, "{classes} classes"),
    };
    text
}

fn report_written(
    args: &Args,
    settings: &Prepare,
    loaded: &Loaded,
    audit: &Audit,
) -> Result<(), Failure> {
    let dataset = args.common.out.join(DATASET);
    let human = format!(
        "{}: {}\naudit: {}\nwrote {}",
        settings.name,
        describe(loaded),
        audit.summary(),
        dataset.display()
    );
    let json = json!({
        "stage": STAGE,
        "status": "written",
        "dataset": dataset,
        "audit": audit.json(&settings.name, loaded),
    });
    print_result(&args.common, &human, &json)
}

fn report_up_to_date(args: &Args, old: &Manifest) -> Result<(), Failure> {
    let dataset = args.common.out.join(DATASET);
    let human = format!("nothing to do: `{}` is up to date", dataset.display());
    let json = json!({
        "stage": STAGE,
        "status": "up_to_date",
        "dataset": dataset,
        "outputs": old.outputs,
    });
    print_result(&args.common, &human, &json)
}

fn report_dry_run(
    args: &Args,
    settings: &Prepare,
    files: &[SourceFile],
    loaded: &Loaded,
) -> Result<(), Failure> {
    let out = &args.common.out;
    let outputs =
        [DATASET, AUDIT, audit::TABLE, PREVIEW, Manifest::NAME].map(|name| out.join(name));
    let mut human = format!("{}: {}\n", settings.name, describe(loaded));
    for (file, found) in files.iter().zip(&loaded.sources) {
        let _ = writeln!(
            human,
            "would read {} ({} bytes)",
            file.path.display(),
            found.bytes
        );
    }
    for path in &outputs {
        let _ = writeln!(human, "would write {}", path.display());
    }
    let json = json!({
        "stage": STAGE,
        "status": "dry_run",
        "settings": settings,
        "parts": part_counts(loaded),
        "reads": files.iter().map(|file| &file.path).collect::<Vec<_>>(),
        "writes": outputs,
    });
    print_result(&args.common, &human, &json)
}
