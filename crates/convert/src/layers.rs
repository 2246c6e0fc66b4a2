//! The layers of a network in their order, as its weights name them.

use crate::error::model_failure;
use crate::layout::Array;
use dcgan::{Arrays, Discriminator, Generator, Parameters};
use dcgan_stage::Failure;

/// A layer with weights, and the batch norm behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layer {
    /// Full name, such as `generator/g_h2`.
    pub(crate) name: String,
    /// Whether it is fully connected; otherwise it is a convolution, transposed in a generator.
    pub(crate) is_dense: bool,
    /// Full name of its batch norm, such as `generator/g_bn2`.
    pub(crate) norm: Option<String>,
}

impl Layer {
    /// Full names of weight and bias.
    pub(crate) fn weights(&self) -> [String; 2] {
        let names = if self.is_dense {
            ["Matrix", "bias"]
        } else {
            ["w", "biases"]
        };
        names.map(|name| format!("{}/{name}", self.name))
    }

    /// Name without the network's.
    pub(crate) fn short_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }
}

/// The layers of the network with these weights.
pub(crate) fn layers(parameters: &Parameters) -> Vec<Layer> {
    let mut layers: Vec<Layer> = Vec::new();
    for parameter in parameters {
        let Some((name, weight)) = parameter.name.rsplit_once('/') else {
            continue;
        };
        match (weight, layers.last_mut()) {
            ("Matrix" | "w", _) => layers.push(Layer {
                name: name.to_owned(),
                is_dense: weight == "Matrix",
                norm: None,
            }),
            ("gamma", Some(layer)) => layer.norm = Some(name.to_owned()),
            _ => {}
        }
    }
    layers
}

/// The weights of a network, of which each layer takes its own.
pub(crate) struct Weights(Arrays);

impl Weights {
    /// The weights of a generator with batch norm folded in.
    ///
    /// # Errors
    /// [`Failure::Input`] if the folded weights can't be computed.
    pub(crate) fn folded(generator: &Generator) -> Result<Self, Failure> {
        Self::new(generator.fold().and_then(|folded| folded.arrays()))
    }

    /// The weights of a discriminator.
    ///
    /// # Errors
    /// [`Failure::Input`] if they can't be read.
    pub(crate) fn of_discriminator(discriminator: &Discriminator) -> Result<Self, Failure> {
        Self::new(discriminator.arrays())
    }

    fn new(arrays: dcgan::Result<Arrays>) -> Result<Self, Failure> {
        arrays
            .map(Self)
            .map_err(|error| model_failure(error.into()))
    }

    /// The array `name`, which a network that was built from these arrays has.
    pub(crate) fn take(&mut self, name: &str) -> Array {
        self.0
            .remove(name)
            .expect("a network has the arrays of its layers")
    }

    /// Weight and bias of a layer.
    pub(crate) fn of(&mut self, layer: &Layer) -> [Array; 2] {
        layer.weights().map(|name| self.take(&name))
    }
}
