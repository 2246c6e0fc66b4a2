//! The stage behind `--from tensorflow`: a checkpoint of the original program to files of ours.

use crate::args::Args;
use crate::checkpoint::without_moments;
use dcgan::{Kind, ZDistribution};
use dcgan_artifacts::{FileRecord, ModelFile, NetworkInfo, Role};
use dcgan_checkpoints::network_info;
use dcgan_hints::{printable, shown};
use dcgan_stage::{Failure, Output, Plan, Report, Settings, Stage, Work};
use dcgan_tensorflow::{GoldenDifference, OriginalNetworks, SavedVariables, compare_with_golden};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::path::PathBuf;

const GENERATOR: &str = "generator.safetensors";
/// Both networks.
const CHECKPOINT: &str = "checkpoint.safetensors";
const REPORT: &str = "report.csv";

/// A conversion: settings without holes.
pub(crate) struct Import {
    prefix: PathBuf,
    size: Option<[usize; 2]>,
    z_distribution: ZDistribution,
    golden: Option<PathBuf>,
}

/// The networks, and how they differ from the golden file's.
pub(crate) struct Imported {
    networks: OriginalNetworks,
    step: u64,
    differences: Vec<GoldenDifference>,
}

impl Import {
    /// The conversion of the checkpoint `prefix`.
    ///
    /// # Errors
    /// For a pipeline or a setting that can't be read, although none is needed.
    pub(crate) fn new(args: &Args, prefix: PathBuf) -> Result<Self, Failure> {
        args.common.pipeline()?;
        Ok(Self {
            prefix,
            size: args.size,
            z_distribution: args.z_distribution.unwrap_or(ZDistribution::Uniform),
            golden: args.report.clone(),
        })
    }

    fn info(&self, networks: &OriginalNetworks) -> NetworkInfo {
        let classes = 0..networks.config.classes;
        let names: Vec<String> = classes.map(|class| class.to_string()).collect();
        network_info(&networks.config, &names, self.z_distribution)
    }

    fn write_networks(&self, imported: &Imported, output: &mut Output) -> Result<(), Failure> {
        let Imported { networks, step, .. } = imported;
        let (network, weights) = (self.info(networks), &networks.weights);
        let is_of = |role: Role, name: &str| name.starts_with(role.prefix());
        let of_generator = weights
            .iter()
            .filter(|(name, _)| is_of(Role::Generator, name));
        let generator = ModelFile {
            network: network.clone(),
            role: Role::Generator,
            step: *step,
            dataset_sha256: String::new(),
            weights: of_generator
                .map(|(name, array)| (name.clone(), array.clone()))
                .collect(),
        };
        let digest = generator.write(&output.place(GENERATOR)?)?;
        output.record(GENERATOR, digest);
        output.check_signal()?;
        let checkpoint = without_moments(network, *step, String::new(), weights.clone());
        let digest = checkpoint.write(&output.place(CHECKPOINT)?)?;
        output.record(CHECKPOINT, digest);
        Ok(())
    }
}

impl Stage for Import {
    type Loaded = Imported;

    const NAME: &'static str = env!("CARGO_PKG_NAME");

    fn settings(&self) -> Settings {
        Settings {
            asked: json!({ "convert": {
                "from": "tensorflow",
                "size": self.size,
                "z_distribution": self.z_distribution.name(),
            }}),
            defaults: json!({ "convert": { "size": null, "z_distribution": "uniform" } }),
        }
    }

    fn inputs(&self) -> Result<Vec<FileRecord>, Failure> {
        let mut paths = SavedVariables::files(&self.prefix).map_err(Failure::input)?;
        paths.extend(self.golden.clone());
        Ok(paths
            .iter()
            .map(|path| FileRecord::at(path))
            .collect::<Result<_, _>>()?)
    }

    fn load(&self) -> Result<Imported, Failure> {
        let saved = SavedVariables::open(&self.prefix).map_err(Failure::input)?;
        let networks = OriginalNetworks::find(&saved, self.size).map_err(Failure::input)?;
        let differences = match &self.golden {
            Some(golden) => compare_with_golden(&networks, golden).map_err(Failure::input)?,
            None => Vec::new(),
        };
        Ok(Imported {
            networks,
            step: saved.step().unwrap_or(0),
            differences,
        })
    }

    fn plan(&self, imported: &Imported, _: Work) -> Plan {
        let report = self.golden.as_ref().map(|_| REPORT);
        Plan::new()
            .file(GENERATOR)
            .file(CHECKPOINT)
            .files(report)
            .about(format!("converts the {}", described(&imported.networks)))
            .with("networks", NETWORKS.to_vec())
            .with("notes", imported.networks.notes.clone())
    }

    fn write(&self, imported: Imported, output: &mut Output) -> Result<Report, Failure> {
        self.write_networks(&imported, output)?;
        if self.golden.is_some() {
            output.write(REPORT, table(&imported.differences).as_bytes())?;
        }
        Ok(report(&imported, output))
    }
}

const NETWORKS: [&str; 2] = ["generator", "discriminator"];

fn described(networks: &OriginalNetworks) -> String {
    let config = &networks.config;
    let (height, width, channels) = (config.height, config.width, config.channels);
    let kind = config.kind;
    let mut text = format!("{kind} networks for {height}x{width}x{channels} images");
    if kind == Kind::Labelled {
        let _ = write!(text, " of {} classes", config.classes);
    }
    text
}

fn report(imported: &Imported, output: &Output) -> Report {
    let Imported {
        networks,
        step,
        differences,
    } = imported;
    let (folder, networks_of) = (shown(output.folder()), described(networks));
    let mut human = format!("convert: {networks_of}, step {step}, in `{folder}`:");
    for record in output.written() {
        let (name, bytes) = (printable(&record.name), record.bytes);
        let _ = write!(human, "\n  {name} ({bytes} bytes)");
    }
    for note in &networks.notes {
        let _ = write!(human, "\nnote: {}", printable(note));
    }
    if !differences.is_empty() {
        human += "\nlargest difference, largest value and name of each tensor:";
    }
    let mut by_name = Map::new();
    for GoldenDifference {
        name,
        largest,
        scale,
    } in differences
    {
        let _ = write!(
            human,
            "\n  {largest:9.2e} {scale:9.2e}  {}",
            printable(name)
        );
        by_name.insert(name.clone(), Value::from(*largest));
    }
    let report = Report::new(human)
        .with("networks", NETWORKS.to_vec())
        .with("notes", networks.notes.clone());
    if differences.is_empty() {
        report
    } else {
        report.with("differences", by_name)
    }
}

/// The differences as CSV; names of golden files have no commas.
fn table(differences: &[GoldenDifference]) -> String {
    let mut text = "name,largest_difference,largest_value\n".to_owned();
    for GoldenDifference {
        name,
        largest,
        scale,
    } in differences
    {
        let _ = writeln!(text, "{name},{largest:e},{scale:e}");
    }
    text
}
