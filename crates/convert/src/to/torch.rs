//! `--to torch`: state dicts for the modules of `python/dcgan_torch.py`.

use crate::error::model_failure;
use crate::model::Model;
use crate::state_names::{CONFIG, to_torch};
use crate::target::Format;
use dcgan_artifacts::{Arrays, StateDict};
use dcgan_stage::{Failure, Output};
use serde_json::json;

/// `generator-torch.safetensors`, of a checkpoint `discriminator-torch.safetensors` too, and
/// `config.json`.
pub(crate) struct Torch;

impl Format for Torch {
    fn check(&self, _: &Model) -> Result<(), Failure> {
        Ok(())
    }

    fn files(&self, model: &Model) -> Vec<String> {
        let networks = model.networks().into_iter().map(file_name);
        networks.chain([CONFIG.into()]).collect()
    }

    fn write(&self, model: &Model, output: &mut Output) -> Result<(), Failure> {
        let generator = model.generator.generator().arrays();
        let mut networks = vec![("generator", generator)];
        if let Some(loaded) = &model.discriminator {
            networks.push(("discriminator", loaded.discriminator().arrays()));
        }
        for (name, arrays) in networks {
            output.check_signal()?;
            let arrays = arrays.map_err(|error| model_failure(error.into()))?;
            let file = file_name(name);
            let digest = state_dict(&arrays).write(&output.place(&file)?)?;
            output.record(&file, digest);
        }
        let config = json!({
            "network": model.info(),
            "step": model.generator.step(),
            "dataset_sha256": model.generator.dataset_sha256(),
        });
        output.write_json(CONFIG, &config)
    }

    fn tags(&self) -> &'static [&'static str] {
        &["pytorch", "safetensors"]
    }

    fn usage(&self, model: &Model) -> String {
        let info = model.info();
        let classes = info.class_names.len();
        let y = match classes {
            0 => String::new(),
            n => format!(", torch.arange(20) % {n}"),
        };
        let z = match info.z_distribution.as_str() {
            "normal" => "torch.randn(20, Z)",
            "uniform_0_1" => "torch.rand(20, Z)",
            _ => "2 * torch.rand(20, Z) - 1",
        };
        let z = z.replace('Z', &info.z_dim.to_string());
        format!(
            "The modules are those of `dcgan_torch.py`, one file that needs torch and numpy:\n\n\
             ```python\n\
             import json, torch, dcgan_torch\n\
             from safetensors.torch import load_file\n\n\
             network = json.load(open(\"{CONFIG}\"))[\"network\"]\n\
             generator = dcgan_torch.Generator(network).eval()\n\
             generator.load_state_dict(load_file(\"{file}\"))\n\
             images = generator({z}{y})\n\
             pixels = dcgan_torch.to_bytes(network, images)  # [N, height, width, colours]\n\
             ```\n",
            file = file_name("generator"),
        )
    }
}

fn file_name(network: &str) -> String {
    format!("{network}-torch.safetensors")
}

fn state_dict(arrays: &Arrays) -> StateDict {
    let arrays = arrays.iter().map(|(name, array)| to_torch(name, array));
    StateDict {
        arrays: arrays.collect(),
    }
}
