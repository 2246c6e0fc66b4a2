//! A folder with a model, in which the program runs.

use dcgan::{Config, Discriminator, Generator, ZDistribution};
use dcgan_artifacts::{ModelFile, Role, Samples, read_generator};
use dcgan_checkpoints::network_info;
use dcgan_testkit::{Outcome, run};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A folder that holds `model.safetensors`.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    /// With a labelled generator of 3 classes, 8x8x1.
    pub(crate) fn labelled() -> Self {
        let place = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        place.write_generator("model.safetensors", &labelled_config(), 1);
        place
    }

    /// With an unlabelled generator, 18x16x3.
    pub(crate) fn unlabelled() -> Self {
        let place = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        place.write_generator("model.safetensors", &unlabelled_config(), 1);
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A generator with enlarged initial weights: unchanged ones give an almost uniform grey.
    pub(crate) fn write_generator(&self, name: &str, config: &Config, seed: u64) {
        let mut weights = Generator::init(config, seed).unwrap().arrays().unwrap();
        for (name, (_, values)) in &mut weights {
            if name.ends_with("/Matrix") || name.ends_with("/w") {
                for value in values {
                    *value *= 20.0;
                }
            }
        }
        self.write_model(name, config, Role::Generator, weights);
    }

    /// Marks class "zero" as untrained in a generator file.
    pub(crate) fn leave_zero_untrained(&self, name: &str) {
        let path = self.path(name);
        let mut model = read_generator(&path).unwrap();
        model.network.untrained_classes = vec![0];
        model.write(&path).unwrap();
    }

    /// Renames the classes of a generator file.
    pub(crate) fn name_classes(&self, name: &str, class_names: &[&str]) {
        let path = self.path(name);
        let mut model = read_generator(&path).unwrap();
        model.network.class_names = class_names.iter().map(|&name| name.into()).collect();
        model.write(&path).unwrap();
    }

    pub(crate) fn write_discriminator(&self, name: &str) {
        let config = labelled_config();
        let weights = Discriminator::init(&config, 1).unwrap().arrays().unwrap();
        self.write_model(name, &config, Role::Discriminator, weights);
    }

    pub(crate) fn write_model(
        &self,
        name: &str,
        config: &Config,
        role: Role,
        weights: dcgan_artifacts::Arrays,
    ) {
        let names = ["zero", "one", "2"].map(String::from);
        let names = if config.classes == 0 { &[] } else { &names[..] };
        let network = network_info(config, names, ZDistribution::Uniform);
        let dataset_sha256 = "0".repeat(64);
        let model = ModelFile {
            network,
            role,
            step: 7,
            dataset_sha256,
            weights,
        };
        model.write(&self.path(name)).unwrap();
    }

    /// Runs the program on the model, into the folder `out`.
    pub(crate) fn sample(&self, out: &str, options: &[&str]) -> Outcome {
        let (model, out) = (self.path("model.safetensors"), self.path(out));
        let mut all = vec![
            "--model",
            model.to_str().unwrap(),
            "--out",
            out.to_str().unwrap(),
        ];
        all.extend(options);
        self.run(&all)
    }

    /// Runs the program; `[DIR]` in an option is replaced by the folder.
    pub(crate) fn run(&self, options: &[&str]) -> Outcome {
        let folder = self.folder.path();
        let shown = folder.to_str().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_dcgan-sample"));
        command.args(options.iter().map(|option| option.replace("[DIR]", shown)));
        run(&mut command).naming(folder, "[DIR]")
    }

    /// Runs the program, which must succeed, and reads its samples.
    pub(crate) fn samples(&self, out: &str, options: &[&str]) -> Samples {
        let outcome = self.sample(out, options);
        assert_eq!(outcome.code, 0, "{outcome:?}");
        Samples::read(&self.path(out).join("samples.safetensors")).unwrap()
    }

    /// Every file below `folder` except the lock, by relative name, sorted.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let root = self.path(folder);
        let mut names = Vec::new();
        collect(&root, &root, &mut names);
        names.sort();
        names
    }
}

fn collect(root: &Path, folder: &Path, names: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, names);
        } else if path.file_name().unwrap() != ".lock" {
            names.push(
                path.strip_prefix(root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned(),
            );
        }
    }
}

/// 8x8x1, 3 classes, narrow.
pub(crate) fn labelled_config() -> Config {
    Config {
        z_dim: 5,
        gf_dim: 4,
        df_dim: 3,
        gfc_dim: 16,
        dfc_dim: 8,
        ..Config::labelled(8, 8, 1, 3)
    }
}

/// 18x16x3, narrow.
pub(crate) fn unlabelled_config() -> Config {
    Config {
        z_dim: 6,
        gf_dim: 3,
        df_dim: 2,
        ..Config::unlabelled(18, 16, 3)
    }
}
