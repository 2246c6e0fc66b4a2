//! Runs the program and reads its files.

use dcgan_artifacts::{ClassifierFile, ClassifierInfo, DatasetInfo, Part, PartData, write_dataset};
use dcgan_metrics::{Classifier, ClassifierConfig};
use dcgan_testkit::{assert_same_files, run};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A folder with a dataset, in which the program runs.
pub(crate) struct Place {
    folder: TempDir,
}

/// A network of a few hundred weights, six steps an epoch on the dataset of [`Place::new`].
const TINY: [&str; 8] = [
    "train.batch_size=4",
    "train.z_dim=4",
    "train.gf_dim=2",
    "train.df_dim=2",
    "train.gfc_dim=8",
    "train.dfc_dim=8",
    "train.checkpoint_every=4",
    "train.grid_every=5",
];

impl Place {
    /// With `dataset.safetensors`, 26 labelled pictures of 8x8 in three classes.
    pub(crate) fn new() -> Self {
        let place = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        place.write_dataset("dataset.safetensors", [8, 8, 1], 26, 3);
        place
    }

    /// Writes a dataset of pictures that differ from each other; `n_classes` 0: without labels.
    pub(crate) fn write_dataset(&self, name: &str, shape: [usize; 3], n: usize, n_classes: usize) {
        let size = shape.iter().product::<usize>();
        self.write_pictures(name, shape, n, n_classes, |image, at| {
            let i = image * size + at;
            u8::try_from((i * 37 + i / 64 * 11) % 256).unwrap()
        });
    }

    /// Writes a dataset of pictures whose bytes `pixel` gives by image and place.
    pub(crate) fn write_pictures(
        &self,
        name: &str,
        [height, width, channels]: [usize; 3],
        n: usize,
        n_classes: usize,
        pixel: impl Fn(usize, usize) -> u8,
    ) {
        let size = height * width * channels;
        let images = (0..n * size).map(|i| pixel(i / size, i % size)).collect();
        let shape = [height, width, channels];
        self.write_parts(name, shape, n_classes, [(Part::Train, images)]);
    }

    /// Writes a dataset of these pictures with alternating classes; `n_classes` 0: without labels.
    pub(crate) fn write_parts<const N: usize>(
        &self,
        name: &str,
        [height, width, channels]: [usize; 3],
        n_classes: usize,
        parts: [(Part, Vec<u8>); N],
    ) {
        let info = DatasetInfo {
            name: "test".into(),
            class_names: (0..n_classes)
                .map(|class| format!("class {class}"))
                .collect(),
            height,
            width,
            channels,
            sources: Vec::new(),
        };
        let parts = parts.map(|(part, images)| {
            let n = images.len() / (height * width * channels);
            let label = |i| u8::try_from(i % n_classes).unwrap();
            let labels = (n_classes > 0).then(|| (0..n).map(label).collect());
            (part, PartData { images, labels, n })
        });
        write_dataset(&self.path(name), &info, &BTreeMap::from(parts)).unwrap();
    }

    /// Writes a classifier with fixed weights for the pictures of [`Place::new`] to `name`.
    pub(crate) fn write_classifier(&self, name: &str, seed: u64) {
        let config = ClassifierConfig {
            height: 8,
            width: 8,
            channels: 1,
            classes: 3,
        };
        let info = ClassifierInfo {
            architecture: Classifier::ARCHITECTURE.into(),
            height: 8,
            width: 8,
            channels: 1,
            class_names: (0..3).map(|class| format!("class {class}")).collect(),
            dataset: "test".into(),
            dataset_sha256: "0".repeat(64),
            epochs: 1,
            recipe: Classifier::RECIPE.into(),
            seed,
            train_accuracy: 0.5,
            test_accuracy: None,
        };
        let arrays = Classifier::init(config, seed).arrays();
        ClassifierFile { info, arrays }
            .write(&self.path(name))
            .unwrap();
    }

    /// A path in this folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The command that trains `out` on `dataset.safetensors`, with [`TINY`] and these settings.
    pub(crate) fn command(&self, out: &str, settings: &[&str]) -> Command {
        self.command_on("dataset.safetensors", out, settings)
    }

    /// Like [`Self::command`], on another dataset.
    pub(crate) fn command_on(&self, dataset: &str, out: &str, settings: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dcgan-train"));
        command
            .current_dir(self.folder.path())
            .args(["--dataset", dataset, "--out", out]);
        for setting in TINY.iter().chain(settings) {
            command.args(["--set", setting]);
        }
        command
    }

    /// Trains to the end.
    #[track_caller]
    pub(crate) fn train(&self, out: &str, settings: &[&str]) -> Output {
        let output = self.command(out, settings).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        output
    }

    /// Exit code and stderr of a run that must fail.
    pub(crate) fn fail(&self, out: &str, settings: &[&str], options: &[&str]) -> String {
        report(self.command(out, settings).args(options))
    }

    /// Every file under `out` with its bytes, except hidden ones and those that contain times.
    pub(crate) fn files(&self, out: &str) -> BTreeMap<String, Vec<u8>> {
        let mut files = dcgan_testkit::files(&self.path(out));
        files.retain(|name, _| {
            let is_hidden = name.starts_with('.') || name.starts_with("tensorboard/");
            !is_hidden && name != "timing.csv"
        });
        files
    }

    /// The names in `out/checkpoints`, sorted.
    pub(crate) fn checkpoints(&self, out: &str) -> Vec<String> {
        let names = self.files(out).into_keys();
        names
            .filter_map(|name| Some(name.strip_prefix("checkpoints/")?.to_owned()))
            .collect()
    }

    /// Rows of `out/metrics.csv`, including the header; 0 if there is no file.
    pub(crate) fn rows(&self, out: &str) -> usize {
        fs::read_to_string(self.path(out).join("metrics.csv"))
            .map_or(0, |text| text.lines().count())
    }
}

/// Exit code and stderr of a command.
pub(crate) fn report(command: &mut Command) -> String {
    run(command).report()
}

/// Output of a program as text.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Asserts that two folders have the same files, byte for byte, and names those that differ.
#[track_caller]
pub(crate) fn assert_same(left: &BTreeMap<String, Vec<u8>>, right: &BTreeMap<String, Vec<u8>>) {
    assert_same_files(left, right, "two folders");
}

/// Changes one byte in the middle of a file.
pub(crate) fn damage(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    #[expect(
        clippy::disallowed_methods,
        reason = "a damaged file is what is wanted"
    )]
    fs::write(path, bytes).unwrap();
}
