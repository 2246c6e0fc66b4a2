//! `dcgan-eval verify RUN`: from the figures of a run back to its sources.

use dcgan_artifacts::{Link, Outside, Verified, verify_run};
use dcgan_hints::{printable, text_of};
use dcgan_stage::{Failure, print_text};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::PathBuf;

/// Walk the chain of a run, from its figures and samples back to its sources.
///
/// Every output is compared with its manifest and every input with the file of the stage before.
/// Writes nothing; exit code 3 names the first file that is not what it should be.
#[derive(Debug, Clone, clap::Args)]
pub struct VerifyArgs {
    /// The run's folder, which holds the stages' folders
    #[arg(value_name = "RUN")]
    pub run: PathBuf,

    /// Folder that the sources' names are relative to [default: the sources are not looked at]
    #[arg(long, value_name = "DIR")]
    pub source: Option<PathBuf>,

    /// A classifier that the run was given; may be repeated [default: it is not looked at]
    #[arg(long, value_name = "FILE")]
    pub classifier: Vec<PathBuf>,

    /// Print no progress and no log below a warning
    #[arg(long)]
    pub quiet: bool,

    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// Verifies the run and says what was compared with what.
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
    let _ = write!(human, "the chain holds: {} files", files.len());
    print_text(
        args.json,
        &human,
        &json!({ "status": "verified", "files": files }),
    )
}

fn describe(file: &Verified) -> Value {
    let (is, path) = match &file.link {
        Link::Output => ("written and unchanged", None),
        Link::Input(path) => ("read, and the file of the run", Some(path)),
        Link::Source(path) => ("read, and unchanged", Some(path)),
        _ => ("read, not looked at", None),
    };
    json!({
        "stage": file.stage,
        "name": file.record.name,
        "sha256": file.record.sha256,
        "is": is,
        "path": path.map(text_of),
    })
}
