//! What was typed.

use crate::Error;
use dcgan::ZDistribution;
use dcgan_stage::CommonArgs;
use std::fmt;
use std::path::PathBuf;

/// What a model is converted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Target {
    /// ONNX, for onnxruntime and others.
    Onnx,
    /// A page that draws in a browser.
    Page,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Onnx => "onnx",
            Self::Page => "page",
        })
    }
}

/// What a model is converted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ForeignFormat {
    /// A checkpoint of the original program, carpedm20/DCGAN-tensorflow.
    Tensorflow,
}

impl fmt::Display for ForeignFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tensorflow => "tensorflow",
        })
    }
}

/// A conversion, and the model that it reads.
pub(crate) enum Conversion {
    /// To files of another program.
    To(Target, PathBuf),
    /// From a checkpoint of another program.
    From(ForeignFormat, PathBuf),
}

/// Convert a trained model to or from the format of another program.
///
/// The generator is the one that `dcgan-sample` draws by, with `sample.best` and `sample.ema` as
/// there. A checkpoint has the discriminator too, which is converted with it. A model card for
/// Hugging Face is written next to the files.
///
///   dcgan-convert --to onnx --model runs/mnist/train/generator.safetensors --out onnx
///
/// A checkpoint of DCGAN-tensorflow, of any version of the program and of TensorFlow, becomes a
/// generator for `dcgan-sample` and a checkpoint for `dcgan-eval`.
///
///   dcgan-convert --from tensorflow --in checkpoint/DCGAN.model-5002 --out theirs
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
    pub to: Option<Target>,

    /// What to read
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        conflicts_with_all = ["to", "model", "half", "metrics", "name"]
    )]
    pub from: Option<ForeignFormat>,

    /// With `--to`: checkpoint or generator file
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,

    /// With `--from`: name of the checkpoint, without `.index`, `.meta` or `.data-..`
    #[arg(long = "in", id = "input", value_name = "PREFIX", requires = "from")]
    pub input: Option<PathBuf>,

    /// With `--from`: height and width of the images [default: the largest square that fits]
    #[arg(long, value_name = "HxW", value_parser = size, requires = "from")]
    pub size: Option<[usize; 2]>,

    /// With `--from`: distribution of z: `uniform`, `uniform_0_1` or `normal`
    #[arg(
        long,
        value_name = "NAME",
        default_value = "uniform",
        requires = "from"
    )]
    pub z_distribution: ZDistribution,

    /// With `--from`: golden file with the same networks, to compare with layer by layer
    #[arg(long, value_name = "GOLDEN", requires = "from")]
    pub report: Option<PathBuf>,

    /// Store weights in half precision, half the size; computed with in float32
    #[arg(long)]
    pub half: bool,

    /// Write the page as one file
    #[arg(long)]
    pub single: bool,

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
    /// The conversion that was asked for.
    pub(crate) fn conversion(&self) -> Result<Conversion, Error> {
        match (self.from, &self.input, self.to, &self.model) {
            (Some(from), Some(prefix), ..) => Ok(Conversion::From(from, prefix.clone())),
            (None, _, Some(to), Some(model)) => Ok(Conversion::To(to, model.clone())),
            _ => Err(Error::NoConversion),
        }
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

/// Height and width, such as `48x64`.
fn size(text: &str) -> Result<[usize; 2], String> {
    let sides = text
        .split_once('x')
        .map(|(height, width)| [height.parse(), width.parse()]);
    match sides {
        Some([Ok(height), Ok(width)]) => Ok([height, width]),
        _ => Err("expected height and width in pixels, such as 48x64".into()),
    }
}
