//! A folder with a model, and the program run in it.

use dcgan::{Config, Discriminator, Generator, ZDistribution};
use dcgan_artifacts::{
    Arrays, Checkpoint, CheckpointInfo, ModelFile, NetworkInfo, Role, read_generator, write_atomic,
};
use dcgan_checkpoints::network_info;
use dcgan_testkit::{Outcome, run};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Training steps of every model here.
pub(crate) const STEP: u64 = 7;

/// A folder that holds `model.safetensors`.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    /// With the generator of that network.
    pub(crate) fn generator(config: &Config) -> Self {
        let place = Self::empty();
        let model = ModelFile {
            network: info(config),
            role: Role::Generator,
            step: STEP,
            dataset_sha256: "0".repeat(64),
            weights: generator_arrays(config),
        };
        model.write(&place.path("model.safetensors")).unwrap();
        place
    }

    /// With a checkpoint of both networks.
    pub(crate) fn checkpoint(config: &Config) -> Self {
        let place = Self::empty();
        let critic = Discriminator::init(config, 2).unwrap();
        let mut weights = generator_arrays(config);
        weights.extend(critic.arrays().unwrap());
        let info = CheckpointInfo {
            network: info(config),
            step: STEP,
            epoch: 1,
            seed: 0,
            adam_steps_d: STEP,
            adam_steps_g: 2 * STEP,
            attempt: 0,
            best: None,
            dataset_sha256: "0".repeat(64),
            tables: [].into(),
            on_signal: false,
        };
        let checkpoint = Checkpoint {
            info,
            weights,
            adam_m: Arrays::new(),
            adam_v: Arrays::new(),
            ema: Arrays::new(),
        };
        checkpoint.write(&place.path("model.safetensors")).unwrap();
        place
    }

    fn empty() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn put(&self, name: &str, text: &str) {
        write_atomic(&self.path(name), text.as_bytes()).unwrap();
    }

    /// Changes the generator's file.
    pub(crate) fn change(&self, change: impl FnOnce(&mut ModelFile)) {
        let path = self.path("model.safetensors");
        let mut model = read_generator(&path).unwrap();
        change(&mut model);
        model.write(&path).unwrap();
    }

    /// Converts the model to ONNX into the folder `out`.
    pub(crate) fn convert(&self, out: &str, options: &[&str]) -> Outcome {
        self.convert_to("onnx", out, options)
    }

    /// Converts the model into the folder `out`.
    pub(crate) fn convert_to(&self, to: &str, out: &str, options: &[&str]) -> Outcome {
        let (model, out) = (self.path("model.safetensors"), self.path(out));
        let mut command = Command::new(env!("CARGO_BIN_EXE_dcgan-convert"));
        command.args(["--to", to, "--model"]).arg(model);
        command.arg("--out").arg(out).args(options);
        run(&mut command).naming(self.folder.path(), "[DIR]")
    }

    /// Runs the program; `[DIR]` in an option stands for the folder.
    pub(crate) fn run(&self, options: &str) -> Outcome {
        let shown = self.folder.path().to_str().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_dcgan-convert"));
        let options = options.split(' ');
        command.args(options.map(|option| option.replace("[DIR]", shown)));
        run(&mut command).naming(self.folder.path(), "[DIR]")
    }

    /// Runs the program, which must succeed.
    pub(crate) fn ran(&self, options: &str) -> Outcome {
        self.run(options).succeeded()
    }

    /// Converts, which must succeed.
    pub(crate) fn converted(&self, out: &str, options: &[&str]) -> Outcome {
        self.convert(out, options).succeeded()
    }

    /// Converts, which must succeed.
    pub(crate) fn converted_to(&self, to: &str, out: &str, options: &[&str]) -> Outcome {
        self.convert_to(to, out, options).succeeded()
    }

    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub(crate) fn text(&self, name: &str) -> String {
        String::from_utf8(self.bytes(name)).unwrap()
    }

    /// The files of a folder by their names, sorted, the lock aside.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let all = fs::read_dir(self.path(folder)).unwrap();
        let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
        let mut names: Vec<String> = all.map(|entry| name(entry.unwrap())).collect();
        names.retain(|name| name != ".lock");
        names.sort();
        names
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// A generator whose weights, biases and averages all matter.
fn generator_arrays(config: &Config) -> Arrays {
    let mut arrays = Generator::init(config, 1).unwrap().arrays().unwrap();
    for (name, (_, values)) in &mut arrays {
        for (i, value) in values.iter_mut().enumerate() {
            let small = f32::from(u8::try_from(i % 7).unwrap()) / 10.0;
            match name.rsplit('/').next() {
                Some("Matrix" | "w") => *value *= 20.0,
                Some("moving_variance" | "gamma") => *value += small,
                Some("moving_mean") => *value += 0.4 - small,
                Some("beta") => *value += 2.0 * small,
                _ => *value += small - 0.3,
            }
        }
    }
    arrays
}

fn info(config: &Config) -> NetworkInfo {
    let names = ["zero", "one", "2"].map(String::from);
    let names = if config.classes == 0 { &[] } else { &names[..] };
    network_info(config, names, ZDistribution::Uniform)
}

/// 8x8x1, 3 classes, narrow.
pub(crate) fn labelled() -> Config {
    Config {
        z_dim: 5,
        gf_dim: 4,
        df_dim: 3,
        gfc_dim: 16,
        dfc_dim: 8,
        ..Config::labelled(8, 8, 1, 3)
    }
}

/// 18x9x3, three levels, narrow: maps of even and odd sides.
pub(crate) fn unlabelled() -> Config {
    Config {
        z_dim: 6,
        gf_dim: 3,
        df_dim: 2,
        depth: 3,
        ..Config::unlabelled(18, 9, 3)
    }
}
