//! A complete stage that splits a text file into its lines. The crate's tests run it.

use clap::Parser;
use dcgan_artifacts::{FileRecord, read_bounded};
use dcgan_hints::Hint;
use dcgan_stage::{CommonArgs, Failure, Output, Plan, Report, Settings, Stage, Work};
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

/// Split a text into lines, one file each.
#[derive(Debug, Parser)]
#[command(name = "lines")]
struct Args {
    /// The text
    #[arg(long)]
    text: PathBuf,
    /// Write capitals
    #[arg(long)]
    capitals: bool,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Debug, thiserror::Error)]
#[error("`{}` is not a text", .0.display())]
struct NoText(PathBuf);

impl Hint for NoText {}

impl Stage for Args {
    type Loaded = String;

    const NAME: &'static str = "lines";

    fn settings(&self) -> Settings {
        Settings {
            asked: json!({ "lines": { "capitals": self.capitals } }),
            defaults: json!({ "lines": { "capitals": false } }),
        }
    }

    fn inputs(&self) -> Result<Vec<FileRecord>, Failure> {
        Ok(vec![FileRecord::at(&self.text)?])
    }

    fn load(&self) -> Result<String, Failure> {
        let refuse = || Failure::input(NoText(self.text.clone()));
        let bytes = read_bounded(&self.text, 1 << 20).map_err(|_| refuse())?;
        let text = String::from_utf8(bytes).map_err(|_| refuse())?;
        Ok(if self.capitals {
            text.to_uppercase()
        } else {
            text
        })
    }

    fn plan(&self, text: &String, _: Work) -> Plan {
        let lines = text.lines().count();
        Plan::new()
            .file("count.json")
            .many("lines/NNN.txt")
            .about(format!("{lines} lines"))
            .with("lines", lines)
    }

    fn write(&self, text: String, output: &mut Output) -> Result<Report, Failure> {
        let mut lines: usize = 0;
        for line in text.lines() {
            output.check_signal()?;
            output.write(&format!("lines/{lines:03}.txt"), line.as_bytes())?;
            lines += 1;
        }
        output.write_json("count.json", &json!(lines))?;
        Ok(Report::new(format!("{lines} lines")).with("lines", lines))
    }
}

fn main() -> ExitCode {
    dcgan_stage::run_main(|args: &Args| dcgan_stage::run(args, &args.common))
}
