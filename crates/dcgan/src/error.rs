//! What can go wrong in a network.

use dcgan_hints::Hint;

/// The crate's result.
pub type Result<T> = std::result::Result<T, Error>;

/// What can go wrong in a network. Shapes are outermost axis first.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A field of [`Config`](crate::Config), or a name, that no network can have.
    #[error("network setting `{key}` is `{got}`, expected {expected}")]
    Config {
        /// The field.
        key: &'static str,
        /// What it may be.
        expected: String,
        /// What it is.
        got: String,
    },
    /// Named arrays lack one that the network needs.
    #[error("array `{name}` is missing, expected shape {expected:?}")]
    Missing {
        /// Full name, as in the original's checkpoints.
        name: String,
        /// The shape that the network's configuration asks for.
        expected: Vec<usize>,
    },
    /// Named arrays hold one that the network doesn't know.
    #[error("array `{name}` of shape {got:?} does not belong to this network")]
    Unexpected {
        /// Full name.
        name: String,
        /// Its shape.
        got: Vec<usize>,
    },
    /// A named array has another shape, or another number of values than its shape says.
    #[error("array `{name}` has shape {got:?} and {n_values} values, expected shape {expected:?}")]
    Shape {
        /// Full name.
        name: String,
        /// The shape that the network's configuration asks for.
        expected: Vec<usize>,
        /// The shape found.
        got: Vec<usize>,
        /// The number of values found.
        n_values: usize,
    },
    /// What a file says of its network is not what this program knows.
    #[error("the file's metadata describes no network")]
    Metadata {
        /// The field, and what is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// An input of a forward pass or a conversion doesn't fit.
    #[error("input `{what}` has {got}, expected {expected}")]
    Input {
        /// Which input: `x`, `y`, `z`, `images`, `labels` ...
        what: &'static str,
        /// What fits.
        expected: String,
        /// What it was instead.
        got: String,
    },
    /// Batch norm in training mode needs at least two values per channel.
    #[error("batch norm `{layer}` got one value per channel, expected at least two")]
    BatchTooSmall {
        /// Full name of the batch norm.
        layer: String,
    },
    /// A weight has no gradient: the loss doesn't depend on it, or it was frozen.
    #[error("weight `{name}` has no gradient from this loss")]
    NoGradient {
        /// Full name of the weight.
        name: String,
    },
    /// A loss, gradient or weight is infinite or not a number.
    #[error("{what} `{name}` is not finite")]
    NonFinite {
        /// `loss`, `gradient of`, `weight`.
        what: &'static str,
        /// Which one.
        name: String,
    },
    /// A loss or a batch statistic is infinite or not a number, because something before it is.
    #[error("{what} `{name}` is not finite, and the first that is not is {origin}")]
    NonFiniteFrom {
        /// `loss`, `mean or variance of`.
        what: &'static str,
        /// Which one.
        name: String,
        /// A weight, or the layer whose output it is, with its full name.
        origin: String,
    },
    /// A tensor operation failed inside a layer.
    #[error("layer `{layer}` failed on shapes {shapes:?}")]
    Layer {
        /// Full name of the layer, or of the operation outside a layer.
        layer: String,
        /// Shapes of its operands.
        shapes: Vec<Vec<usize>>,
        /// The tensor library's error.
        #[source]
        source: Box<candle_core::Error>,
    },
}

impl Error {
    /// Whether training has diverged: a number is infinite or NaN.
    pub fn is_divergence(&self) -> bool {
        matches!(self, Self::NonFinite { .. } | Self::NonFiniteFrom { .. })
    }

    /// The error of a source of weights for the array `name`, which should have had this shape.
    pub(crate) fn of_builder(name: String, shape: &[usize], source: candle_core::Error) -> Self {
        use candle_core::Error as Candle;
        let expected = shape.to_vec();
        match source {
            Candle::CannotFindTensor { .. } => Self::Missing { name, expected },
            Candle::UnexpectedShape { got, .. } => Self::Shape {
                name,
                expected,
                n_values: got.elem_count(),
                got: got.into_dims(),
            },
            Candle::WithBacktrace { inner, .. }
            | Candle::WithPath { inner, .. }
            | Candle::Context { inner, .. } => Self::of_builder(name, shape, *inner),
            source => Self::Layer {
                layer: name,
                shapes: vec![expected],
                source: Box::new(source),
            },
        }
    }

    /// Names `layer` and the shapes of its operands in a tensor library's error.
    pub(crate) fn at<'a>(
        layer: &'a str,
        operands: &'a [&'a candle_core::Tensor],
    ) -> impl FnOnce(candle_core::Error) -> Self + 'a {
        move |source| Self::Layer {
            layer: layer.into(),
            shapes: operands
                .iter()
                .map(|operand| operand.dims().to_vec())
                .collect(),
            source: Box::new(source),
        }
    }
}

/// For candle's traits, whose methods return candle's errors.
impl From<Error> for candle_core::Error {
    fn from(error: Error) -> Self {
        Self::wrap(error)
    }
}

impl Hint for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Metadata { .. } => Some(
                "give the text of the key `dcgan` of a generator's, a discriminator's or a \
                 checkpoint's file"
                    .into(),
            ),
            Self::Missing { .. } | Self::Unexpected { .. } | Self::Shape { .. } => Some(
                "use a file written for the same kind of network, image size and widths".into(),
            ),
            Self::BatchTooSmall { .. } => Some("use a batch of at least 2".into()),
            Self::NonFinite { .. } | Self::NonFiniteFrom { .. } => {
                Some("continue from an earlier checkpoint, or lower `train.learning_rate`".into())
            }
            Self::Config { .. }
            | Self::Input { .. }
            | Self::NoGradient { .. }
            | Self::Layer { .. } => None,
        }
    }
}
