//! The stage as a whole: is there work, read, write, say what was done.

use crate::audit::{self, Audit, Look};
use crate::contents::Contents;
use crate::folder::{self, Converted, Scan, Work};
use crate::source::{self, Loaded, SourceFile};
use crate::{Args, Error, forecast, preview};
use dcgan_artifacts::{
    DatasetInfo, DatasetWriter, FileDigest, FileRecord, Manifest, Part, RunLock, create_folder,
    differences, digest_file, sha256_bytes, with_defaults, write_atomic, write_dataset,
};
use dcgan_hints::{printable, shown, text_of};
use dcgan_settings::{IdxFiles, Prepare, SourceKind, resolved};
use dcgan_terminal::{Failure, Signals, print_result};
use serde_json::{Value, json};
use std::collections::BTreeMap;
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
    let threads = common.threads.unwrap_or_else(available_threads);
    let old = manifest_of(&common.out)?.filter(|_| !common.force && !common.dry_run);
    match settings.source {
        SourceKind::Folder => run_folder(args, &settings, old.as_ref(), threads, &signals),
        SourceKind::Idx | SourceKind::Synthetic => {
            run_files(args, &settings, old.as_ref(), threads, &signals)
        }
    }
}

/// Sources that memory holds: IDX files and synthetic pictures.
fn run_files(
    args: &Args,
    settings: &Prepare,
    old: Option<&Manifest>,
    threads: usize,
    signals: &Signals,
) -> Result<Outcome, Failure> {
    let out = &args.common.out;
    let files = source::files(settings)?;
    let recorded = recorded_settings(settings, &files);
    if let Some(old) = old
        && has_same_settings(old, &recorded)
        && has_same_files(old, settings, &files)?
        && has_its_outputs(old, out)
    {
        return report_up_to_date(args, old);
    }
    let loaded = source::load(settings, &files, threads)?;
    let contents = loaded.contents(&settings.name);
    if args.common.dry_run {
        let counts = loaded.parts.iter().map(|(part, data)| (*part, data.n));
        let reads = files
            .iter()
            .zip(contents.sources())
            .map(|(file, found)| (text_of(&file.path), format!("{} bytes", found.bytes)));
        return report_dry_run(
            args,
            settings,
            &contents.info,
            &counts.collect(),
            &reads.collect::<Vec<_>>(),
        );
    }
    stop_if_asked(signals)?;
    let _lock = lock(out)?;
    let (dataset, audit, preview) = write_and_look(out, &loaded, &contents, threads)?;
    stop_if_asked(signals)?;
    finish(args, &contents, recorded, dataset, &audit, preview)
}

/// Folders of pictures, which go to the file one by one.
fn run_folder(
    args: &Args,
    settings: &Prepare,
    old: Option<&Manifest>,
    threads: usize,
    signals: &Signals,
) -> Result<Outcome, Failure> {
    let out = &args.common.out;
    let work = Work::new(threads, signals, args.common.quiet)?;
    let scan = folder::scan(settings, &work)?;
    let recorded = recorded_folder(settings, &scan);
    if let Some(old) = old
        && has_same_settings(old, &recorded)
        && has_same_pictures(old, &scan)
        && has_its_outputs(old, out)
    {
        return report_up_to_date(args, old);
    }
    let counts: BTreeMap<Part, usize> = scan
        .pictures
        .iter()
        .map(|(part, pictures)| (*part, pictures.len()))
        .collect();
    if args.common.dry_run {
        let sources = scan.info.sources.iter();
        let reads = sources.map(|source| {
            let count = source
                .count
                .map(|count| format!("{count} files, "))
                .unwrap_or_default();
            (
                source.name.clone(),
                format!("{count}{} bytes", source.bytes),
            )
        });
        return report_dry_run(
            args,
            settings,
            &scan.info,
            &counts,
            &reads.collect::<Vec<_>>(),
        );
    }
    stop_if_asked(signals)?;
    let _lock = lock(out)?;
    let writer = DatasetWriter::create(&out.join(DATASET), &scan.info, &counts).map_err(failure)?;
    let Converted {
        contents,
        kept,
        looks,
        findings,
    } = folder::convert(settings, scan, &writer, &work)?;
    let preview = preview::preview(&contents, |image_idx, pixels| {
        let place = kept[&Part::Train].places[image_idx] as usize;
        writer
            .read_image(Part::Train, place, pixels)
            .map_err(failure)
    })?;
    let audit = audit::audit(&contents, &looks, findings);
    let dataset = writer.finish(&kept).map_err(failure)?;
    stop_if_asked(signals)?;
    finish(args, &contents, recorded, dataset, &audit, preview)
}

/// Makes the folder ours alone. It counts as complete again when the new manifest stands.
fn lock(folder: &Path) -> Result<RunLock, Failure> {
    create_folder(folder).map_err(failure)?;
    let lock = RunLock::acquire(folder).map_err(failure)?;
    Manifest::remove(folder).map_err(failure)?;
    Ok(lock)
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

fn recorded_of_every_source(settings: &Prepare) -> Value {
    json!({
        "name": settings.name,
        "source": settings.source,
        "class_names": settings.class_names,
        "validation": settings.validation,
        "seed": settings.seed,
    })
}

/// The settings that shape the dataset: those of the chosen source, files by name.
fn recorded_settings(settings: &Prepare, files: &[SourceFile]) -> Value {
    let mut recorded = recorded_of_every_source(settings);
    if settings.source == SourceKind::Idx {
        recorded["idx"] = files
            .iter()
            .map(|file| (file.key, file.name.as_str()))
            .collect();
        // A manifest without these means the defaults.
        let defaults = IdxFiles::default();
        if settings.idx.transpose != defaults.transpose {
            recorded["idx"]["transpose"] = json!(settings.idx.transpose);
        }
        if settings.idx.first_label != defaults.first_label {
            recorded["idx"]["first_label"] = json!(settings.idx.first_label);
        }
    } else {
        recorded["synthetic"] = json!(settings.synthetic);
    }
    json!({ "prepare": recorded })
}

/// The same for folders of pictures, by name.
fn recorded_folder(settings: &Prepare, scan: &Scan) -> Value {
    let mut recorded = recorded_of_every_source(settings);
    recorded["pictures"] = json!(settings.pictures);
    recorded["pictures"]["labels_file"] = json!(scan.names.get("labels_file"));
    for key in ["folder", "test_folder"] {
        recorded[key] = json!(scan.names.get(key));
    }
    json!({ "prepare": recorded })
}

/// The settings as a manifest would have them if all were left at their defaults.
fn recorded_defaults() -> Value {
    let mut defaults = resolved(&Prepare::default());
    defaults["pictures"]["labels_file"] = json!([]);
    json!({ "prepare": defaults })
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

/// Whether the settings are those of `old`. Says which are not.
fn has_same_settings(old: &Manifest, recorded: &Value) -> bool {
    let old = with_defaults(old.settings.clone(), recorded, &recorded_defaults());
    let changed = differences(&old, recorded);
    for change in &changed {
        log::info!(
            "setting `{}` has changed: the dataset is made anew",
            change.key
        );
    }
    changed.is_empty()
}

/// Whether the files are those of `old`. Says which is not.
fn has_same_files(
    old: &Manifest,
    settings: &Prepare,
    files: &[SourceFile],
) -> Result<bool, Failure> {
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
    Ok(true)
}

/// Whether the folders hold the pictures that `old` was made of.
fn has_same_pictures(old: &Manifest, scan: &Scan) -> bool {
    let changed = scan
        .info
        .sources
        .iter()
        .find(|source| !old.inputs.contains(source));
    if let Some(source) = changed {
        log::info!("`{}` has changed: the dataset is made anew", source.name);
    }
    changed.is_none()
}

/// Whether the stage's folder holds what `old` says.
fn has_its_outputs(old: &Manifest, folder: &Path) -> bool {
    old.verify_outputs(folder)
        .inspect_err(|error| log::warn!("{error}; the dataset is made anew"))
        .is_ok()
}

/// Writes the dataset, most of the bytes, while another thread looks at every image.
fn write_and_look(
    folder: &Path,
    loaded: &Loaded,
    contents: &Contents,
    threads: usize,
) -> Result<(FileDigest, Audit, Vec<u8>), Failure> {
    let image_len = contents.info.image_len();
    let write_images = || write_dataset(&folder.join(DATASET), &contents.info, &loaded.parts);
    let look = || {
        let of_part = |(part, data): (&Part, &dcgan_artifacts::PartData)| {
            let looks = data.images.chunks_exact(image_len).map(Look::at);
            (*part, looks.collect())
        };
        let looks = loaded.parts.iter().map(of_part).collect();
        let train = &loaded.parts[&Part::Train].images;
        let preview = preview::preview(contents, |image_idx, pixels| {
            pixels.copy_from_slice(&train[image_idx * image_len..][..image_len]);
            Ok(())
        });
        (audit::audit(contents, &looks, Vec::new()), preview)
    };
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
    Ok((dataset.map_err(failure)?, audit, preview?))
}

/// Writes what stands beside the dataset, the manifest last, and says what was done.
fn finish(
    args: &Args,
    contents: &Contents,
    recorded: Value,
    dataset: FileDigest,
    audit: &Audit,
    preview: Vec<u8>,
) -> Result<Outcome, Failure> {
    let folder = &args.common.out;
    let mut outputs = vec![record(DATASET, dataset)];
    let mut totals = format!("{:#}", audit.json(contents));
    totals.push('\n');
    let texts = [
        (AUDIT, totals.into_bytes()),
        (audit::TABLE, audit.csv().map_err(Failure::output)?),
        (PREVIEW, preview),
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
        inputs: contents.sources().to_vec(),
        outputs,
    };
    manifest.write(folder).map_err(failure)?;
    report_written(args, contents, audit)?;
    Ok(Outcome::Written)
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
fn part_counts(counts: &BTreeMap<Part, usize>) -> Value {
    counts.iter().map(|(part, n)| (part.name(), *n)).collect()
}

/// A line such as `60000 train, 10000 test, 28x28x1, 10 classes`.
fn describe(info: &DatasetInfo, counts: &BTreeMap<Part, usize>) -> String {
    let mut text = String::new();
    for (part, n) in counts {
        let _ = write!(text, "{n} {part}, ");
    }
    let (height, width, channels) = (info.height, info.width, info.channels);
    let _ = write!(text, "{height}x{width}x{channels}, ");
    let _ = match info.class_names.len() {
        0 => write!(text, "no labels"),
        1 => write!(text, "1 class"),
        classes => write!(text, "{classes} classes"),
    };
    text
}

fn report_written(args: &Args, contents: &Contents, audit: &Audit) -> Result<(), Failure> {
    let dataset = args.common.out.join(DATASET);
    let counts = contents
        .parts
        .iter()
        .map(|(part, members)| (*part, members.n));
    let table = args.common.out.join(audit::TABLE);
    let skipped = audit.skipped();
    if skipped > 0 {
        let files = if skipped == 1 {
            "file was"
        } else {
            "files were"
        };
        log::warn!("{skipped} {files} skipped: `{}` names each", shown(&table));
        for (format, n) in audit.unsupported() {
            match n {
                1 => log::warn!("1 file is {format}"),
                n => log::warn!(
                    "{n} files are {}",
                    format.replace("convert it", "convert them")
                ),
            }
        }
    }
    let mut human = format!(
        "{}: {}\naudit: {}\n",
        printable(&contents.info.name),
        describe(&contents.info, &counts.collect()),
        audit.summary(),
    );
    let missing = forecast::missing(contents, &args.common.pipeline()?);
    human.push_str(&forecast::told(&missing));
    let _ = write!(human, "wrote {}", shown(&dataset));
    // Above, it is one line of many; the last one is read.
    let wanted = audit.wanted();
    if skipped * 10 > wanted {
        let _ = write!(
            human,
            "\nmore than a tenth is missing: {skipped} of {wanted} files were skipped, `{}` names \
             each",
            shown(&table)
        );
    }
    let json = json!({
        "stage": STAGE,
        "status": "written",
        "dataset": text_of(dataset),
        "audit": audit.json(contents),
        "missing_figures": missing,
    });
    print_result(&args.common, &human, &json)
}

fn report_up_to_date(args: &Args, old: &Manifest) -> Result<Outcome, Failure> {
    let dataset = args.common.out.join(DATASET);
    let human = format!("nothing to do: `{}` is up to date", shown(&dataset));
    let json = json!({
        "stage": STAGE,
        "status": "up_to_date",
        "dataset": text_of(dataset),
        "outputs": old.outputs,
    });
    print_result(&args.common, &human, &json)?;
    Ok(Outcome::UpToDate)
}

/// `reads` are the sources, each with its size in words.
fn report_dry_run(
    args: &Args,
    settings: &Prepare,
    info: &DatasetInfo,
    counts: &BTreeMap<Part, usize>,
    reads: &[(String, String)],
) -> Result<Outcome, Failure> {
    let out = &args.common.out;
    let outputs =
        [DATASET, AUDIT, audit::TABLE, PREVIEW, Manifest::NAME].map(|name| out.join(name));
    let name = printable(&settings.name);
    let mut human = format!("{name}: {}\n", describe(info, counts));
    for (source, size) in reads {
        let _ = writeln!(human, "would read {} ({size})", printable(source));
    }
    for path in &outputs {
        let _ = writeln!(human, "would write {}", shown(path));
    }
    let json = json!({
        "stage": STAGE,
        "status": "dry_run",
        "settings": settings,
        "parts": part_counts(counts),
        "reads": reads.iter().map(|(source, _)| source).collect::<Vec<_>>(),
        "writes": outputs.map(text_of),
    });
    print_result(&args.common, &human, &json)?;
    Ok(Outcome::DryRun)
}
