//! The outcome that every stage prints, with the same keys.

use crate::plan::{Number, Plan, Planned};
use crate::{Failure, Report, print_text};
use dcgan_artifacts::{FileRecord, Manifest};
use dcgan_hints::{printable, shown, text_of};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::path::Path;

/// A stage's name and folder, and how to print its result.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) stage: &'static str,
    pub(crate) out: &'a Path,
    pub(crate) json: bool,
}

impl Place<'_> {
    /// Prints the result; with `--json` the four common keys and `figures`.
    fn print(
        &self,
        outcome: &str,
        human: &str,
        files: Vec<String>,
        figures: Map<String, Value>,
    ) -> Result<(), Failure> {
        let files: Vec<String> = files.into_iter().chain([Manifest::NAME.into()]).collect();
        let mut tree = json!({
            "outcome": outcome,
            "stage": self.stage,
            "out": text_of(self.out),
            "files": files,
        });
        if let Some(tree) = tree.as_object_mut() {
            tree.extend(figures);
        }
        print_text(self.json, human, &tree)
    }
}

/// The files were written.
pub(crate) fn done(place: &Place<'_>, report: Report, files: Vec<String>) -> Result<(), Failure> {
    place.print("done", &report.human, files, report.figures)
}

/// The folder had these files already.
pub(crate) fn up_to_date(
    place: &Place<'_>,
    report: Report,
    outputs: &[FileRecord],
) -> Result<(), Failure> {
    let files = outputs.iter().map(|record| record.name.clone()).collect();
    place.print("up to date", &report.human, files, report.figures)
}

/// A dry run: prints what would be read and written, and the settings.
pub(crate) fn would_run(
    place: &Place<'_>,
    plan: Plan,
    settings: &Value,
    inputs: &[FileRecord],
) -> Result<(), Failure> {
    let mut human = plan.about.clone();
    if !human.is_empty() {
        human.push('\n');
    }
    list_settings(&mut human, "", settings);
    for record in inputs {
        let (name, bytes) = (printable(&record.name), record.bytes);
        let _ = match record.count {
            Some(count) => writeln!(human, "reads {name} ({count} files, {bytes} bytes)"),
            None => writeln!(human, "reads {name} ({bytes} bytes)"),
        };
    }
    let manifest = Planned {
        name: Manifest::NAME.into(),
        number: Number::One,
    };
    for planned in plan.entries().iter().chain([&manifest]) {
        let verb = match planned.number {
            Number::Optional => "may write",
            Number::One | Number::Many | Number::Kept => "writes",
        };
        let _ = writeln!(human, "{verb} {}", shown(place.out.join(&planned.name)));
    }
    let files = plan.entries().iter().map(|file| file.name.clone());
    let files = files.collect();
    let reads: Vec<&str> = inputs.iter().map(|record| record.name.as_str()).collect();
    let mut figures = plan.figures;
    figures.insert("settings".into(), settings.clone());
    figures.insert("reads".into(), json!(reads));
    place.print("would run", &human, files, figures)
}

/// Appends one line per setting, with dotted keys.
fn list_settings(text: &mut String, key: &str, settings: &Value) {
    match settings {
        Value::Object(settings) => {
            for (name, value) in settings {
                let dot = if key.is_empty() { "" } else { "." };
                list_settings(text, &format!("{key}{dot}{name}"), value);
            }
        }
        Value::String(value) => {
            let _ = writeln!(text, "{key}: {}", printable(value));
        }
        value => {
            let value = value.to_string();
            let _ = writeln!(text, "{key}: {}", printable(&value));
        }
    }
}
