//! The command line's options.

use dcgan_terminal::CommonArgs;
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

    /// Folder of checkpoints to measure as well: a line each in checkpoints.csv, and the logits over the
    /// training. Without `--checkpoint` and `--samples` the newest is evaluated
    #[arg(long, value_name = "DIR")]
    pub checkpoints: Option<PathBuf>,

    /// Images from anywhere (samples.safetensors) in the place of the checkpoint's own
    #[arg(long, value_name = "FILE")]
    pub samples: Option<PathBuf>,

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
