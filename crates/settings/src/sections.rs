//! The four sections of a pipeline, one struct each: every key, its default and what it changes.
//!
//! These structs are the single list of settings: `--help`, the shipped `pipelines/*.yaml`, the
//! nearest-key hints and the manifest's resolved settings all follow them.

use crate::Depth;
use crate::forms;
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
    /// Pictures drawn by the program: for tests and a first look.
    Synthetic,
}

/// Settings of `dcgan-prepare`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Prepare {
    /// The dataset's name, written into it.
    #[serde(deserialize_with = "forms::text")]
    pub name: String,
    /// Where the pictures come from.
    pub source: SourceKind,
    /// The IDX files, for `source: idx`.
    #[serde(deserialize_with = "forms::empty_is_default")]
    pub idx: IdxFiles,
    /// Folders of pictures, for `source: folder`: one path or a list; searched with all below. A path
    /// with `*`, `?`, `[...]` or `**` is a pattern for the files to take.
    #[serde(deserialize_with = "forms::paths")]
    pub folder: Vec<PathBuf>,
    /// Folders of the test part, in the same form; none: see `pictures.test_share`.
    #[serde(deserialize_with = "forms::paths")]
    pub test_folder: Vec<PathBuf>,
    /// What becomes of the pictures, for `source: folder`.
    #[serde(deserialize_with = "forms::empty_is_default")]
    pub pictures: Pictures,
    /// The drawn pictures, for `source: synthetic`.
    #[serde(deserialize_with = "forms::empty_is_default")]
    pub synthetic: Synthetic,
    /// Names of the classes in the order of their numbers; empty: the numbers themselves.
    #[serde(deserialize_with = "forms::texts")]
    pub class_names: Vec<String>,
    /// Pictures drawn from the training part, equally many of each class, into `validation`.
    pub validation: usize,
    /// Seed of the validation draw and of the synthetic source.
    pub seed: u64,
}

/// Paths of the IDX files, relative to the working directory. Labels may be absent in both parts;
/// the test part may be absent as a whole.
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
    /// Pinned SHA-256 (lower-case hex) of the files as they lie on disk, by the keys above.
    pub sha256: BTreeMap<String, String>,
    /// Rows and columns of each picture change places: EMNIST stores its pictures that way.
    pub transpose: bool,
    /// The label of class 0: 1 where labels count from 1. Smaller labels are an error.
    pub first_label: usize,
}

/// Which part of a picture is taken, before it is resized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Crop {
    /// A box of `pictures.box` pixels around the centre, as the original does; a picture smaller
    /// than the box gives what fits.
    Centre,
    /// As much as possible around the centre: the short side is resized, the long one cut.
    Cover,
    /// The whole picture; bars of `pictures.background` fill the rest.
    Fit,
}

/// The filter of resizing; each is antialiased: where a picture shrinks, it widens accordingly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Filter {
    /// Mean of the pixels below.
    Box,
    /// Triangle, 2 pixels wide, as the original.
    Bilinear,
    /// Cubic with a = -0.5, 4 pixels wide.
    Bicubic,
    /// Sinc in a window of 6 pixels.
    Lanczos,
}

/// What becomes of transparency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alpha {
    /// The picture is laid over `pictures.background`.
    Blend,
    /// It is dropped: the colour beneath shows.
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
}

/// From picture files of any size to images of one size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pictures {
    /// Height in pixels.
    pub height: usize,
    /// Width in pixels.
    pub width: usize,
    /// Colours: 1 grey, 3 red, green and blue.
    pub channels: usize,
    /// Which part of a picture is taken.
    pub crop: Crop,
    /// Height of the box in the picture's pixels, for `crop: centre`; its width has the images' ratio.
    #[serde(rename = "box")]
    pub crop_box: usize,
    /// Filter of resizing.
    pub filter: Filter,
    /// What becomes of transparency.
    pub alpha: Alpha,
    /// Red, green and blue, 0 to 255, behind transparent pictures and beside fitted ones.
    pub background: [u8; 3],
    /// Turn pictures as their EXIF orientation says.
    pub orientation: bool,
    /// Where a picture's class comes from.
    pub labels: Labels,
    /// CSV table of file and label, for `labels: csv`; a first row `file,label` is a heading.
    pub labels_file: Option<PathBuf>,
    /// Share of the pictures that goes into the test part, by the hash of a file's content: equal
    /// files go together, and a new picture moves no other.
    pub test_share: f64,
    /// At most so many files of `folder`, and of `test_folder`, evenly spaced in the order of their
    /// names; 0: all.
    pub max_images: usize,
    /// A picture that can't be used ends the stage instead of being skipped.
    pub strict: bool,
}

/// The synthetic source: per class one shape (bars, discs, rings ...) at a random place.
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
    /// Uniform in [-1, 1), as the original trains.
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
    /// The passes of the three updates: G 3, D 4 an iteration.
    Updates,
    /// Those and the original's three loss read-outs: G 5, D 7 an iteration.
    WithReadouts,
}

/// The precision of the products of layers in training.
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
    /// Minimal filtering for every convolution that it is possible for, however narrow.
    Winograd,
    /// No instructions of our own beyond the baseline of the target.
    Baseline,
    /// Networks in plain candle operations, without our kernels; float32 only.
    Portable,
}

impl KernelChoice {
    /// All there are, in the order in which messages list them.
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

/// What to do when training diverges: when a loss, gradient or weight is infinite or no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDivergence {
    /// Stop with exit code 4.
    Stop,
    /// Go back to the last good checkpoint and on with other batches.
    Rollback,
}

/// The score by which a run's best checkpoint is told: a column of `scores.csv`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Best {
    /// None is told.
    None,
    /// The greatest class accuracy.
    ClassAccuracy,
    /// The least Fréchet distance.
    FrechetDistance,
    /// The greatest class accuracy of the averaged generator.
    EmaClassAccuracy,
    /// The least Fréchet distance of the averaged generator.
    EmaFrechetDistance,
}

impl Best {
    /// The column, as the settings name it; none for [`Best::None`].
    pub fn column(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::ClassAccuracy => Some("class_accuracy"),
            Self::FrechetDistance => Some("frechet_distance"),
            Self::EmaClassAccuracy => Some("ema_class_accuracy"),
            Self::EmaFrechetDistance => Some("ema_frechet_distance"),
        }
    }

    /// Whether more is better.
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
    /// Adam's learning rate for the discriminator, where it has one of its own.
    pub learning_rate_d: Option<f64>,
    /// Epochs in which both learning rates fall to half; 0: they stay.
    pub learning_rate_half_life: f64,
    /// Adam's decay of the first moment.
    pub beta1: f64,
    /// Generator updates per discriminator update, all on the same z.
    pub generator_updates: usize,
    /// How much less than 1 the discriminator is to answer to a real picture: one-sided label
    /// smoothing.
    pub label_smoothing: f64,
    /// Mirror each picture of a batch, left to right, or not, at random.
    pub flip: bool,
    /// Decay of the averaged generator, near 1; 0: none is kept.
    pub ema: f64,
    /// Draw a new order of the pictures each epoch; false keeps the order of epoch 1.
    pub reshuffle: bool,
    /// Which passes feed the moving averages.
    pub moving_averages: MovingAverages,
    /// Precision of the layers' products in updates; all else, sampling and evaluation are in float32.
    pub precision: PrecisionChoice,
    /// Which kernels to compute with.
    pub kernels: KernelChoice,
    /// What to do when training diverges.
    pub on_divergence: OnDivergence,
    /// How often a run may roll back, in all.
    pub max_rollbacks: u32,
    /// Steps that a sign of collapse lasts before a warning; 0: no warning.
    pub collapse_watch: usize,
    /// Steps between two rows of `metrics.csv`, and of `histograms.csv`.
    pub log_every: usize,
    /// Steps between two checkpoints; one more stands at the end.
    pub checkpoint_every: usize,
    /// Checkpoints kept, the newest; 0: all.
    pub keep_checkpoints: usize,
    /// Steps between two sample grids; one stands before step 1, one at the end. 0: none.
    pub grid_every: usize,
    /// Steps between two rows of `scores.csv`, taken on the validation part; 0: none.
    pub score_every: usize,
    /// The classifier that scores are taken with; `None` for data without labels.
    pub classifier: Option<PathBuf>,
    /// The score by which the best checkpoint is told, and kept.
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
    /// Seeds, as `0,3-6`.
    #[serde(deserialize_with = "forms::text")]
    pub seeds: String,
    /// The one class to draw, by name or number; none: image i has class i mod classes.
    #[serde(deserialize_with = "forms::optional_text")]
    pub class: Option<String>,
    /// Also write every image as a PNG of its own.
    pub single_images: bool,
    /// Columns of the grid; 0: near square, or one per class.
    pub columns: usize,
    /// Take the averaged generator of a checkpoint (`train.ema`).
    pub ema: bool,
    /// Take the best checkpoint that the given one tells of (`train.best`).
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
    /// Seed of those images.
    pub seed: u64,
    /// Take the averaged generator of the checkpoint (`train.ema`).
    pub ema: bool,
    /// Take the best checkpoint that the given one tells of (`train.best`).
    pub best: bool,
    /// Bins of the discriminator histograms.
    pub histogram_bins: usize,
    /// The classifier whose features the metrics use; `None`: one is trained on labelled data, and
    /// data without labels get fixed random features.
    pub classifier: Option<PathBuf>,
    /// Passes over the training part when a classifier is trained.
    pub classifier_epochs: usize,
    /// Which kernels to compute with.
    pub kernels: KernelChoice,
    /// When to raise an alarm.
    #[serde(deserialize_with = "forms::empty_is_default")]
    pub alarms: Alarms,
}

/// Bounds of the alarms of an evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Alarms {
    /// The discriminator is saturated: its accuracy on training and generated images from here on.
    pub discriminator_saturated: f64,
    /// The generator is saturated: the mean probability of its images up to here.
    pub generator_saturated: f64,
    /// The discriminator knows its training images: training less test accuracy from here on.
    pub overfitting: f64,
    /// The generator has collapsed: a class's diversity, as a share of real images', up to here.
    pub collapse: f64,
    /// Training oscillates: how far the smoothed accuracy of the discriminator swings in the second
    /// half of the run, from here on.
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
            crop: Crop::Cover,
            crop_box: 108,
            filter: Filter::Bilinear,
            alpha: Alpha::Blend,
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
