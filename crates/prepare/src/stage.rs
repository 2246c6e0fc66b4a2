//! Preparing as a stage: chooses the source, and writes the files next to the dataset.

use crate::cifar_source::CifarSource;
use crate::csv_source::CsvSource;
use crate::folder::{FolderSource, Work as Workers};
use crate::idx_source::IdxSource;
use crate::npz_source::NpzSource;
use crate::report::{describe, part_counts, written};
use crate::source::{Outline, Source, Written};
use crate::synthetic::SyntheticSource;
use crate::{Args, audit, forecast};
use dcgan_artifacts::FileRecord;
use dcgan_hints::printable;
use dcgan_settings::{Pipeline, Prepare, SourceKind, resolved};
use dcgan_stage::{Failure, Output, Plan, Report, Settings, Signals, Stage, Work};
use serde_json::json;

const DATASET: &str = "dataset.safetensors";
const AUDIT: &str = "audit.json";
const PREVIEW: &str = "preview.png";

/// Runs the stage and prints its result.
///
/// # Errors
/// [`Failure::Usage`] for settings, [`Failure::Input`] for sources, [`Failure::Output`] for the
/// folder to write, [`Failure::Interrupted`]; no file is ever half written.
pub fn run(args: &Args) -> Result<(), Failure> {
    let signals = Signals::install()?;
    let pipeline = &args.common.pipeline()?;
    let settings = &pipeline.prepare;
    let threads = args.common.threads.unwrap_or_else(available_threads);
    match settings.source {
        SourceKind::Folder | SourceKind::Archive | SourceKind::Parquet => {
            let workers = Workers::new(threads, &signals, args.common.quiet)?;
            let source = FolderSource::new(settings, &workers)?;
            prepare(args, pipeline, source, &signals)
        }
        SourceKind::Idx => {
            let source = IdxSource::new(settings, threads)?;
            prepare(args, pipeline, source, &signals)
        }
        SourceKind::Npz => {
            let source = NpzSource::new(settings, threads)?;
            prepare(args, pipeline, source, &signals)
        }
        SourceKind::Csv => {
            let source = CsvSource::new(settings, threads)?;
            prepare(args, pipeline, source, &signals)
        }
        SourceKind::Cifar => {
            let source = CifarSource::new(settings, threads)?;
            prepare(args, pipeline, source, &signals)
        }
        SourceKind::Synthetic => {
            let source = SyntheticSource { settings, threads };
            prepare(args, pipeline, source, &signals)
        }
    }
}

fn prepare(
    args: &Args,
    pipeline: &Pipeline,
    source: impl Source,
    signals: &Signals,
) -> Result<(), Failure> {
    let preparation = Preparation { pipeline, source };
    dcgan_stage::run_until(&preparation, &args.common, || Ok(signals.clone()))
}

fn available_threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// The requested dataset.
struct Preparation<'a, S> {
    pipeline: &'a Pipeline,
    source: S,
}

impl<S: Source> Stage for Preparation<'_, S> {
    type Loaded = (Outline, S::Scanned);

    const NAME: &'static str = env!("CARGO_PKG_NAME");

    /// The settings that determine the dataset: those of the chosen source, with file names instead
    /// of paths.
    fn settings(&self) -> Settings {
        let settings = &self.pipeline.prepare;
        let mut asked = json!({
            "name": settings.name,
            "source": settings.source,
            "class_names": settings.class_names,
            "validation": settings.validation,
            "seed": settings.seed,
        });
        for (key, value) in self.source.settings() {
            asked[key] = value;
        }
        let mut defaults = resolved(&Prepare::default());
        defaults["pictures"]["labels_file"] = json!([]);
        Settings {
            asked: json!({ "prepare": asked }),
            defaults: json!({ "prepare": defaults }),
        }
    }

    fn inputs(&self) -> Result<Vec<FileRecord>, Failure> {
        self.source.inputs()
    }

    fn load(&self) -> Result<Self::Loaded, Failure> {
        self.source.scan()
    }

    fn plan(&self, (outline, _): &Self::Loaded, _: Work) -> Plan {
        let (name, counts) = (printable(&self.pipeline.prepare.name), &outline.counts);
        Plan::new()
            .files([DATASET, AUDIT, audit::TABLE, PREVIEW])
            .about(format!("{name}: {}", describe(&outline.info, counts)))
            .with("parts", part_counts(counts))
    }

    fn write(&self, (_, scanned): Self::Loaded, output: &mut Output) -> Result<Report, Failure> {
        output.check_signal()?;
        let Written {
            digest,
            contents,
            audit,
            preview,
        } = self.source.write(scanned, &output.place(DATASET)?)?;
        output.record(DATASET, digest);
        output.check_signal()?;
        output.write_json(AUDIT, &audit.json(&contents))?;
        output.write(audit::TABLE, &audit.csv().map_err(Failure::output)?)?;
        output.write(PREVIEW, &preview)?;
        // With the number of images in each file.
        output.set_inputs(contents.sources());
        let missing = forecast::missing(&contents, self.pipeline);
        Ok(written(
            output.folder(),
            DATASET,
            &contents,
            &audit,
            &missing,
        ))
    }
}
