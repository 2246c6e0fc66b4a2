//! Errors of evaluations.

use dcgan_hints::Hint;
use std::path::PathBuf;

/// Inputs that do not fit together, or an output that cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Images of another size than the dataset's.
    #[error(
        "`{}` has images of {}, expected {} as in the dataset `{}`",
        path.display(), size(*got), size(*expected), dataset.display()
    )]
    Size {
        /// The checkpoint or samples file.
        path: PathBuf,
        /// The dataset.
        dataset: PathBuf,
        /// The dataset's height, width, channels.
        expected: [usize; 3],
        /// Height, width, channels of the file's images.
        got: [usize; 3],
    },
    /// Only one of two files has labels.
    #[error(
        "`{}` {}, but `{}` {}",
        path.display(), has(*labelled), other.display(), has(!*labelled)
    )]
    Labels {
        /// The first file.
        path: PathBuf,
        /// Whether it has labels.
        labelled: bool,
        /// The other file.
        other: PathBuf,
    },
    /// Classes that differ from the dataset's.
    #[error(
        "`{}` has the classes {got:?}, expected {expected:?} as in the dataset `{}`",
        path.display(), dataset.display()
    )]
    Classes {
        /// The checkpoint.
        path: PathBuf,
        /// The dataset.
        dataset: PathBuf,
        /// The dataset's class names.
        expected: Vec<String>,
        /// The checkpoint's class names.
        got: Vec<String>,
    },
    /// The checkpoint and the dataset have no trained class in common.
    #[error(
        "`{}` was not trained on any class that has training images in `{}`",
        path.display(), dataset.display()
    )]
    NoSharedClass {
        /// The checkpoint.
        path: PathBuf,
        /// The dataset.
        dataset: PathBuf,
    },
    /// A classifier cannot be trained without labels.
    #[error("`{}` has no labels, expected a dataset with classes", path.display())]
    Unlabelled {
        /// The dataset.
        path: PathBuf,
    },
    /// A label beyond the dataset's classes.
    #[error(
        "image {index} of `{}` has label {got}, expected one below {expected}, the number of \
         classes in the dataset `{}`",
        path.display(), dataset.display()
    )]
    Label {
        /// The samples file.
        path: PathBuf,
        /// The dataset.
        dataset: PathBuf,
        /// Position of the first such image.
        index: usize,
        /// The dataset's number of classes.
        expected: usize,
        /// The label.
        got: u8,
    },
    /// A table of classes for samples that are not a folder.
    #[error("`{}` is a file, expected a folder of pictures with `--samples-labels`", path.display())]
    LabelsOfFile {
        /// The file of samples.
        path: PathBuf,
    },
    /// An invalid table of classes.
    #[error(transparent)]
    LabelTable(#[from] dcgan_pictures::LabelsError),
    /// A folder of pictures, or one of them, cannot be read.
    #[error("cannot read `{}`", path.display())]
    Pictures {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A picture that cannot be decoded.
    #[error("`{}` can't be used", path.display())]
    Unusable {
        /// The picture.
        path: PathBuf,
        /// Why.
        #[source]
        source: dcgan_pictures::Refusal,
    },
    /// A picture of another size than the dataset's images.
    #[error(
        "`{}` has {}x{} pixels, expected {}x{} as in the dataset `{}`",
        path.display(), got[0], got[1], expected[0], expected[1], dataset.display()
    )]
    PictureSize {
        /// The picture.
        path: PathBuf,
        /// The dataset.
        dataset: PathBuf,
        /// The dataset's height and width.
        expected: [usize; 2],
        /// The picture's height and width.
        got: [usize; 2],
    },
    /// A coloured picture with a grey dataset.
    #[error("`{}` is coloured, expected grey as in the dataset `{}`", path.display(), dataset.display())]
    Coloured {
        /// The picture.
        path: PathBuf,
        /// The dataset.
        dataset: PathBuf,
    },
    /// A picture without a class among others that have one.
    #[error(
        "`{}` has no class: expected {}", path.display(),
        table.as_ref().map_or_else(
            || "every picture in a folder of its class, or none".to_owned(),
            |table| format!("a row in `{}`", table.display())
        )
    )]
    NoClass {
        /// The picture.
        path: PathBuf,
        /// The table of classes, if there is one.
        table: Option<PathBuf>,
    },
    /// A class of a picture that the dataset does not have.
    #[error(
        "`{}` has the class `{class}`, expected one of {expected:?} as in the dataset `{}`",
        path.display(), dataset.display()
    )]
    UnknownClass {
        /// The folder or table that names it.
        path: PathBuf,
        /// The class.
        class: String,
        /// The dataset.
        dataset: PathBuf,
        /// The dataset's class names.
        expected: Vec<String>,
    },
    /// Samples without images.
    #[error("{what} has 0 images, expected at least 1")]
    NoImagesIn {
        /// The samples.
        what: String,
    },
    /// Neither a checkpoint nor samples were given.
    #[error("no images to evaluate: expected `--checkpoint` or `--samples`, got neither")]
    NoImages,
    /// A measure rejected its values.
    #[error("the discriminator of `{}` cannot be measured", path.display())]
    Measure {
        /// The checkpoint.
        path: PathBuf,
        /// Which value, and why.
        #[source]
        source: dcgan_metrics::Error,
    },
    /// A classifier's arrays do not fit its network.
    #[error("the classifier `{}` cannot be built", path.display())]
    Classifier {
        /// Its file.
        path: PathBuf,
        /// Which array, and why.
        #[source]
        source: dcgan_metrics::Error,
    },
    /// A folder without checkpoints.
    #[error(
        "`{}` {}, expected files `step-NNNNNNNN.safetensors`", folder.display(),
        if *exists { "has no checkpoints" } else { "does not exist" }
    )]
    NoCheckpoints {
        /// The folder.
        folder: PathBuf,
        /// Whether there is such a folder.
        exists: bool,
    },
    /// A folder without grids.
    #[error("`{}` has no grids, expected files `step-NNNNNNNN.png`", folder.display())]
    NoGrids {
        /// The folder.
        folder: PathBuf,
    },
    /// A grid or its folder cannot be read.
    #[error("cannot read `{}`", path.display())]
    Grids {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A grid is not a PNG picture.
    #[error("cannot decode `{}`", path.display())]
    Grid {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: dcgan_figures::Error,
    },
    /// Grids of different sizes.
    #[error(
        "`{}` has another size than `{}`, expected grids of one training",
        path.display(), first.display()
    )]
    OtherGrid {
        /// The grid.
        path: PathBuf,
        /// The first one.
        first: PathBuf,
    },
    /// A run without an evaluation.
    #[error("the run `{}` is not evaluated, expected `eval/metrics.json` and `eval/manifest.json`", path.display())]
    NotEvaluated {
        /// The run's folder.
        path: PathBuf,
    },
    /// Figures that were changed after the evaluation.
    #[error("`{}` does not match its manifest: it was changed or damaged", path.display())]
    ChangedMetrics {
        /// The file.
        path: PathBuf,
    },
    /// A weight that is infinite or NaN.
    #[error("value {index} of `{array}` in `{}` is {got}, expected a finite number", path.display())]
    NotFinite {
        /// The checkpoint or classifier.
        path: PathBuf,
        /// The array.
        array: String,
        /// Position of its first such value.
        index: usize,
        /// The value.
        got: f32,
    },
    /// A picture could not be made.
    #[error("cannot draw `{name}`")]
    Picture {
        /// The file.
        name: &'static str,
        /// Why.
        #[source]
        source: dcgan_figures::Error,
    },
}

fn size([height, width, channels]: [usize; 3]) -> String {
    format!("{height}x{width}x{channels}")
}

fn has(labelled: bool) -> &'static str {
    if labelled {
        "has labels"
    } else {
        "has no labels"
    }
}

impl Hint for Error {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Size { .. } => {
                "give a dataset of these images' size, for a network the one that it was \
                 trained on; leave a classifier of another size out, or set \
                 `eval.classifier=null`; samples and checkpoint need one size"
                    .into()
            }
            Self::Classes { .. } | Self::NoSharedClass { .. } => {
                "give the dataset that the network was trained on; `dcgan-eval classifier` \
                 makes a classifier of it, or leave `--classifier` out and set \
                 `eval.classifier=null`".into()
            }
            Self::Labels { .. } => {
                "a labelled network needs a dataset and samples with labels, and samples with \
                 labels need a dataset with the same classes"
                    .into()
            }
            Self::Unlabelled { .. } => {
                "give a dataset with labels; without them `dcgan-eval` uses fixed random features"
                    .into()
            }
            Self::LabelsOfFile { .. } => {
                "leave `--samples-labels` out; an .npz may have an array `labels`".into()
            }
            Self::LabelTable(source) => return source.hint(),
            Self::Pictures { .. } => "check the path and its permissions".into(),
            Self::Unusable { source, .. } => return source.hint(),
            Self::PictureSize { .. } => {
                "give pictures of the dataset's size: resizing them here would change the figures".into()
            }
            Self::Coloured { .. } => "give grey pictures, or a dataset with colours".into(),
            Self::NoClass { table: None, .. } => {
                "name the class of each with `--samples-labels`, or move all directly into \
                 the folder `--samples`".into()
            }
            Self::NoClass { .. } => "add the row, or remove the picture".into(),
            Self::UnknownClass { .. } => {
                "use the dataset's names of classes everywhere, or everywhere their numbers \
                 from 0".into()
            }
            Self::Label { .. } => "give samples of the dataset's own classes".into(),
            Self::NoImagesIn { .. } => "give a file or a folder with images of the dataset's classes in it".into(),
            Self::NoImages => "`make train` makes checkpoints, `make sample` makes samples".into(),
            Self::Measure { source, .. } => return source.hint(),
            Self::Classifier { .. } => "`dcgan-eval classifier` makes another one".into(),
            Self::NoCheckpoints { .. } => {
                "give the folder `train/checkpoints` of a run; `make train` makes checkpoints".into()
            }
            Self::NoGrids { .. }
            | Self::Grids { .. }
            | Self::Grid { .. }
            | Self::OtherGrid { .. } => {
                "give the folder `train/samples` of a run, or leave `--grids` out".into()
            }
            Self::NotEvaluated { .. } | Self::ChangedMetrics { .. } => {
                "give the folder of a run; `make eval RUN=... PIPELINE=...` evaluates it \
                 with its pipeline".into()
            }
            Self::NotFinite { .. } => {
                "the training that made it has diverged: take an earlier checkpoint, or another file"
                    .into()
            }
            Self::Picture { source, .. } => return source.hint(),
        })
    }
}
