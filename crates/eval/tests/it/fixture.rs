//! A small dataset, a checkpoint with initial weights, samples, and a way to run the program.

use dcgan::{Config, Discriminator, Generator, Kind, ZDistribution};
use dcgan_artifacts::{
    BestScore, Checkpoint, CheckpointInfo, DatasetInfo, NetworkInfo, Part, PartData, Samples,
    checkpoint_path, write_dataset,
};
use dcgan_checkpoints::network_info;
use dcgan_testkit::{Outcome, run};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

pub(crate) const SIDE: usize = 8;

/// A folder with inputs, removed at the end.
pub(crate) struct Fixture {
    folder: TempDir,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Class names "zero", "one", ...; none for 0 classes.
    pub(crate) fn class_names(classes: usize) -> Vec<String> {
        ["zero", "one", "two", "three"]
            .iter()
            .take(classes)
            .map(ToString::to_string)
            .collect()
    }

    /// A dataset of random pictures, label i mod classes.
    pub(crate) fn dataset(
        &self,
        name: &str,
        side: usize,
        classes: usize,
        n: [usize; 2],
    ) -> PathBuf {
        self.dataset_of_classes(name, side, &Self::class_names(classes), n)
    }

    /// Like [`Self::dataset`], with these class names.
    pub(crate) fn dataset_of_classes(
        &self,
        name: &str,
        side: usize,
        class_names: &[String],
        n: [usize; 2],
    ) -> PathBuf {
        let classes = class_names.len();
        let info = DatasetInfo {
            name: "noise".into(),
            class_names: class_names.to_vec(),
            height: side,
            width: side,
            channels: 1,
            sources: Vec::new(),
        };
        let part = |n: usize, seed| PartData {
            images: noise(n * side * side, seed),
            labels: (classes > 0).then(|| labels(n, classes)),
            n,
        };
        let mut parts = BTreeMap::from([(Part::Train, part(n[0], 1))]);
        if n[1] > 0 {
            parts.insert(Part::Test, part(n[1], 2));
        }
        let path = self.path(name);
        write_dataset(&path, &info, &parts).unwrap();
        path
    }

    /// A checkpoint of fresh networks; unlabelled for 0 classes.
    pub(crate) fn checkpoint(&self, name: &str, side: usize, classes: usize) -> PathBuf {
        self.checkpoint_of_classes(name, side, &Self::class_names(classes))
    }

    /// Like [`Self::checkpoint`], with these class names.
    pub(crate) fn checkpoint_of_classes(
        &self,
        name: &str,
        side: usize,
        class_names: &[String],
    ) -> PathBuf {
        let classes = class_names.len();
        let config = Config {
            kind: if classes > 0 {
                Kind::Labelled
            } else {
                Kind::Unlabelled
            },
            height: side,
            width: side,
            channels: 1,
            classes,
            z_dim: 4,
            gf_dim: 2,
            df_dim: 2,
            gfc_dim: 8,
            dfc_dim: 8,
            depth: if classes > 0 { 2 } else { 4 },
        };
        let network = network_info(&config, class_names, ZDistribution::Uniform);
        self.write_checkpoint(name, &config, network)
    }

    /// The checkpoint of a step in a folder of checkpoints; each has a different discriminator.
    pub(crate) fn checkpoint_of(&self, folder: &str, side: usize, classes: usize, step: u64) {
        let path = self.checkpoint("checkpoint", side, classes);
        let mut checkpoint = Checkpoint::read(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        checkpoint.info.step = step;
        for (name, array) in &mut checkpoint.weights {
            if name.starts_with("discriminator") && !name.contains("moving") {
                let scale = 1.0 + step as f32 / 10.0;
                array.1.iter_mut().for_each(|value| *value *= scale);
            }
        }
        let path = checkpoint_path(&self.path(folder), step);
        checkpoint.write(&path).unwrap();
    }

    /// Records the best checkpoint in a checkpoint.
    pub(crate) fn tell_best(&self, name: &str, metric: &str, value: f64, step: u64) {
        let path = self.path(name);
        let mut checkpoint = Checkpoint::read(&path).unwrap();
        checkpoint.info.best = Some(BestScore {
            metric: metric.into(),
            value,
            step,
        });
        checkpoint.write(&path).unwrap();
    }

    fn write_checkpoint(&self, name: &str, config: &Config, network: NetworkInfo) -> PathBuf {
        let mut weights = Generator::init(config, 5).unwrap().arrays().unwrap();
        weights.extend(Discriminator::init(config, 5).unwrap().arrays().unwrap());
        let checkpoint = Checkpoint {
            info: CheckpointInfo {
                network,
                step: 7,
                epoch: 1,
                seed: 5,
                adam_steps_d: 7,
                adam_steps_g: 14,
                attempt: 0,
                best: None,
                dataset_sha256: String::new(),
                tables: BTreeMap::new(),
                on_signal: false,
            },
            weights,
            adam_m: BTreeMap::new(),
            adam_v: BTreeMap::new(),
            ema: BTreeMap::new(),
        };
        let path = self.path(name);
        checkpoint.write(&path).unwrap();
        path
    }

    /// Random pictures as samples, label i mod classes.
    pub(crate) fn samples(&self, name: &str, side: usize, classes: usize, n: usize) -> PathBuf {
        let samples = Samples {
            images: noise(n * side * side, 3),
            labels: (classes > 0).then(|| labels(n, classes)),
            n,
            height: side,
            width: side,
            channels: 1,
            seeds: Vec::new(),
            model_sha256: None,
        };
        let path = self.path(name);
        samples.write(&path).unwrap();
        path
    }

    /// Runs the program in the folder, with paths relative to it.
    pub(crate) fn run(&self, args: &[&str]) -> Outcome {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dcgan-eval"));
        run(command.args(args).current_dir(self.folder.path()))
    }

    /// Runs the program, which must succeed.
    #[track_caller]
    pub(crate) fn succeed(&self, args: &[&str]) -> String {
        self.run(args).succeeded().stdout
    }

    /// Runs the program, which must succeed; returns stderr.
    #[track_caller]
    pub(crate) fn warnings(&self, args: &[&str]) -> String {
        self.run(args).succeeded().stderr
    }

    /// Runs the program, which must fail; returns exit code and message.
    pub(crate) fn fail(&self, args: &[&str]) -> String {
        let outcome = self.run(args);
        assert!(!self.path("out").exists(), "something was written");
        outcome.report()
    }

    /// The files of a folder with their bytes, without the lock and folders.
    pub(crate) fn files(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        let mut files = dcgan_testkit::files(&self.path(folder));
        files.retain(|name, _| name != ".lock" && !name.contains('/'));
        files
    }

    /// A JSON file.
    pub(crate) fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_slice(&std::fs::read(self.path(name)).unwrap()).unwrap()
    }
}

fn labels(n: usize, classes: usize) -> Vec<u8> {
    (0..n).map(|i| u8::try_from(i % classes).unwrap()).collect()
}

pub(crate) fn noise(n: usize, index: u64) -> Vec<u8> {
    dcgan_testkit::noise(0, index, n)
}
