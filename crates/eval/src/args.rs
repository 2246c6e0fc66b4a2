//! The command line.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use dcgan_artifacts::ValueRange;
use dcgan_stage::CommonArgs;
use std::path::PathBuf;

/// Evaluate a generator: quality, diversity, copying, weak classes and the discriminator's output,
/// with confidence intervals.
///
/// With `--checkpoint` its generator draws the images. With `--samples` they come from that file;
/// the discriminator's figures then need `--checkpoint` too, for its discriminator, and are left
/// out without it.
#[derive(Debug, Clone, clap::Parser)]
#[command(name = "dcgan-eval", version)]
pub struct Args {
    /// Dataset with the real images to compare with (dataset.safetensors)
    #[arg(long, value_name = "FILE")]
    pub dataset: PathBuf,

    /// Checkpoint of dcgan-train: its generator draws the images, its discriminator rates them
    #[arg(long, value_name = "FILE", required_unless_present_any = ["samples", "checkpoints"])]
    pub checkpoint: Option<PathBuf>,

    /// Folder of checkpoints to measure too: a row each in checkpoints.csv, and the logits over the
    /// training. Without `--checkpoint` and `--samples` the newest is evaluated
    #[arg(long, value_name = "DIR")]
    pub checkpoints: Option<PathBuf>,

    /// Images to evaluate instead of a checkpoint's: samples.safetensors, any safetensors, .npz or
    /// .npy file of images, or a folder of pictures, with or without sub-folders for classes
    #[arg(long, value_name = "PATH")]
    pub samples: Option<PathBuf>,

    /// Classes of the pictures in the folder `--samples`: a CSV table of file and class
    #[arg(long, value_name = "FILE", requires = "samples")]
    pub samples_labels: Option<PathBuf>,

    /// Black and white of `--samples` with float values: unit for 0 and 1, signed for -1 and 1,
    /// bytes for 0 and 255; values outside are clamped [default: inferred from the values]
    #[arg(long, value_name = "RANGE", requires = "samples", hide_possible_values = true,
        value_parser = range_parser())]
    pub samples_range: Option<ValueRange>,

    /// Classifier whose features the metrics use [default: `eval.classifier`, or a newly trained
    /// one]
    #[arg(long, value_name = "FILE")]
    pub classifier: Option<PathBuf>,

    /// The run's metrics.csv: curves in the report, and the alarm for oscillation
    #[arg(long, value_name = "FILE")]
    pub metrics: Option<PathBuf>,

    /// The run's histograms.csv: D(x) and D(G(z)) over the training in the report
    #[arg(long, value_name = "FILE")]
    pub histograms: Option<PathBuf>,

    /// The run's scores.csv: curves in the report, with the best checkpoint marked
    #[arg(long, value_name = "FILE")]
    pub scores: Option<PathBuf>,

    /// The run's run.json: the settings of the training in the report
    #[arg(long, value_name = "FILE")]
    pub run: Option<PathBuf>,

    /// The run's timing.csv: timing.html next to the report
    #[arg(long, value_name = "FILE")]
    pub timing: Option<PathBuf>,

    /// Folder of the run's grids (step-NNNNNNNN.png): the film of the training in the report
    #[arg(long, value_name = "DIR")]
    pub grids: Option<PathBuf>,

    /// The options of every stage.
    #[command(flatten)]
    pub common: CommonArgs,
}

/// Train the classifier whose features the metrics use, on the training part only.
///
/// Trains for `eval.classifier_epochs` epochs with the seed `eval.seed`. Writes
/// classifier.safetensors.
#[derive(Debug, Clone, clap::Args)]
pub struct ClassifierArgs {
    /// Dataset with labels (dataset.safetensors)
    #[arg(long, value_name = "FILE")]
    pub dataset: PathBuf,

    /// The options of every stage.
    #[command(flatten)]
    pub common: CommonArgs,
}

/// Parses a range by its name.
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
