//! A small convolutional classifier, whose hidden layer gives the features that generators are
//! measured by.
//!
//! Features of a network trained on the very kind of images are to the point where those of one
//! trained on photographs are not (Barratt & Sharma, "A Note on the Inception Score", 2018; Naeem
//! et al. 2020, section 5). It is trained on the training part only.

mod config;
mod layers;
mod training;

use crate::error::Error;
use candle_core::{Device, Result, Tensor, Var};
use config::BATCH;
use dcgan::{Backend, values};
use layers::{Layers, fresh, stored};

pub use config::{ClassifierConfig, FEATURES};
pub use dcgan::Arrays;

/// A result of the classifier's own layers on tensors of its own shapes.
fn fits<T, E: std::fmt::Debug>(result: std::result::Result<T, E>) -> T {
    result.expect("tensors of the classifier's own shapes fit its own layers on the CPU")
}

/// What the classifier says of a set of images.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// `[n, classes]`.
    pub logits: Vec<f32>,
    /// The hidden layer behind its activation, `[n, FEATURES]`.
    pub features: Vec<f32>,
}

/// Two 5x5 convolutions of stride 2 and two linear layers; batch norm and `ReLU` behind all but the
/// last: `x -> 32 -> 64 -> 128 features -> classes`. Pixels enter as `x / 127.5 - 1`.
#[derive(Debug)]
pub struct Classifier {
    config: ClassifierConfig,
    layers: Layers,
    backend: Backend,
}

impl Classifier {
    /// Images in a training batch.
    pub const BATCH_SIZE: usize = BATCH;
    /// The layers in words.
    pub const ARCHITECTURE: &str = "5x5 convolution /2 to 32, 5x5 convolution /2 to 64, linear to 128, linear to \
                                    classes; batch norm and ReLU behind all but the last";
    /// How it is trained, in words.
    pub const RECIPE: &str =
        "Adam, 2e-3 falling linearly to 0, batches of 64, images moved by up to 2 pixels";

    /// Fresh weights: normal with variance 2 / inputs (He et al., "Delving Deep into Rectifiers",
    /// 2015, equation 10); weight i is drawn from stream i of the seed.
    pub fn init(config: ClassifierConfig, seed: u64) -> Self {
        Self::of(config, Layers::new(&config, &fresh(seed)))
    }

    fn of(config: ClassifierConfig, layers: Result<Layers>) -> Self {
        Self {
            config,
            layers: fits(layers),
            backend: Backend::default(),
        }
    }

    /// The same classifier with its operations by `backend`.
    #[must_use]
    pub fn with_backend(self, backend: Backend) -> Self {
        Self { backend, ..self }
    }

    /// The classifier of these arrays, as [`Classifier::arrays`] gives them.
    ///
    /// # Errors
    /// [`Error::Length`] names an array that is missing (0 values) or of another size;
    /// [`Error::NotFinite`] one with an infinite or undefined value.
    pub fn from_arrays(
        config: ClassifierConfig,
        arrays: &Arrays,
    ) -> std::result::Result<Self, Error> {
        for (name, shape) in config.shapes() {
            let expected = shape.iter().product();
            let values = arrays.get(name).map_or(&[][..], |(_, values)| values);
            if values.len() != expected {
                return Err(Error::Length {
                    array: name,
                    expected,
                    got: values.len(),
                });
            }
            crate::error::check_finite(name, values)?;
        }
        Ok(Self::of(config, Layers::new(&config, &stored(arrays))))
    }

    /// What it is for.
    pub fn config(&self) -> &ClassifierConfig {
        &self.config
    }

    /// Copies of all weights and moving averages.
    pub fn arrays(&self) -> Arrays {
        let array = |(name, var): (String, &Var)| (name, (var.dims().to_vec(), fits(values(var))));
        self.layers.vars().into_iter().map(array).collect()
    }

    /// The variables that training changes, moving averages aside.
    fn trained(&self) -> Vec<Var> {
        let vars = self.layers.vars().into_iter();
        let trained = vars.filter(|(name, _)| !name.contains("moving"));
        trained.map(|(_, var)| var.clone()).collect()
    }

    /// Logits and features of images `[n, h, w, c]`, with the moving averages: each depends on its
    /// image alone. Runs blocks of 64, the last one padded and cut.
    ///
    /// # Errors
    /// [`Error::Length`] when the last image is incomplete.
    pub fn read(&self, images: &[u8]) -> std::result::Result<Reading, Error> {
        let size = self.config.image_bytes();
        let n = images.len() / size;
        if n * size != images.len() {
            return Err(Error::Length {
                array: "images",
                expected: n * size,
                got: images.len(),
            });
        }
        let mut reading = Reading::default();
        for block in images.chunks(BATCH * size) {
            let mut pixels = block.to_vec();
            pixels.resize(BATCH * size, 0);
            let run = || {
                let (features, logits) = self.layers.infer(&self.tensor(&pixels)?, self.backend)?;
                Ok::<_, candle_core::Error>([features, logits].map(|t| t.flatten_all()?.to_vec1()))
            };
            let [features, logits] = fits(run()).map(fits);
            let rows = block.len() / size;
            reading
                .features
                .extend_from_slice(&features[..rows * FEATURES]);
            reading
                .logits
                .extend_from_slice(&logits[..rows * self.config.classes]);
        }
        Ok(reading)
    }

    /// `[BATCH, h, w, c]` in `[-1, 1]`.
    fn tensor(&self, pixels: &[u8]) -> Result<Tensor> {
        let ClassifierConfig {
            height,
            width,
            channels,
            ..
        } = self.config;
        let values: Vec<f32> = pixels.iter().map(|&p| f32::from(p) / 127.5 - 1.0).collect();
        Tensor::from_vec(values, (BATCH, height, width, channels), &Device::Cpu)
    }
}
