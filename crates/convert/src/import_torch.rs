//! The stage behind `--from torch`: state dicts of PyTorch to files of ours.

use crate::args::Args;
use crate::checkpoint::without_moments;
use crate::state_dicts::{StateDicts, TorchNetworks};
use dcgan_artifacts::{Arrays, Checkpoint, FileRecord, ModelFile, Role};
use dcgan_hints::{printable, shown};
use dcgan_stage::{Failure, Output, Plan, Report, Settings, Stage, Work};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// A conversion: settings without holes.
pub(crate) struct ImportTorch {
    source: StateDicts,
}

impl ImportTorch {
    pub(crate) fn new(args: &Args) -> Result<Self, Failure> {
        args.common.pipeline()?;
        let source = StateDicts::new(args).map_err(Failure::usage)?;
        Ok(Self { source })
    }
}

const ROLES: [(Role, &str); 2] = [
    (Role::Generator, "generator"),
    (Role::Discriminator, "discriminator"),
];

impl TorchNetworks {
    /// The weights of one network.
    fn of(&self, role: Role) -> Arrays {
        let arrays = self.arrays.iter();
        let of_role = arrays.filter(|(name, _)| name.starts_with(role.prefix()));
        let copied = of_role.map(|(name, array)| (name.clone(), array.clone()));
        copied.collect()
    }

    /// Names of the networks that there are.
    fn networks(&self) -> Vec<&'static str> {
        let has = |role: Role| {
            let mut names = self.arrays.keys();
            names.any(|name| name.starts_with(role.prefix()))
        };
        let roles = ROLES.iter().filter(|(role, _)| has(*role));
        roles.map(|(_, name)| *name).collect()
    }

    /// The checkpoint's file, if both networks are there.
    fn checkpoint(&self) -> Option<String> {
        let both = self.networks().len() == ROLES.len();
        both.then(|| format!("step-{:08}.safetensors", self.step))
    }

    fn model_file(&self, role: Role) -> ModelFile {
        ModelFile {
            network: self.network.clone(),
            role,
            step: self.step,
            dataset_sha256: self.dataset_sha256.clone(),
            weights: self.of(role),
        }
    }

    /// A checkpoint to evaluate; a training can't go on from it, for it has no moments.
    fn into_checkpoint(self) -> Checkpoint {
        without_moments(self.network, self.step, self.dataset_sha256, self.arrays)
    }
}

impl Stage for ImportTorch {
    type Loaded = TorchNetworks;

    const NAME: &'static str = env!("CARGO_PKG_NAME");

    fn settings(&self) -> Settings {
        Settings {
            asked: json!({ "convert": { "from": "torch" } }),
            defaults: Value::Null,
        }
    }

    fn inputs(&self) -> Result<Vec<FileRecord>, Failure> {
        let mut records = Vec::new();
        for path in self.source.files() {
            records.push(FileRecord::at(path)?);
        }
        Ok(records)
    }

    fn load(&self) -> Result<TorchNetworks, Failure> {
        self.source.read()
    }

    fn plan(&self, imported: &TorchNetworks, _: Work) -> Plan {
        let networks = imported.networks();
        let files = networks.iter().map(|name| format!("{name}.safetensors"));
        Plan::new()
            .files(files.chain(imported.checkpoint()))
            .about(format!("converts {}", networks.join(" and ")))
            .with("networks", networks)
    }

    fn write(&self, imported: TorchNetworks, output: &mut Output) -> Result<Report, Failure> {
        let networks = imported.networks();
        for (role, name) in ROLES {
            if networks.contains(&name) {
                output.check_signal()?;
                let file = format!("{name}.safetensors");
                let digest = imported.model_file(role).write(&output.place(&file)?)?;
                output.record(&file, digest);
            }
        }
        if let Some(file) = imported.checkpoint() {
            let digest = imported.into_checkpoint().write(&output.place(&file)?)?;
            output.record(&file, digest);
        }
        let mut human = format!("convert: in `{}`:", shown(output.folder()));
        for record in output.written() {
            let (name, bytes) = (printable(&record.name), record.bytes);
            let _ = write!(human, "\n  {name} ({bytes} bytes)");
        }
        Ok(Report::new(human).with("networks", networks))
    }
}
