//! The command line's options.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use dcgan_artifacts::ValueRange;
use dcgan_stage::CommonArgs;
use std::path::PathBuf;

/// Evaluate a generator: is it good, is it diverse, does it copy, which classes are weak, what does
/// the discriminator think, and how sure is each figure.
///
/// With `--checkpoint` the images are drawn from its generator. With `--samples` they come from
/// that file; the discriminator's figures then need `--checkpoint` as well, whose discriminator
/// judges them, and are left out without it.
#[derive(Debug, Clone, clap::Parser)]
#[command(name = "dcgan-eval", version)]
pub struct Args {
    /// Dataset whose training and test images are the measure (dataset.safetensors)
    #[arg(long, value_name = "FILE")]
    pub dataset: PathBuf,

    /// Checkpoint of dcgan-train: its generator draws the images, its discriminator judges them
    #[arg(long, value_name = "FILE", required_unless_present_any = ["samples", "checkpoints"])]
    pub checkpoint: Option<PathBuf>,

    /// Folder of checkpoints to measure as well: a line each in checkpoints.csv, and the logits
    /// over the training. Without `--checkpoint` and `--samples` the newest is evaluated
    #[arg(long, value_name = "DIR")]
    pub checkpoints: Option<PathBuf>,

    /// Images from anywhere in the place of the checkpoint's own: samples.safetensors, any
    /// safetensors, .npz or .npy file of images, or a folder of pictures, in sub-folders of their
    /// classes or without
    #[arg(long, value_name = "PATH")]
    pub samples: Option<PathBuf>,

    /// Classes of the pictures of a folder of `--samples`: a CSV table of file and class
    #[arg(long, value_name = "FILE", requires = "samples")]
    pub samples_labels: Option<PathBuf>,

    /// Which values of `--samples` are black and white, where they are floats: unit for 0 and 1,
    /// signed for -1 and 1, bytes for 0 and 255; what lies outside is cut off [default: told by the
    /// values]
    #[arg(long, value_name = "RANGE", requires = "samples", hide_possible_values = true,
        value_parser = range_parser())]
    pub samples_range: Option<ValueRange>,

    /// Classifier whose features the metrics use [default: `eval.classifier`, else one is trained]
    #[arg(long, value_name = "FILE")]
    pub classifier: Option<PathBuf>,

    /// The run's metrics.csv: its curves in the report, and the alarm of oscillation
    #[arg(long, value_name = "FILE")]
    pub metrics: Option<PathBuf>,

    /// The run's histograms.csv: D(x) and D(G(z)) over the training in the report
    #[arg(long, value_name = "FILE")]
    pub histograms: Option<PathBuf>,

    /// The run's scores.csv: its curves in the report, the best checkpoint marked
    #[arg(long, value_name = "FILE")]
    pub scores: Option<PathBuf>,

    /// The run's run.json: the settings of the training in the report
    #[arg(long, value_name = "FILE")]
    pub run: Option<PathBuf>,

    /// The run's timing.csv: timing.html beside the report
    #[arg(long, value_name = "FILE")]
    pub timing: Option<PathBuf>,

    /// Folder of the run's grids (step-NNNNNNNN.png): the film of the training in the report
    #[arg(long, value_name = "DIR")]
    pub grids: Option<PathBuf>,

    /// The options of every stage.
    #[command(flatten)]
    pub common: CommonArgs,
}

/// Train the classifier whose features the metrics use, on the training part alone.
///
/// `eval.classifier_epochs` says how long; the seed is `eval.seed`. Writes classifier.safetensors.
#[derive(Debug, Clone, clap::Args)]
pub struct ClassifierArgs {
    /// Dataset with labels (dataset.safetensors)
    #[arg(long, value_name = "FILE")]
    pub dataset: PathBuf,

    /// The options of every stage.
    #[command(flatten)]
    pub common: CommonArgs,
}

/// A range by its name.
fn range_parser() -> impl TypedValueParser<Value = ValueRange> {
    let names = PossibleValuesParser::new(ValueRange::ALL.map(ValueRange::name));
    names.map(|name| {
        let of_name = |range: &ValueRange| range.name() == name;
        ValueRange::ALL
            .into_iter()
            .find(of_name)
            .unwrap_or(ValueRange::Unit)
    })
}
