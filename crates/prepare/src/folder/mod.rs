//! Folders, archives and tables of pictures: the first pass finds, hashes and assigns the pictures,
//! the second decodes them.
//!
//! Between the passes only the name, hash and class of each picture are in memory; pixels go
//! directly to their place in the dataset's file. So memory does not grow with the pictures' size,
//! and outputs do not depend on the order of the threads.

mod archive;
mod beside;
mod container;
mod conversion;
mod convert;
mod labels;
mod layout;
mod parquet;
mod picture;
mod scan;
mod similar;
mod walk;
mod work;

pub use archive::{ArchiveError, open as open_archive};
pub use beside::BesideError;
pub use container::Collection;
pub use parquet::{ParquetColumns, ParquetError, open as open_parquet};
pub(crate) use work::Work;

use crate::source::{Outline, Source, Written};
use crate::{audit, preview};
use convert::{Converted, convert};
use dcgan_artifacts::{DatasetWriter, FileRecord, Part};
use dcgan_settings::{Prepare, SourceKind};
use dcgan_stage::Failure;
use scan::{Scan, scan};
use serde_json::{Map, Value, json};
use std::path::Path;

/// The folders, archives or tables of the settings, after the first pass.
pub(crate) struct FolderSource<'a> {
    settings: &'a Prepare,
    work: &'a Work<'a>,
    scan: Scan,
}

impl<'a> FolderSource<'a> {
    /// Finds, hashes and inspects every file.
    ///
    /// # Errors
    /// [`Failure::Usage`] for settings; [`Failure::Input`] if no picture is left to train on, for
    /// classes that don't fit, and with `strict` for the first unusable picture.
    pub(crate) fn new(settings: &'a Prepare, work: &'a Work<'a>) -> Result<Self, Failure> {
        Ok(Self {
            settings,
            work,
            scan: scan(settings, work)?,
        })
    }
}

impl Source for FolderSource<'_> {
    type Scanned = ();

    fn settings(&self) -> Map<String, Value> {
        let names = &self.scan.names;
        let mut pictures = json!(self.settings.pictures);
        pictures["labels_file"] = json!(names.get("labels_file"));
        let (train, test) = (json!(names.get("folder")), json!(names.get("test_folder")));
        let mut settings = Map::from_iter([("pictures".to_owned(), pictures)]);
        let with_names = |mut section: Value| {
            section["train"] = train.clone();
            section["test"] = test.clone();
            section
        };
        match self.settings.source {
            SourceKind::Archive => {
                let section = with_names(json!(self.settings.archive));
                settings.insert("archive".to_owned(), section);
            }
            SourceKind::Parquet => {
                let section = with_names(json!(self.settings.parquet));
                settings.insert("parquet".to_owned(), section);
            }
            _ => {
                settings.insert("folder".to_owned(), train);
                settings.insert("test_folder".to_owned(), test);
            }
        }
        settings
    }

    fn inputs(&self) -> Result<Vec<FileRecord>, Failure> {
        Ok(self.scan.info.sources.clone())
    }

    fn scan(&self) -> Result<(Outline, ()), Failure> {
        let outline = Outline {
            info: self.scan.info.clone(),
            counts: self.scan.counts(),
        };
        Ok((outline, ()))
    }

    fn write(&self, (): (), path: &Path) -> Result<Written, Failure> {
        let scan = &self.scan;
        let writer = DatasetWriter::create(path, &scan.info, &scan.counts())?;
        let Converted {
            contents,
            kept,
            stats,
            findings,
        } = convert(self.settings, scan, &writer, self.work)?;
        let preview = preview::preview(&contents, |image_idx, pixels| {
            let place = kept[&Part::Train].places[image_idx] as usize;
            Ok(writer.read_image(Part::Train, place, pixels)?)
        })?;
        let audit = audit::audit(&contents, &stats, findings);
        Ok(Written {
            digest: writer.finish(&kept)?,
            contents,
            audit,
            preview,
        })
    }
}
