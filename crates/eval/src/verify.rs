//! The subcommand `dcgan-eval verify RUN`.

use dcgan_artifacts::{Link, Outside, Verified, verify_run};
use dcgan_hints::{printable, text_of};
use dcgan_stage::{Failure, print_text};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::PathBuf;

/// Verify the files of a run, from its figures and samples back to its sources.
///
/// Compares every output with its manifest and every input with the output of the previous stage.
/// Writes nothing. If a file differs, the error names it, with exit code 3.
#[derive(Debug, Clone, clap::Args)]
pub struct VerifyArgs {
    /// The run's folder, with the stages' folders
    #[arg(value_name = "RUN")]
    pub run: PathBuf,

    /// Folder that the sources' names are relative to [default: the sources are not checked]
    #[arg(long, value_name = "DIR")]
    pub source: Option<PathBuf>,

    /// A classifier that the run used; may be repeated [default: it is not checked]
    #[arg(long, value_name = "FILE")]
    pub classifier: Vec<PathBuf>,

    /// Print no progress bar and no messages below warnings
    #[arg(long)]
    pub quiet: bool,

    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// Verifies the run and prints how each file was checked.
pub(crate) fn run(args: &VerifyArgs) -> Result<(), Failure> {
    let outside = Outside {
        sources: args.source.as_deref(),
        classifiers: &args.classifier,
    };
    let verified = verify_run(&args.run, outside)?;
    let files: Vec<Value> = verified.iter().map(describe).collect();
    let mut human = String::new();
    for file in &files {
        let field = |key: &str| file[key].as_str().unwrap_or_default().to_owned();
        let (stage, name, what) = (field("stage"), field("name"), field("is"));
        let _ = writeln!(human, "{stage:8} {}: {what}", printable(&name));
    }
    let _ = write!(human, "all {} files match", files.len());
    print_text(
        args.json,
        &human,
        &json!({ "status": "verified", "files": files }),
    )
}

fn describe(file: &Verified) -> Value {
    let (is, path) = match &file.link {
        Link::Output => ("output, unchanged", None),
        Link::Input(path) => ("input, the file of the run", Some(path)),
        Link::Source(path) => ("source, unchanged", Some(path)),
        _ => ("input, not checked", None),
    };
    json!({
        "stage": file.stage,
        "name": file.record.name,
        "sha256": file.record.sha256,
        "is": is,
        "path": path.map(text_of),
    })
}
