//! What was typed.

use dcgan_artifacts::best_checkpoint;
use dcgan_settings::Sample;
use dcgan_stage::{CommonArgs, Failure};
use std::fmt;
use std::path::PathBuf;

/// What a model is converted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Target {
    /// ONNX, for onnxruntime and others.
    Onnx,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Onnx => "onnx",
        })
    }
}

/// Convert a trained model to the format of another program.
///
/// The generator is the one that `dcgan-sample` draws by, with `sample.best` and `sample.ema` as
/// there. A checkpoint has the discriminator too, which is converted with it. A model card for
/// Hugging Face is written next to the files.
///
///   dcgan-convert --to onnx --model runs/mnist/train/generator.safetensors --out onnx
#[derive(Debug, Clone, clap::Parser)]
#[command(
    name = "dcgan-convert",
    version,
    help_expected = true,
    verbatim_doc_comment
)]
pub struct Args {
    /// What to write
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub to: Target,

    /// Checkpoint or generator file
    #[arg(long, value_name = "FILE")]
    pub model: PathBuf,

    /// Store weights in half precision, half the size; computed with in float32
    #[arg(long)]
    pub half: bool,

    /// `metrics.json` of an evaluation of this model, whose figures the model card gets
    #[arg(long, value_name = "FILE")]
    pub metrics: Option<PathBuf>,

    /// Name of the model in its card [default: `prepare.name` of the pipeline, or `dcgan`]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// The options that every stage has.
    #[command(flatten)]
    pub common: CommonArgs,
}

impl Args {
    /// The model's file: the one that was given, or the best checkpoint that it records.
    pub(crate) fn model(&self, sample: &Sample) -> Result<PathBuf, Failure> {
        if sample.best {
            return Ok(best_checkpoint(&self.model)?);
        }
        Ok(self.model.clone())
    }

    /// What the card calls the model. The default pipeline is MNIST's, which says nothing here.
    pub(crate) fn card_name(&self, of_pipeline: &str) -> String {
        match (&self.name, &self.common.pipeline) {
            (Some(name), _) => name.clone(),
            (None, Some(_)) => of_pipeline.to_owned(),
            (None, None) => "dcgan".into(),
        }
    }
}
