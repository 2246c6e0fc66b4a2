//! Code that the modes share: defaults of settings, records of inputs, writing pictures, and the
//! report at the end.

use dcgan_artifacts::FileRecord;
use dcgan_figures::{Picture, encode_png};
use dcgan_hints::{printable, shown, text_of};
use dcgan_settings::{Sample, resolved};
use dcgan_stage::{Failure, Output, Report, Settings};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The program's name in manifests.
pub(crate) const STAGE: &str = env!("CARGO_PKG_NAME");

/// Settings with their defaults. Each mode has its own sections, whose keys have the defaults of
/// the section `sample`.
pub(crate) fn settings(asked: Value) -> Settings {
    let of_sample = resolved(&Sample::default());
    let sections = asked.as_object().into_iter().flatten();
    let defaults = sections
        .map(|(section, _)| (section.clone(), of_sample.clone()))
        .collect();
    Settings { asked, defaults }
}

/// One record per input. If inputs of different folders have the same name, the later ones get a
/// number, so that the records keep their order.
pub(crate) fn records(inputs: &[PathBuf]) -> Result<Vec<FileRecord>, Failure> {
    let mut records: Vec<FileRecord> = Vec::new();
    for path in inputs {
        let mut record = FileRecord::at(path)?;
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

/// The name of a file without its folder.
pub(crate) fn file_name(path: &Path) -> String {
    text_of(path.file_name().unwrap_or(path.as_os_str()))
}

/// Writes a picture as the file `name`.
pub(crate) fn write_png(output: &mut Output, name: &str, picture: &Picture) -> Result<(), Failure> {
    let bytes = encode_png(picture).map_err(Failure::output)?;
    output.write(name, &bytes)
}

/// The report of `n_images` drawn into `output`.
pub(crate) fn drawn(n_images: usize, output: &Output) -> Report {
    const LISTED: usize = 8;
    let mut records: Vec<&FileRecord> = output.written().iter().collect();
    records.sort();
    let folder = shown(output.folder());
    let mut human = format!("sample: {n_images} images in `{folder}`:");
    for record in records.iter().take(LISTED) {
        let (name, bytes) = (printable(&record.name), record.bytes);
        let _ = write!(human, "\n  {name} ({bytes} bytes)");
    }
    if records.len() > LISTED {
        let _ = write!(human, "\n  and {} more files", records.len() - LISTED);
    }
    Report::new(human).with("n_images", n_images)
}
