//! `--from torch`: state dicts of the modules of `python/dcgan_torch.py`.

use crate::args::Args;
use crate::error::Error;
use crate::state_names::{CONFIG, from_torch, our_name, torch_name, torch_shape};
use dcgan::{Discriminator, Error as NetworkError, Generator};
use dcgan_artifacts::{Arrays, NetworkInfo, StateDict, read_bounded};
use dcgan_checkpoints::{network_config, z_distribution};
use dcgan_stage::Failure;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A longer file is no description: 256 class names fit many times.
const MOST_BYTES: u64 = 1 << 20;

/// One state dict, or one of each network.
pub(crate) struct StateDicts {
    files: Vec<PathBuf>,
    config: PathBuf,
}

/// Networks of PyTorch under our names and in our layouts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TorchNetworks {
    /// Sizes, class names and z.
    pub(crate) network: NetworkInfo,
    /// Training iterations so far, 0 if that is not known.
    pub(crate) step: u64,
    /// Content hash of the dataset, empty if that is not known.
    pub(crate) dataset_sha256: String,
    /// Weights and moving averages of the generator, the discriminator or both, which fit
    /// `network`.
    pub(crate) arrays: Arrays,
}

/// What `config.json` says.
#[derive(Deserialize)]
struct Description {
    network: NetworkInfo,
    #[serde(default)]
    step: u64,
    #[serde(default)]
    dataset_sha256: String,
}

impl StateDicts {
    pub(crate) fn new(args: &Args) -> Result<Self, Error> {
        let first = args.input.first().ok_or(Error::NoConversion)?;
        let config = match &args.config {
            Some(path) => path.clone(),
            None => first.with_file_name(CONFIG),
        };
        Ok(Self {
            files: args.input.clone(),
            config,
        })
    }

    /// The files that [`read`](Self::read) reads.
    pub(crate) fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.files.iter().chain([&self.config])
    }

    /// Reads one network or both.
    ///
    /// # Errors
    /// [`Failure::Input`] with the file, the array, what was expected and what was found.
    pub(crate) fn read(&self) -> Result<TorchNetworks, Failure> {
        let description = self.description()?;
        let (arrays, sources) = self.arrays()?;
        let networks = TorchNetworks {
            network: description.network,
            step: description.step,
            dataset_sha256: description.dataset_sha256,
            arrays,
        };
        self.check(&networks, &sources)?;
        Ok(networks)
    }

    fn description(&self) -> Result<Description, Failure> {
        let path = &self.config;
        let bytes = read_bounded(path, MOST_BYTES).map_err(|source| {
            Failure::input(Error::NoDescription {
                path: path.clone(),
                source,
            })
        })?;
        serde_json::from_slice(&bytes).map_err(|source| {
            Failure::input(Error::Description {
                path: path.clone(),
                source,
            })
        })
    }

    /// The arrays of all files under our names and in our layouts, and the file that each of
    /// PyTorch's names is from.
    fn arrays(&self) -> Result<(Arrays, Sources<'_>), Failure> {
        let (mut arrays, mut sources) = (Arrays::new(), Sources::new());
        for path in &self.files {
            for (name, array) in StateDict::read(path)?.arrays {
                let refuse = |expected, got| refusal(path, &name, expected, got);
                let named = "a name of the modules of `dcgan_torch.py`";
                let ours = our_name(&name).ok_or_else(|| refuse(named, "another"))?;
                if sources.contains_key(&name) {
                    return Err(refuse("it in one file", "it in two"));
                }
                arrays.insert(ours, from_torch(&array));
                sources.insert(name, path);
            }
            if arrays.is_empty() {
                return Err(refusal(path, "g_h0_lin.weight", "that array", "none"));
            }
        }
        Ok((arrays, sources))
    }

    /// Refuses arrays that are not those of the networks that they belong to.
    fn check(&self, imported: &TorchNetworks, sources: &Sources<'_>) -> Result<(), Failure> {
        let unusable = |error| {
            Failure::input(dcgan_checkpoints::Error::Unusable {
                path: self.config.clone(),
                source: Box::new(error),
            })
        };
        let config = network_config(&imported.network).map_err(unusable)?;
        z_distribution(&imported.network).map_err(unusable)?;
        let arrays = &imported.arrays;
        let has = |prefix: &str| arrays.keys().any(|name| name.starts_with(prefix));
        let misfit = |error| self.misfit(error, sources);
        if has("generator/") {
            Generator::from_arrays(&config, arrays).map_err(misfit)?;
        }
        if has("discriminator/") {
            Discriminator::from_arrays(&config, arrays).map_err(misfit)?;
        }
        Ok(())
    }

    /// An error of building a network, in the names and layouts of the file.
    fn misfit(&self, error: NetworkError, sources: &Sources<'_>) -> Failure {
        let shape = |shape: &[usize]| format!("shape {:?}", torch_shape(shape));
        let (name, expected, got) = match error {
            NetworkError::Missing { name, expected } => (name, shape(&expected), "none".into()),
            NetworkError::Shape {
                name,
                expected,
                got,
                ..
            } => (name, shape(&expected), shape(&got)),
            NetworkError::Unexpected { name, got } => (name, "no such array".into(), shape(&got)),
            error => return Failure::input(error),
        };
        let name = torch_name(&name);
        // A missing one belongs to the file with the rest of its network.
        let path = sources.get(&name).or_else(|| {
            let mut of_network = sources.iter();
            let found = of_network.find(|(other, _)| other.starts_with(&name[..2]));
            found.map(|(_, path)| path)
        });
        refusal(
            path.copied().unwrap_or(&self.config),
            &name,
            &expected,
            &got,
        )
    }
}

/// The file of each array, by PyTorch's name.
type Sources<'a> = BTreeMap<String, &'a Path>;

fn refusal(path: &Path, name: &str, expected: &str, got: &str) -> Failure {
    Failure::input(Error::StateDict {
        path: path.to_owned(),
        name: name.into(),
        expected: expected.into(),
        got: got.into(),
    })
}
