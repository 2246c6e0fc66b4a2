//! Tables of pixels as a source: which files, what their labels mean.

use crate::gather::{Batch, GatherError, Gathered};
use crate::memory::Loaded;
use crate::pixel_table::{LabelColumn, PixelTable, TableError, TableReading};
use crate::source::{Outline, Source, Written};
use crate::source_files::Given;
use dcgan_artifacts::{Artifact, FileRecord, Part, open_plain};
use dcgan_hints::{Hint, is_printable};
use dcgan_settings::{LabelColumnChoice, Prepare};
use dcgan_stage::Failure;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// The tables of the settings.
#[derive(Debug)]
pub(crate) struct CsvSource<'a> {
    settings: &'a Prepare,
    files: Vec<Given>,
    threads: usize,
}

/// Why tables don't become a dataset.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CsvError {
    /// No file to read.
    #[error("`prepare.csv.train` is not set: expected a file, as `prepare.source` is `csv`")]
    NoFile,
    /// A file that can't be opened.
    #[error(transparent)]
    File(#[from] dcgan_artifacts::Error),
    /// A table that can't be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// Labels in words that the settings don't name.
    #[error(
        "label `{label}` has no class: expected one of the {classes} names in \
         `prepare.class_names`"
    )]
    UnknownLabel {
        /// The label.
        label: String,
        /// Number of class names.
        classes: usize,
    },
    /// A label that can't name a class, or too large a number.
    #[error("label `{label}` can't be a class: expected a number below 256, or text on one line")]
    Label {
        /// The label.
        label: String,
    },
    /// More labels than classes can be.
    #[error("the tables have {got} different labels: expected at most 256")]
    TooManyLabels {
        /// Labels found.
        got: usize,
    },
    /// The tables don't belong together.
    #[error(transparent)]
    Gather(#[from] GatherError),
}

impl Hint for CsvError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoFile => "give `--set prepare.csv.train=FILE`, a table with a row per image",
            Self::File(source) => return source.hint(),
            Self::Table(source) => return source.hint(),
            Self::Gather(GatherError::Unlabelled { .. }) => {
                "leave that file out and set `prepare.csv.test_share`, or read no labels, with \
                 `prepare.csv.label=none`"
            }
            Self::Gather(source) => return source.hint(),
            Self::UnknownLabel { .. } => {
                "name every class in `prepare.class_names`, or leave it empty"
            }
            Self::Label { .. } | Self::TooManyLabels { .. } => {
                "`prepare.csv.label` says which column has the labels; `none` reads none"
            }
        };
        Some(hint.into())
    }
}

impl<'a> CsvSource<'a> {
    /// The files that are to be read, on up to `threads` threads.
    ///
    /// # Errors
    /// [`Failure::Usage`] when no training file is named.
    pub(crate) fn new(settings: &'a Prepare, threads: usize) -> Result<Self, Failure> {
        let csv = &settings.csv;
        if csv.train.is_empty() {
            return Err(Failure::usage(CsvError::NoFile));
        }
        let files = Given::all(&[("train", &csv.train), ("test", &csv.test)]);
        Ok(Self {
            settings,
            files,
            threads,
        })
    }

    fn load(&self, mut records: Vec<FileRecord>) -> Result<Loaded, CsvError> {
        let csv = &self.settings.csv;
        let reading = TableReading {
            size: (csv.height > 0).then_some([csv.height, csv.width]),
            channels: csv.channels,
            planes: csv.planes,
            label: match csv.label {
                LabelColumnChoice::Auto => LabelColumn::Auto,
                LabelColumnChoice::First => LabelColumn::First,
                LabelColumnChoice::Last => LabelColumn::Last,
                LabelColumnChoice::None => LabelColumn::None,
            },
        };
        let mut tables = Vec::new();
        for given in &self.files {
            let (file, _) = open_plain(&given.path, Artifact::Other)?;
            let table = PixelTable::read(&given.path, file, &reading)?;
            if let Some(record) = records.iter_mut().find(|found| found.name == given.name) {
                record.count = Some(record.count.unwrap_or_default() + table.n as u64);
            }
            tables.push((given, table));
        }
        let found = tables.iter().flat_map(|(_, table)| &table.found);
        let classes = Classes::of(found.map(String::as_str).collect(), self.settings)?;
        let mut gathered = Gathered::default();
        for (given, table) in tables {
            let numbers = table.found.iter().map(|label| classes.number(label));
            let numbers = numbers.collect::<Result<Vec<u8>, CsvError>>()?;
            let batch = Batch {
                labels: table.labels.map(|labels| {
                    let number = |place: &u8| numbers[usize::from(*place)];
                    labels.iter().map(number).collect()
                }),
                images: table.images,
                n: table.n,
                size: table.size,
            };
            let is_train = given.key == "train";
            let part = if is_train { Part::Train } else { Part::Test };
            gathered.add(part, &given.name, batch)?;
        }
        Ok(gathered.loaded(self.settings, records, classes.names)?)
    }
}

/// What the labels mean: numbers, or names of classes.
struct Classes {
    /// The names in order of their numbers; none if the labels are the numbers.
    names: Vec<String>,
}

impl Classes {
    fn of(found: BTreeSet<&str>, settings: &Prepare) -> Result<Self, CsvError> {
        let is_number = |label: &&str| label.parse::<f64>().is_ok();
        if found.iter().all(is_number) {
            return Ok(Self { names: Vec::new() });
        }
        if !settings.class_names.is_empty() {
            let names = settings.class_names.clone();
            return Ok(Self { names });
        }
        let is_name = |label: &&str| is_printable(label) && !label.trim().is_empty();
        if let Some(label) = found.iter().find(|label| !is_name(label)) {
            let label = (*label).to_owned();
            return Err(CsvError::Label { label });
        }
        if found.len() > 256 {
            return Err(CsvError::TooManyLabels { got: found.len() });
        }
        let names = found.into_iter().map(str::to_owned).collect();
        Ok(Self { names })
    }

    fn number(&self, label: &str) -> Result<u8, CsvError> {
        let number = if self.names.is_empty() {
            // Spreadsheets and pandas may write whole numbers as floats.
            let whole = label
                .split_once('.')
                .filter(|(_, rest)| rest.bytes().all(|b| b == b'0'));
            whole.map_or(label, |(whole, _)| whole).parse().ok()
        } else {
            let place = self.names.iter().position(|name| name == label);
            match place.map(u8::try_from) {
                None => {
                    return Err(CsvError::UnknownLabel {
                        label: label.to_owned(),
                        classes: self.names.len(),
                    });
                }
                Some(place) => place.ok(),
            }
        };
        number.ok_or_else(|| CsvError::Label {
            label: label.to_owned(),
        })
    }
}

impl Source for CsvSource<'_> {
    type Scanned = Loaded;

    fn settings(&self) -> Map<String, Value> {
        let section = Given::in_settings(&self.files, json!(self.settings.csv));
        Map::from_iter([("csv".to_owned(), section)])
    }

    fn inputs(&self) -> Result<Vec<FileRecord>, Failure> {
        Given::records(&self.files)
    }

    fn scan(&self) -> Result<(Outline, Loaded), Failure> {
        let records = self.inputs()?;
        let loaded = self.load(records).map_err(Failure::input)?;
        let (key, share) = ("prepare.csv.test_share", self.settings.csv.test_share);
        loaded.split(self.settings, key, share)
    }

    fn write(&self, loaded: Loaded, path: &Path) -> Result<Written, Failure> {
        loaded.write(&self.settings.name, self.threads, path)
    }
}
