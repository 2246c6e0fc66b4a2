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
    /// State dicts for the modules of `python/dcgan_torch.py`.
    Torch,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Onnx => "onnx",
            Self::Page => "page",
            Self::Torch => "torch",
        })
    }
}

/// What a model is converted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ForeignFormat {
    /// A checkpoint of the original program, carpedm20/DCGAN-tensorflow.
    Tensorflow,
    /// State dicts of the modules of `python/dcgan_torch.py`.
    Torch,
}

impl fmt::Display for ForeignFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tensorflow => "tensorflow",
            Self::Torch => "torch",
        })
    }
}

/// A conversion, and the model that it reads.
pub(crate) enum Conversion {
    /// To files of another program.
    To(Target, PathBuf),
    /// From a checkpoint of TensorFlow.
    FromTensorflow(PathBuf),
    /// From state dicts of PyTorch.
    FromTorch,
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
///
/// State dicts of PyTorch are written by `--to torch`, and read by `--from torch`.
///
///   dcgan-convert --from torch --in torch/generator-torch.safetensors --out mine
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
        conflicts_with_all = ["to", "model", "half", "single", "metrics", "name"]
    )]
    pub from: Option<ForeignFormat>,

    /// With `--to`: checkpoint or generator file
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,

    /// With `--from`: name of the checkpoint, without `.index`, `.meta` or `.data-..`; or a state
    /// dict, which may be given again for the other network
    #[arg(long = "in", id = "input", value_name = "PREFIX", requires = "from")]
    pub input: Vec<PathBuf>,

    /// With `--from torch`: the networks' description [default: `config.json` next to `--in`]
    #[arg(long, value_name = "FILE", requires = "from")]
    pub config: Option<PathBuf>,

    /// With `--from`: height and width of the images [default: the largest square that fits]
    #[arg(long, value_name = "HxW", value_parser = size, requires = "from")]
    pub size: Option<[usize; 2]>,

    /// With `--from`: distribution of z: `uniform_0_1` or `normal` [default: `uniform`]
    #[arg(long, value_name = "NAME", requires = "from")]
    pub z_distribution: Option<ZDistribution>,

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
        self.check()?;
        match (self.from, self.input.as_slice(), self.to, &self.model) {
            (Some(ForeignFormat::Tensorflow), [prefix], ..) => {
                Ok(Conversion::FromTensorflow(prefix.clone()))
            }
            (Some(ForeignFormat::Torch), [_, ..], ..) => Ok(Conversion::FromTorch),
            (None, _, Some(to), Some(model)) => Ok(Conversion::To(to, model.clone())),
            _ => Err(Error::NoConversion),
        }
    }

    /// Refuses options that the format would not heed.
    fn check(&self) -> Result<(), Error> {
        let given = match (self.to, self.from) {
            (Some(to), _) => format!("--to {to}"),
            (None, Some(from)) => format!("--from {from}"),
            (None, None) => return Ok(()),
        };
        let options: [(&'static str, bool, &'static str); 4] = [
            ("--config", self.config.is_some(), "--from torch"),
            ("--size", self.size.is_some(), "--from tensorflow"),
            (
                "--z-distribution",
                self.z_distribution.is_some(),
                "--from tensorflow",
            ),
            ("--report", self.report.is_some(), "--from tensorflow"),
        ];
        for (option, is_given, heeded_by) in options {
            if is_given && heeded_by != given {
                return Err(Error::Unheeded {
                    option,
                    given,
                    heeded_by,
                });
            }
        }
        Ok(())
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
