//! The binary version of CIFAR as a source: an archive, or the folder that it unpacks to.

use crate::cifar::{Cifar, CifarError, CifarLabels, is_known};
use crate::gather::{Batch, GatherError, Gathered};
use crate::memory::Loaded;
use crate::names::slashed;
use crate::source::{Outline, Source, Written};
use dcgan_artifacts::{Artifact, FileRecord, digest_file, open_plain};
use dcgan_hints::{Hint, text_of};
use dcgan_settings::{CifarLabelsChoice, Prepare};
use dcgan_stage::Failure;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// The archive or folder of the settings.
#[derive(Debug)]
pub(crate) struct CifarSource<'a> {
    settings: &'a Prepare,
    /// The archive or folder.
    path: &'a Path,
    /// The archive, or the known files of the folder, with their names in everything written.
    files: Vec<(PathBuf, String)>,
    threads: usize,
}

/// Why an archive or folder doesn't become a dataset.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CifarSourceError {
    /// Nothing to read.
    #[error("`prepare.cifar.path` is not set: expected a file, as `prepare.source` is `cifar`")]
    NoPath,
    /// A file that can't be opened.
    #[error(transparent)]
    File(#[from] dcgan_artifacts::Error),
    /// Batches that can't be read.
    #[error(transparent)]
    Batches(#[from] CifarError),
    /// The batches don't belong together.
    #[error(transparent)]
    Gather(#[from] GatherError),
}

impl Hint for CifarSourceError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::NoPath => {
                Some("give `--set prepare.cifar.path=cifar-10-binary.tar.gz`, or a folder".into())
            }
            Self::File(source) => source.hint(),
            Self::Batches(source) => source.hint(),
            Self::Gather(source) => source.hint(),
        }
    }
}

impl<'a> CifarSource<'a> {
    /// Finds the files; `threads` is how many may write and audit.
    ///
    /// # Errors
    /// [`Failure::Usage`] when no path is set, [`Failure::Input`] for a folder that can't be read.
    pub(crate) fn new(settings: &'a Prepare, threads: usize) -> Result<Self, Failure> {
        let path = settings.cifar.path.as_deref();
        let path = path.ok_or_else(|| Failure::usage(CifarSourceError::NoPath))?;
        let last = path.file_name().map_or("cifar".into(), text_of);
        let files = if path.is_dir() {
            let failed = |source| {
                let path = path.to_owned();
                Failure::input(CifarError::Read { path, source })
            };
            let mut files = Vec::new();
            for entry in std::fs::read_dir(path).map_err(failed)? {
                let file = entry.map_err(failed)?.path();
                let name = file.file_name().map(|name| slashed(Path::new(name)));
                if let Some(name) = name.filter(|name| is_known(name)) {
                    files.push((file, format!("{last}/{name}")));
                }
            }
            files.sort();
            files
        } else {
            vec![(path.to_owned(), last)]
        };
        Ok(Self {
            settings,
            path,
            files,
            threads,
        })
    }

    fn load(&self, mut records: Vec<FileRecord>) -> Result<Loaded, CifarSourceError> {
        let labels = match self.settings.cifar.labels {
            CifarLabelsChoice::Fine => CifarLabels::Fine,
            CifarLabelsChoice::Coarse => CifarLabels::Coarse,
            CifarLabelsChoice::None => CifarLabels::None,
        };
        let is_folder = self.path.is_dir();
        let cifar = if is_folder {
            let mut opened = Vec::new();
            for (path, name) in &self.files {
                let name = name.rsplit('/').next().unwrap_or_default().to_owned();
                opened.push((name, open_plain(path, Artifact::Other)?.0));
            }
            Cifar::read_files(self.path, opened.into_iter(), labels)?
        } else {
            let (file, _) = open_plain(self.path, Artifact::Other)?;
            Cifar::read(self.path, file, labels)?
        };
        let mut gathered = Gathered::default();
        for batch in cifar.batches {
            let of_batch = |record: &&mut FileRecord| {
                !is_folder || record.name.ends_with(&format!("/{}", batch.name))
            };
            if let Some(record) = records.iter_mut().find(of_batch) {
                record.count = Some(record.count.unwrap_or_default() + batch.n as u64);
            }
            let images = Batch {
                images: batch.images,
                labels: batch.labels,
                n: batch.n,
                size: [32, 32, 3],
            };
            gathered.add(batch.part, &batch.name, images)?;
        }
        Ok(gathered.loaded(self.settings, records, cifar.class_names)?)
    }
}

impl Source for CifarSource<'_> {
    type Scanned = Loaded;

    fn settings(&self) -> Map<String, Value> {
        let mut cifar = json!(self.settings.cifar);
        cifar["path"] = json!(self.path.file_name().map_or("cifar".into(), text_of));
        Map::from_iter([("cifar".to_owned(), cifar)])
    }

    fn inputs(&self) -> Result<Vec<FileRecord>, Failure> {
        let record = |(path, name): &(PathBuf, String)| {
            Ok(FileRecord::new(name.clone(), digest_file(path)?))
        };
        self.files.iter().map(record).collect()
    }

    fn scan(&self) -> Result<(Outline, Loaded), Failure> {
        let records = self.inputs()?;
        let mut loaded = self.load(records).map_err(Failure::input)?;
        loaded.draw_validation(self.settings)?;
        Ok((loaded.outline(&self.settings.name), loaded))
    }

    fn write(&self, loaded: Loaded, path: &Path) -> Result<Written, Failure> {
        loaded.write(&self.settings.name, self.threads, path)
    }
}
