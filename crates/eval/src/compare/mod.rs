//! The subcommand `dcgan-eval compare RUN RUN...`: runs in one page and one table.
//!
//! Runs that differ only in `train.seed` form a group. A group of several runs has the mean and
//! standard deviation over its seeds and, if both have at least two runs, Welch's t-test against
//! the first group. A group of one run has the interval of its evaluation.

mod groups;
mod page;
mod run;

use crate::compare::groups::{groups, lines, warnings};
use crate::compare::page::{HEADER, html, rows, text};
use crate::compare::run::Run;
use crate::report::tables::csv;
use dcgan_artifacts::FileRecord;
use dcgan_hints::shown;
use dcgan_stage::{Failure, Options, Output, Plan, Report, Settings, Stage, Work};
use serde_json::{Value, json};
use std::path::PathBuf;

/// The table and the page.
const TABLE: &str = "compare.csv";
const PAGE: &str = "compare.html";

/// Compare evaluated runs in one page and one table.
///
/// Runs that differ only in `train.seed` form a group, whose figures are means over seeds. Groups
/// of at least two runs are compared with the first by Welch's t-test.
#[derive(Debug, Clone, clap::Args)]
pub struct CompareArgs {
    /// Folders of runs evaluated by `make eval`
    #[arg(value_name = "RUN", num_args = 2.., required = true)]
    pub runs: Vec<PathBuf>,

    /// Folder to write to
    #[arg(long, value_name = "DIR", default_value = "compare")]
    pub out: PathBuf,

    /// Compare again even if nothing has changed
    #[arg(long)]
    pub force: bool,

    /// Print no progress bar and no messages below warnings
    #[arg(long)]
    pub quiet: bool,

    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// Compares the runs.
pub(crate) fn run(args: &CompareArgs) -> Result<(), Failure> {
    let runs = args.runs.iter().map(|run| Run::read(run));
    let comparison = Comparison {
        runs: runs.collect::<Result<_, _>>()?,
    };
    let options = Options {
        out: &args.out,
        force: args.force,
        dry_run: false,
        quiet: args.quiet,
        json: args.json,
    };
    dcgan_stage::run(&comparison, options)
}

/// The runs to compare.
struct Comparison {
    runs: Vec<Run>,
}

impl Stage for Comparison {
    type Loaded = ();

    const NAME: &'static str = "dcgan-eval compare";

    /// The order is part of what is asked for, since the first run is what the others are compared
    /// with. Inputs are sorted and folders may share a name, so each run has its hash here too.
    fn settings(&self) -> Settings {
        let run = |run: &Run| json!({ "run": run.name, "metrics": run.record.sha256 });
        let runs: Vec<Value> = self.runs.iter().map(run).collect();
        Settings {
            asked: json!({ "compare": runs }),
            defaults: Value::Null,
        }
    }

    fn inputs(&self) -> Result<Vec<FileRecord>, Failure> {
        Ok(self.runs.iter().map(|run| run.record.clone()).collect())
    }

    fn load(&self) -> Result<(), Failure> {
        Ok(())
    }

    fn plan(&self, (): &(), _: Work) -> Plan {
        Plan::new().files([TABLE, PAGE])
    }

    fn write(&self, (): (), output: &mut Output) -> Result<Report, Failure> {
        let groups = groups(&self.runs);
        let lines = lines(&groups)?;
        let warnings = warnings(&self.runs);
        for warning in &warnings {
            log::warn!("{warning}");
        }
        output.write(TABLE, &csv(&HEADER, &rows(&groups, &lines)))?;
        output.write(PAGE, html(&groups, &lines, &warnings).as_bytes())?;
        let human = format!(
            "{}\nwrote {TABLE}, {PAGE} to `{}`",
            text(&groups, &lines),
            shown(output.folder())
        );
        let report = Report::new(human).with("groups", groups.len());
        Ok(report.with("runs", self.runs.len()))
    }
}
