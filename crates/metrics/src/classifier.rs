//! A small convolutional classifier. Its hidden layer gives the features for measuring generators.
//!
//! Features of a network trained on the same kind of images are meaningful where those of a network
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

/// Unwraps a result of the classifier's layers, which cannot fail on tensors of its own shapes.
fn fits<T, E: std::fmt::Debug>(result: std::result::Result<T, E>) -> T {
    result.expect("tensors of the classifier's own shapes fit its own layers on the CPU")
}

/// The classifier's output for a set of images.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// `[n, classes]`.
    pub logits: Vec<f32>,
    /// The hidden layer after its activation, `[n, FEATURES]`.
    pub features: Vec<f32>,
}

/// Two 5x5 convolutions of stride 2 and two linear layers, with batch norm and `ReLU` after all but
/// the last: `x -> 32 -> 64 -> 128 features -> classes`. The input is `pixel / 127.5 - 1`.
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
    /// The training in words.
    pub const RECIPE: &str =
        "Adam, 2e-3 falling linearly to 0, batches of 64, images moved by up to 2 pixels";

    /// Initial weights: normal with variance 2 / inputs (He et al., "Delving Deep into Rectifiers",
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

    /// Sets the backend of the operations.
    #[must_use]
    pub fn with_backend(self, backend: Backend) -> Self {
        Self { backend, ..self }
    }

    /// Builds a classifier from arrays like those of [`Classifier::arrays`].
    ///
    /// # Errors
    /// [`Error::Length`] names an array that is missing (0 values) or has another size,
    /// [`Error::NotFinite`] one with an infinite or NaN value.
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

    /// The sizes of its images and the number of classes.
    pub fn config(&self) -> &ClassifierConfig {
        &self.config
    }

    /// Copies of all weights and moving averages.
    pub fn arrays(&self) -> Arrays {
        let array = |(name, var): (String, &Var)| (name, (var.dims().to_vec(), fits(values(var))));
        self.layers.vars().into_iter().map(array).collect()
    }

    /// The variables that the optimiser changes: all but the moving averages.
    fn trained(&self) -> Vec<Var> {
        let vars = self.layers.vars().into_iter();
        let trained = vars.filter(|(name, _)| !name.contains("moving"));
        trained.map(|(_, var)| var.clone()).collect()
    }

    /// Logits and features of images `[n, h, w, c]` in inference mode, so each depends on its image
    /// only. Runs blocks of 64; the last one is padded.
    ///
    /// # Errors
    /// [`Error::Length`] if the last image is incomplete.
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
