//! Runs the programs like a user, each test in a folder of its own.

use dcgan_testkit::{Outcome, run};
pub(crate) use dcgan_testkit::{assert_same_files, files};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository's root, where relative paths of pipelines start.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ has a parent")
        .to_path_buf()
}

/// The program `dcgan-<stage>`.
pub(crate) fn program(stage: &str) -> PathBuf {
    dcgan_testkit::program(&format!("dcgan-{stage}"))
}

/// `make` with all variables at their defaults, whatever `make` started these tests.
pub(crate) fn make() -> Command {
    let mut command = Command::new("make");
    command
        .current_dir(root())
        .arg("--no-print-directory")
        .env_remove("MAKEFLAGS")
        .env_remove("MAKELEVEL");
    for name in make_variables() {
        command.env_remove(name);
    }
    command
}

/// The variables that `make help` lists.
pub(crate) fn make_variables() -> Vec<String> {
    let makefile = std::fs::read_to_string(root().join("Makefile")).expect("the Makefile");
    let lines = makefile.lines().filter_map(|line| line.strip_prefix("#: "));
    // Continuation lines begin with blanks.
    let lines = lines.filter(|line| !line.starts_with(' '));
    let names = lines.map(|line| {
        let names = line.split(' ').map(|name| name.trim_end_matches(','));
        let is_name = |name: &&str| name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
        names
            .take_while(|name| !name.is_empty() && is_name(name))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    });
    names.flatten().collect()
}

/// Writes a file and replaces an existing one.
#[expect(clippy::disallowed_methods, reason = "any bytes are what is wanted")]
pub(crate) fn put(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).expect("a file of ours");
}

/// A run folder and its pipeline.
pub(crate) struct Run {
    pub(crate) folder: PathBuf,
    pipeline: PathBuf,
    settings: Vec<String>,
}

impl Run {
    pub(crate) fn new(folder: &Path, settings: &[&str]) -> Self {
        Self {
            folder: folder.to_path_buf(),
            pipeline: root().join("pipelines/smoke.yaml"),
            settings: settings.iter().map(|&setting| setting.to_owned()).collect(),
        }
    }

    /// The command of one stage, with every input in full as `make` passes it.
    pub(crate) fn command(&self, stage: &str) -> Command {
        self.with_arguments(Command::new(program(stage)), stage)
    }

    /// The same with another way to start the program.
    pub(crate) fn with_arguments(&self, mut command: Command, stage: &str) -> Command {
        command
            .current_dir(root())
            .arg("--pipeline")
            .arg(&self.pipeline)
            .arg("--quiet");
        for setting in &self.settings {
            command.arg("--set").arg(setting);
        }
        command.arg("--out").arg(self.folder.join(stage));
        let dataset = self.folder.join("prepare/dataset.safetensors");
        match stage {
            "train" => command.arg("--dataset").arg(dataset),
            "sample" | "convert" => command.arg("--model").arg(self.last_checkpoint()),
            "eval" => command
                .arg("--dataset")
                .arg(dataset)
                .arg("--checkpoint")
                .arg(self.last_checkpoint()),
            _ => &mut command,
        };
        command
    }

    /// Runs a stage to its end and insists on success.
    #[track_caller]
    pub(crate) fn stage(&self, stage: &str, arguments: &[&str]) -> Outcome {
        run(self.command(stage).args(arguments)).succeeded()
    }

    /// The checkpoint of the highest step.
    pub(crate) fn last_checkpoint(&self) -> PathBuf {
        files(&self.folder.join("train/checkpoints"))
            .into_keys()
            .next_back()
            .map(|name| self.folder.join("train/checkpoints").join(name))
            .expect("a checkpoint")
    }

    /// Every file of a stage except timing and lock, by name relative to its folder. A partial file
    /// left behind is included, and so counts as a difference.
    pub(crate) fn outputs(&self, stage: &str) -> BTreeMap<String, Vec<u8>> {
        let mut found = files(&self.folder.join(stage));
        found.retain(|name, _| {
            let of_clock = name == "timing.csv" || name.starts_with("tensorboard/");
            !of_clock && name != "events.csv" && name != ".lock"
        });
        found
    }
}

/// Copies a folder to a new one.
pub(crate) fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-r").args([from, to]).status();
    assert!(status.expect("cp starts").success());
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
