//! The four sections of a pipeline, one struct each: every key with its default and effect.
//!
//! These structs are the only list of settings: `--help`, the shipped `pipelines/*.yaml`, hints for
//! misspelt keys and the manifest's resolved settings all follow them.

use crate::forms;
use crate::{ArchiveFiles, CifarFiles, CsvFiles, Depth, NpzFiles, ParquetFiles};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A whole pipeline file: one section per stage, each with defaults.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pipeline {
    /// Stage 1, `dcgan-prepare`.
    #[serde(deserialize_with = "forms::empty_is_default")]
    pub prepare: Prepare,
    /// Stage 2, `dcgan-train`.
    #[serde(deserialize_with = "forms::empty_is_default")]
    pub train: Train,
    /// Stage 3, `dcgan-sample`.
    #[serde(deserialize_with = "forms::empty_is_default")]
    pub sample: Sample,
    /// Stage 4, `dcgan-eval`.
    #[serde(deserialize_with = "forms::empty_is_default")]
    pub eval: Eval,
}

/// Where the pictures come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// IDX files, plain or gzip (MNIST's own format).
    Idx,
    /// Folders of pictures: PNG, JPEG, GIF, BMP, WebP.
    Folder,
    /// Arrays of NumPy, `.npz` or `.npy`.
    #[serde(alias = "npy")]
    Npz,
    /// Tables of pixels, CSV.
    Csv,
    /// The binary version of CIFAR-10 or CIFAR-100.
    Cifar,
    /// Pictures in ZIP or tar archives.
    #[serde(alias = "zip", alias = "tar")]
    Archive,
    /// Pictures in a column of Parquet tables.
    Parquet,
    /// Pictures drawn by the program, for tests and a first look.
    Synthetic,
}

/// Settings of `dcgan-prepare`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Prepare {
    /// The dataset's name, stored in it.
    #[serde(deserialize_with = "forms::text")]
    pub name: String,
    /// Where the pictures come from.
    pub source: SourceKind,
    /// The IDX files, for `source: idx`.
    #[serde(deserialize_with = "forms::empty_is_default")]
    pub idx: IdxFiles,
    /// Folders of pictures, for `source: folder`: one path or a list, searched with all
    /// sub-folders. A path with `*`, `?`, `[...]` or `**` is a pattern.
    #[serde(deserialize_with = "forms::paths")]
    pub folder: Vec<PathBuf>,
    /// Folders of the test part, in the same form; if empty, see `pictures.test_share`.
    #[serde(deserialize_with = "forms::paths")]
    pub test_folder: Vec<PathBuf>,
    /// How to convert pictures, for the sources `folder`, `archive` and `parquet`.
    #[serde(deserialize_with = "forms::empty_is_default")]
    pub pictures: Pictures,
    /// Arrays of NumPy, for `source: npz`.
    #[serde(deserialize_with = "forms::empty_is_default")]
    pub npz: NpzFiles,
    /// Tables of pixels, for `source: csv`.
    #[serde(deserialize_with = "forms::empty_is_default")]
    pub csv: CsvFiles,
    /// The binary version of CIFAR, for `source: cifar`.
    #[serde(deserialize_with = "forms::empty_is_default")]
    pub cifar: CifarFiles,
    /// Archives of pictures, for `source: archive`.
    #[serde(deserialize_with = "forms::empty_is_default")]
    pub archive: ArchiveFiles,
    /// Tables of pictures, for `source: parquet`.
    #[serde(deserialize_with = "forms::empty_is_default")]
    pub parquet: ParquetFiles,
    /// The drawn pictures, for `source: synthetic`.
    #[serde(deserialize_with = "forms::empty_is_default")]
    pub synthetic: Synthetic,
    /// Names of the classes in the order of their numbers; empty: the numbers themselves.
    #[serde(deserialize_with = "forms::texts")]
    pub class_names: Vec<String>,
    /// Pictures to move from the training part to `validation`, equally many of each class.
    pub validation: usize,
    /// Seed for choosing validation pictures and for the synthetic source.
    pub seed: u64,
}

/// Paths of the IDX files, relative to the working directory. Labels may be absent in both parts;
/// the whole test part may be absent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IdxFiles {
    /// IDX3 file of the training images.
    pub train_images: Option<PathBuf>,
    /// IDX1 file of the training labels.
    pub train_labels: Option<PathBuf>,
    /// IDX3 file of the test images.
    pub test_images: Option<PathBuf>,
    /// IDX1 file of the test labels.
    pub test_labels: Option<PathBuf>,
    /// Pinned SHA-256 (lower-case hex) of the files as stored, by the keys above.
    pub sha256: BTreeMap<String, String>,
    /// Swap rows and columns of each picture, as EMNIST needs.
    pub transpose: bool,
    /// The label of class 0; 1 if labels count from 1. Smaller labels are an error.
    pub first_label: usize,
}

/// Which part of a picture is used, before resizing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CropChoice {
    /// A box of `pictures.box` pixels around the centre, as in the original; the largest box that
    /// fits in a smaller picture.
    Centre,
    /// As much as possible around the centre: resizes the short side and cuts the long one.
    Cover,
    /// The whole picture; bars of `pictures.background` fill the rest.
    Fit,
}

/// The filter for resizing. Each is antialiased: it is widened when a picture shrinks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilterChoice {
    /// Mean of the pixels covered.
    Box,
    /// Triangle, 2 pixels wide, as in the original.
    Bilinear,
    /// Cubic with a = -0.5, 4 pixels wide.
    Bicubic,
    /// Sinc in a window of 6 pixels.
    Lanczos,
}

/// How to treat transparency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlphaChoice {
    /// Blend the picture with `pictures.background`.
    Blend,
    /// Drop it and keep the colours.
    Ignore,
}

/// Where a picture's class comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Labels {
    /// There are no classes.
    None,
    /// The name of the first folder below `prepare.folder` on the way to the picture.
    Folder,
    /// A table of file and label, `pictures.labels_file`.
    Csv,
    /// The table `dataset.json` at the top of an archive, as `StyleGAN` writes it.
    DatasetJson,
    /// A file `NAME.cls` next to each picture of an archive, as in a `WebDataset`.
    Cls,
    /// The column `parquet.label`, for `source: parquet`.
    Column,
}

/// Converts picture files of any size to images of one size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pictures {
    /// Height in pixels.
    pub height: usize,
    /// Width in pixels.
    pub width: usize,
    /// Colours: 1 grey, 3 red, green and blue.
    pub channels: usize,
    /// Which part of a picture is used.
    pub crop: CropChoice,
    /// Height of the box in pixels of the picture, for `crop: centre`; its width follows the
    /// images' ratio.
    #[serde(rename = "box")]
    pub crop_box: usize,
    /// Filter for resizing.
    pub filter: FilterChoice,
    /// How to treat transparency.
    pub alpha: AlphaChoice,
    /// Red, green and blue, 0 to 255, behind transparent pictures and of the bars of `crop: fit`.
    pub background: [u8; 3],
    /// Rotate pictures by their EXIF orientation.
    pub orientation: bool,
    /// Where a picture's class comes from.
    pub labels: Labels,
    /// CSV table of file and label, for `labels: csv`; a first row `file,label` is a heading.
    pub labels_file: Option<PathBuf>,
    /// Share of the pictures for the test part, by the hash of a file's content: equal files stay
    /// together, and a new picture moves no other.
    pub test_share: f64,
    /// At most this many files of `folder` and of `test_folder`, evenly spaced by name; 0: all.
    pub max_images: usize,
    /// Stop at a picture that can't be used instead of skipping it.
    pub strict: bool,
}

/// The synthetic source: one shape per class (bars, discs, rings ...) at a random place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Synthetic {
    /// Pictures in the training part.
    pub train: usize,
    /// Pictures in the test part.
    pub test: usize,
    /// Height in pixels.
    pub height: usize,
    /// Width in pixels.
    pub width: usize,
    /// Colours, 1 or 3.
    pub channels: usize,
    /// Classes, 1 to 256; 0: no labels.
    pub classes: usize,
}

/// Which of the two networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NetworkKind {
    /// The conditional network: the class joins every layer.
    Labelled,
    /// The network without labels, for pictures of any size.
    Unlabelled,
}

/// The distribution of each coordinate of the latent vector z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LatentChoice {
    /// Uniform in [-1, 1), as in the original's training.
    #[serde(rename = "uniform")]
    Uniform,
    /// Uniform in [0, 1).
    #[serde(rename = "uniform_0_1")]
    Uniform01,
    /// Standard normal.
    #[serde(rename = "normal")]
    Normal,
}

/// Which training-mode passes feed the moving averages of batch norm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MovingAverages {
    /// The passes of the three updates: G 3, D 4 per iteration.
    Updates,
    /// These and the original's three loss read-outs: G 5, D 7 per iteration.
    WithReadouts,
}

/// The precision of the layers' products in training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrecisionChoice {
    /// float32.
    F32,
    /// bfloat16 with sums in float32, on processors with the instructions `AVX512_BF16`.
    Bf16,
}

/// Which kernels a stage computes with. The last bits of its results depend on them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KernelChoice {
    /// The fastest on this processor.
    #[default]
    Auto,
    /// Products in float32 by the crate `gemm` alone.
    Gemm,
    /// Every product in full, without minimal filtering.
    Direct,
    /// Minimal filtering for every convolution that allows it, however narrow.
    Winograd,
    /// No instructions of our own beyond the baseline of the target.
    Baseline,
    /// Networks in plain candle operations, without our kernels; float32 only.
    Portable,
}

impl KernelChoice {
    /// All values, in the order used in messages.
    pub const ALL: [Self; 6] = [
        Self::Auto,
        Self::Gemm,
        Self::Direct,
        Self::Winograd,
        Self::Baseline,
        Self::Portable,
    ];

    /// The name in settings, manifests and [`crate::KERNELS`].
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Gemm => "gemm",
            Self::Direct => "direct",
            Self::Winograd => "winograd",
            Self::Baseline => "baseline",
            Self::Portable => "portable",
        }
    }
}

/// What to do when training diverges: when a loss, gradient or weight is infinite or NaN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDivergence {
    /// Stop with exit code 4.
    Stop,
    /// Go back to the last good checkpoint and continue with other batches.
    Rollback,
}

/// The score that chooses a run's best checkpoint: a column of `scores.csv`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Best {
    /// No choice.
    None,
    /// Highest class accuracy.
    ClassAccuracy,
    /// Lowest Fréchet distance.
    FrechetDistance,
    /// Highest class accuracy of the averaged generator.
    EmaClassAccuracy,
    /// Lowest Fréchet distance of the averaged generator.
    EmaFrechetDistance,
}

impl Best {
    /// Whether higher is better.
    pub fn is_accuracy(self) -> bool {
        matches!(self, Self::ClassAccuracy | Self::EmaClassAccuracy)
    }

    /// Whether it is a score of the averaged generator.
    pub fn is_of_average(self) -> bool {
        matches!(self, Self::EmaClassAccuracy | Self::EmaFrechetDistance)
    }
}

/// Settings of `dcgan-train`. `ARCHITECTURE.md` lists the defaults that are not the original's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Train {
    /// Which network.
    pub network: NetworkKind,
    /// Passes over the training part. A larger number continues a finished run.
    pub epochs: usize,
    /// Pictures per step.
    pub batch_size: usize,
    /// Seed of initial weights, batch order and z.
    pub seed: u64,
    /// Coordinates of z.
    pub z_dim: usize,
    /// Distribution of z.
    pub z_distribution: LatentChoice,
    /// Generator filters in its last hidden layer.
    pub gf_dim: usize,
    /// Discriminator filters in its first layer.
    pub df_dim: usize,
    /// Width of the generator's fully connected layer (labelled network).
    pub gfc_dim: usize,
    /// Width of the discriminator's fully connected layer (labelled network).
    pub dfc_dim: usize,
    /// Levels of the unlabelled network.
    pub depth: Depth,
    /// Adam's learning rate.
    pub learning_rate: f64,
    /// Adam's learning rate for the discriminator, if different.
    pub learning_rate_d: Option<f64>,
    /// Epochs in which both learning rates fall to half; 0: constant.
    pub learning_rate_half_life: f64,
    /// Adam's decay of the first moment.
    pub beta1: f64,
    /// Generator updates per discriminator update, all on the same z.
    pub generator_updates: usize,
    /// One-sided label smoothing: the discriminator's target for a real picture is 1 minus this.
    pub label_smoothing: f64,
    /// Randomly mirror pictures of a batch, left to right.
    pub flip: bool,
    /// Decay of the averaged generator, near 1; 0: no average.
    pub ema: f64,
    /// Shuffle the pictures again in each epoch; `false` keeps the order of epoch 1.
    pub reshuffle: bool,
    /// Which passes feed the moving averages.
    pub moving_averages: MovingAverages,
    /// Precision of the layers' products in updates; everything else, sampling and evaluation are
    /// in float32.
    pub precision: PrecisionChoice,
    /// Which kernels to compute with.
    pub kernels: KernelChoice,
    /// What to do when training diverges.
    pub on_divergence: OnDivergence,
    /// Maximum number of roll-backs in a run.
    pub max_rollbacks: u32,
    /// Steps that a sign of collapse must last to cause a warning; 0: off.
    pub collapse_watch: usize,
    /// Steps between rows of `metrics.csv` and `histograms.csv`.
    pub log_every: usize,
    /// Steps between checkpoints; the last step has one too.
    pub checkpoint_every: usize,
    /// Keep this many of the newest checkpoints; 0: all.
    pub keep_checkpoints: usize,
    /// Steps between sample grids, with one before step 1 and one at the end; 0: none.
    pub grid_every: usize,
    /// Steps between rows of `scores.csv`, measured on the validation part; 0: none.
    pub score_every: usize,
    /// The classifier for scores; `None` for data without labels.
    pub classifier: Option<PathBuf>,
    /// The score that chooses the best checkpoint, which is kept.
    pub best: Best,
    /// Also write event files for TensorBoard.
    pub tensorboard: bool,
}

/// Settings of `dcgan-sample`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sample {
    /// Images per seed.
    pub n: usize,
    /// Seeds, such as `0,3-6`.
    #[serde(deserialize_with = "forms::text")]
    pub seeds: String,
    /// Draw only this class, by name or number; `None`: image i has class i mod classes.
    #[serde(deserialize_with = "forms::optional_text")]
    pub class: Option<String>,
    /// Also write each image as a PNG.
    pub single_images: bool,
    /// Columns of the grid; 0: near square, or a row per class.
    pub columns: usize,
    /// Use the averaged generator of a checkpoint (`train.ema`).
    pub ema: bool,
    /// Use the best checkpoint that the given one records (`train.best`).
    pub best: bool,
    /// Which kernels to compute with.
    pub kernels: KernelChoice,
}

/// Settings of `dcgan-eval`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Eval {
    /// Images generated from a checkpoint.
    pub n: usize,
    /// Seed of those images and of the metrics' draws.
    pub seed: u64,
    /// Use the averaged generator of the checkpoint (`train.ema`).
    pub ema: bool,
    /// Use the best checkpoint that the given one records (`train.best`).
    pub best: bool,
    /// Bins of the discriminator histograms.
    pub histogram_bins: usize,
    /// The classifier whose features the metrics use; `None`: train one on labelled data, or use
    /// fixed random features without labels.
    pub classifier: Option<PathBuf>,
    /// Passes over the training part if a classifier is trained.
    pub classifier_epochs: usize,
    /// Which kernels to compute with.
    pub kernels: KernelChoice,
    /// Thresholds of alarms.
    #[serde(deserialize_with = "forms::empty_is_default")]
    pub alarms: Alarms,
}

/// Alarm thresholds of an evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Alarms {
    /// The discriminator is saturated: its accuracy on training and generated images is at least
    /// this.
    pub discriminator_saturated: f64,
    /// The generator is saturated: the mean probability of its images is at most this.
    pub generator_saturated: f64,
    /// The discriminator overfits: its training minus test accuracy is at least this.
    pub overfitting: f64,
    /// The generator has collapsed: a class's diversity relative to real images is at most this.
    pub collapse: f64,
    /// Training oscillates: the swing of the discriminator's smoothed accuracy in the second half
    /// of the run is at least this.
    pub oscillation: f64,
}

impl Default for Prepare {
    fn default() -> Self {
        Self {
            name: "dataset".into(),
            source: SourceKind::Idx,
            idx: IdxFiles::default(),
            folder: Vec::new(),
            test_folder: Vec::new(),
            pictures: Pictures::default(),
            npz: NpzFiles::default(),
            csv: CsvFiles::default(),
            cifar: CifarFiles::default(),
            archive: ArchiveFiles::default(),
            parquet: ParquetFiles::default(),
            synthetic: Synthetic::default(),
            class_names: Vec::new(),
            validation: 0,
            seed: 0,
        }
    }
}

impl Default for Pictures {
    fn default() -> Self {
        Self {
            height: 64,
            width: 64,
            channels: 3,
            crop: CropChoice::Cover,
            crop_box: 108,
            filter: FilterChoice::Bilinear,
            alpha: AlphaChoice::Blend,
            background: [255; 3],
            orientation: true,
            labels: Labels::None,
            labels_file: None,
            test_share: 0.0,
            max_images: 0,
            strict: false,
        }
    }
}

impl Default for Synthetic {
    fn default() -> Self {
        Self {
            train: 1024,
            test: 256,
            height: 28,
            width: 28,
            channels: 1,
            classes: 10,
        }
    }
}

impl Default for Train {
    fn default() -> Self {
        Self {
            network: NetworkKind::Labelled,
            epochs: 25,
            batch_size: 64,
            seed: 0,
            z_dim: 100,
            z_distribution: LatentChoice::Uniform,
            gf_dim: 64,
            df_dim: 64,
            gfc_dim: 1024,
            dfc_dim: 1024,
            depth: Depth::Levels(4),
            learning_rate: 2e-4,
            learning_rate_d: None,
            learning_rate_half_life: 0.0,
            beta1: 0.5,
            generator_updates: 2,
            label_smoothing: 0.0,
            flip: false,
            ema: 0.0,
            reshuffle: true,
            moving_averages: MovingAverages::Updates,
            precision: PrecisionChoice::F32,
            kernels: KernelChoice::Auto,
            on_divergence: OnDivergence::Stop,
            max_rollbacks: 3,
            collapse_watch: 200,
            log_every: 1,
            checkpoint_every: 500,
            keep_checkpoints: 3,
            grid_every: 100,
            score_every: 0,
            classifier: None,
            best: Best::None,
            tensorboard: false,
        }
    }
}

impl Default for Sample {
    fn default() -> Self {
        Self {
            n: 64,
            seeds: "0".into(),
            class: None,
            single_images: false,
            columns: 0,
            ema: false,
            best: false,
            kernels: KernelChoice::Auto,
        }
    }
}

impl Default for Eval {
    fn default() -> Self {
        Self {
            n: 10_000,
            seed: 0,
            ema: false,
            best: false,
            histogram_bins: 50,
            classifier: None,
            classifier_epochs: 8,
            kernels: KernelChoice::Auto,
            alarms: Alarms::default(),
        }
    }
}

impl Default for Alarms {
    fn default() -> Self {
        Self {
            discriminator_saturated: 0.98,
            generator_saturated: 0.02,
            overfitting: 0.1,
            collapse: 0.5,
            oscillation: 0.4,
        }
    }
}
