//! A small convolutional classifier, whose hidden layer gives the features that generators are
//! measured by.
//!
//! Features of a network trained on the very kind of images are to the point where those of one
//! trained on photographs are not (Barratt & Sharma, "A Note on the Inception Score", 2018; Naeem
//! et al. 2020, section 5). It is trained on the training part only.

use crate::error::{Error, check_count};
use candle_core::{DType, Device, Result, Tensor, Var};
use dcgan_kernels::{
    Activation, AdamConfig, Geometry, adam_update, batch_norm, batch_norm_inference, conv2d, linear,
};
use dcgan_random::{Purpose, Stream};
use std::collections::BTreeMap;

/// Numbers in a feature vector.
pub const FEATURES: usize = 128;
/// Filters of the two convolutions.
const FILTERS: [usize; 2] = [32, 64];
/// Images in a training batch, and in a block of inference.
const BATCH: usize = 64;
/// Added to the variance in batch norm.
const EPSILON: f64 = 1e-5;
/// Share of a moving average that a step leaves as it is.
const DECAY: f32 = 0.99;
/// Pixels by which a training image is moved at most, in either direction.
const SHIFT: u32 = 2;
/// The learning rate at the first step; it falls linearly to 0 at the last.
const LEARNING_RATE: f32 = 2e-3;
/// Streams of weights come before those of batch orders.
const FIRST_ORDER: u64 = 1000;

/// A result of the classifier's own layers on tensors of its own shapes.
fn fits<T>(result: Result<T>) -> T {
    result.expect("tensors of the classifier's own shapes fit its own layers on the CPU")
}

/// Named arrays: shape and values, row by row.
pub type Arrays = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// What a classifier is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassifierConfig {
    /// Height of an image.
    pub height: usize,
    /// Width of an image.
    pub width: usize,
    /// Channels of an image.
    pub channels: usize,
    /// Number of classes.
    pub classes: usize,
}

impl ClassifierConfig {
    /// Bytes of an image.
    fn image_bytes(&self) -> usize {
        self.height * self.width * self.channels
    }

    /// Every weight and moving average: name, shape, and the number of inputs that a value of it
    /// adds up (0: it starts at a constant).
    fn shapes(&self) -> Vec<(&'static str, Vec<usize>, usize)> {
        let [first, second] = FILTERS;
        let flat =
            second * self.height.div_ceil(2).div_ceil(2) * self.width.div_ceil(2).div_ceil(2);
        let mut shapes = vec![
            ("c1/w", vec![5, 5, self.channels, first], 25 * self.channels),
            ("c2/w", vec![5, 5, first, second], 25 * first),
            ("f1/w", vec![flat, FEATURES], flat),
            ("f2/w", vec![FEATURES, self.classes], FEATURES),
            ("f2/b", vec![self.classes], 0),
        ];
        for (names, width) in NORMS.iter().zip([first, second, FEATURES]) {
            shapes.extend(names.iter().map(|name| (*name, vec![width], 0)));
        }
        shapes
    }
}

/// Beta, gamma, moving mean and moving variance behind each hidden layer.
const NORMS: [[&str; 4]; 3] = [
    [
        "c1/beta",
        "c1/gamma",
        "c1/moving_mean",
        "c1/moving_variance",
    ],
    [
        "c2/beta",
        "c2/gamma",
        "c2/moving_mean",
        "c2/moving_variance",
    ],
    [
        "f1/beta",
        "f1/gamma",
        "f1/moving_mean",
        "f1/moving_variance",
    ],
];

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
    weights: BTreeMap<&'static str, Var>,
    averages: BTreeMap<&'static str, Vec<f32>>,
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
        let mut arrays = Arrays::new();
        for (i, (name, shape, inputs)) in config.shapes().into_iter().enumerate() {
            let n: usize = shape.iter().product();
            let mut stream = Stream::new(seed, Purpose::Classifier, i as u64);
            let constant = if name.ends_with("gamma") || name.ends_with("variance") {
                1.0
            } else {
                0.0
            };
            let deviation = (2.0 / inputs.max(1) as f32).sqrt();
            let mut draw = || {
                if inputs > 0 {
                    deviation * stream.normal()
                } else {
                    constant
                }
            };
            arrays.insert(name.into(), (shape, (0..n).map(|_| draw()).collect()));
        }
        Self::build(config, &arrays)
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
        for (name, shape, _) in config.shapes() {
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
        Ok(Self::build(config, arrays))
    }

    fn build(config: ClassifierConfig, arrays: &Arrays) -> Self {
        let (mut weights, mut averages) = (BTreeMap::new(), BTreeMap::new());
        for (name, shape, _) in config.shapes() {
            let values = arrays[name].1.clone();
            if name.contains("moving") {
                averages.insert(name, values);
            } else {
                weights.insert(name, fits(Var::from_vec(values, shape, &Device::Cpu)));
            }
        }
        Self {
            config,
            weights,
            averages,
        }
    }

    /// What it is for.
    pub fn config(&self) -> &ClassifierConfig {
        &self.config
    }

    /// Copies of all weights and moving averages.
    pub fn arrays(&self) -> Arrays {
        let shapes = self.config.shapes().into_iter();
        shapes
            .map(|(name, shape, _)| {
                let values = match self.weights.get(name) {
                    Some(var) => fits(var.flatten_all().and_then(|v| v.to_vec1())),
                    None => self.averages[name].clone(),
                };
                (name.to_owned(), (shape, values))
            })
            .collect()
    }

    /// Trains on images `[n, h, w, c]` with their labels: `epochs` passes in batches of 64 (the
    /// incomplete last one is dropped), each in a new order, every image moved by up to two pixels
    /// in either direction; Adam, the learning rate falling linearly to 0. `report` gets the
    /// steps done, all steps and the loss, and stops the training by returning false.
    ///
    /// # Errors
    /// [`Error::TooFew`] for less than a batch, [`Error::Length`] for arrays that don't fit,
    /// [`Error::OutOfRange`] for a label that is no class, [`Error::NotFinite`] when the loss is.
    pub fn train(
        &mut self,
        images: &[u8],
        labels: &[u8],
        epochs: usize,
        seed: u64,
        mut report: impl FnMut(usize, usize, f64) -> bool,
    ) -> std::result::Result<(), Error> {
        let size = self.config.image_bytes();
        let n = labels.len();
        check_count("labels", n, BATCH)?;
        if images.len() != n * size {
            return Err(Error::Length {
                array: "images",
                expected: n * size,
                got: images.len(),
            });
        }
        if let Some(&label) = labels
            .iter()
            .find(|&&l| usize::from(l) >= self.config.classes)
        {
            let expected = "a number below that of the classes";
            return Err(Error::OutOfRange {
                argument: "label",
                expected,
                got: label.into(),
            });
        }
        let steps = epochs * (n / BATCH);
        let mut moments: BTreeMap<&str, [Vec<f32>; 2]> = self
            .weights
            .iter()
            .map(|(&name, var)| {
                (
                    name,
                    [vec![0.0; var.elem_count()], vec![0.0; var.elem_count()]],
                )
            })
            .collect();
        let mut step = 0;
        for epoch in 0..epochs as u64 {
            let mut order = Stream::new(seed, Purpose::Classifier, FIRST_ORDER + epoch);
            let order = order.permutation(u32::try_from(n).unwrap_or(u32::MAX));
            for batch in order.chunks_exact(BATCH) {
                let mut shifts = Stream::new(seed, Purpose::Augmentation, step as u64);
                let mut pixels = Vec::with_capacity(BATCH * size);
                for &i in batch {
                    let image = &images[i as usize * size..(i as usize + 1) * size];
                    pixels.extend(self.shifted(image, &mut shifts));
                }
                let batch_labels: Vec<u8> = batch.iter().map(|&i| labels[i as usize]).collect();
                let rate = LEARNING_RATE * (steps - step) as f32 / steps as f32;
                let loss = self.step(&pixels, &batch_labels, rate, step as u64 + 1, &mut moments);
                let loss = fits(loss);
                if !loss.is_finite() {
                    return Err(Error::NotFinite {
                        array: "loss",
                        index: step,
                        got: loss,
                    });
                }
                step += 1;
                if !report(step, steps, loss) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// An image moved by up to [`SHIFT`] pixels; its border repeats what stood there.
    fn shifted(&self, image: &[u8], stream: &mut Stream) -> Vec<u8> {
        let ClassifierConfig {
            height,
            width,
            channels,
            ..
        } = self.config;
        let [down, right] = [stream.below(2 * SHIFT + 1), stream.below(2 * SHIFT + 1)];
        let from = |to: usize, by: u32, size: usize| {
            (to + by as usize)
                .saturating_sub(SHIFT as usize)
                .min(size - 1)
        };
        let mut moved = Vec::with_capacity(image.len());
        for y in 0..height {
            for x in 0..width {
                let at = (from(y, down, height) * width + from(x, right, width)) * channels;
                moved.extend_from_slice(&image[at..at + channels]);
            }
        }
        moved
    }

    /// One update; returns the mean cross-entropy before it.
    fn step(
        &mut self,
        pixels: &[u8],
        labels: &[u8],
        rate: f32,
        number: u64,
        moments: &mut BTreeMap<&str, [Vec<f32>; 2]>,
    ) -> Result<f64> {
        let mut statistics = Vec::new();
        let x = self.tensor(pixels)?;
        let (_, logits) = self.forward(&x, Some(&mut statistics))?;
        let (loss, gradient) = cross_entropy(&logits.to_vec2::<f32>()?, labels);
        let gradient = Tensor::from_vec(gradient, logits.shape(), &Device::Cpu)?;
        // The gradient of sum(logits * g) for a constant g is g.
        let gradients = logits.mul(&gradient)?.sum_all()?.backward()?;
        drop(logits);
        let config = AdamConfig {
            lr: rate,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
        };
        for (name, var) in &self.weights {
            let [m, v] = moments.get_mut(name).expect("each weight has its moments");
            let gradient = gradients
                .get(var)
                .expect("every weight is on the way to the logits");
            adam_update(var, gradient, m, v, &config, number)?;
        }
        for ([_, _, mean, variance], (batch_mean, batch_variance)) in NORMS.iter().zip(statistics) {
            for (name, batch) in [(mean, batch_mean), (variance, batch_variance)] {
                let average = self
                    .averages
                    .get_mut(name)
                    .expect("each layer has its averages");
                for (average, batch) in average.iter_mut().zip(batch) {
                    *average = DECAY * *average + (1.0 - DECAY) * batch;
                }
            }
        }
        Ok(loss)
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
                let (features, logits) = self.forward(&self.tensor(&pixels)?, None)?;
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

    /// Features and logits. With `statistics`, in training mode: batch norm uses the batch's, which
    /// are added there; without, the moving averages.
    fn forward(
        &self,
        x: &Tensor,
        mut statistics: Option<&mut Vec<(Vec<f32>, Vec<f32>)>>,
    ) -> Result<(Tensor, Tensor)> {
        let weight = |name: &str| match &statistics {
            Some(_) => self.weights[name].as_tensor().clone(),
            None => self.weights[name].as_detached_tensor(),
        };
        let all: BTreeMap<&str, Tensor> = self
            .weights
            .keys()
            .map(|name| (*name, weight(name)))
            .collect();
        let mut norm = |h: Tensor, [beta, gamma, mean, variance]: [&str; 4]| -> Result<Tensor> {
            let (gamma, beta) = (&all[gamma], &all[beta]);
            let Some(statistics) = &mut statistics else {
                let (mean, variance) = (&self.averages[mean], &self.averages[variance]);
                return batch_norm_inference(
                    &h,
                    gamma,
                    beta,
                    mean,
                    variance,
                    EPSILON,
                    Activation::Relu,
                );
            };
            let (h, batch) = batch_norm(&h, gamma, beta, EPSILON, Activation::Relu)?;
            statistics.push((batch.mean, batch.variance_unbiased));
            Ok(h)
        };
        let zeros = |n: usize| Tensor::zeros(n, DType::F32, &Device::Cpu);
        let ClassifierConfig { height, width, .. } = self.config;
        let [first, second] = FILTERS;
        let half = [height.div_ceil(2), width.div_ceil(2)];
        // Batch norm takes any bias away again, so these layers have none.
        let geometry = Geometry::same([height, width], 5, 2);
        let h = norm(
            conv2d(x, None, &all["c1/w"], &zeros(first)?, &geometry)?,
            NORMS[0],
        )?;
        let geometry = Geometry::same(half, 5, 2);
        let h = norm(
            conv2d(&h, None, &all["c2/w"], &zeros(second)?, &geometry)?,
            NORMS[1],
        )?;
        let h = linear(&h.flatten_from(1)?, None, &all["f1/w"], &zeros(FEATURES)?)?;
        let features = norm(h, NORMS[2])?;
        let logits = linear(&features, None, &all["f2/w"], &all["f2/b"])?;
        Ok((features, logits))
    }
}

/// The mean of `-log softmax(logits)[label]` and its gradient `(softmax - one-hot) / n`.
fn cross_entropy(logits: &[Vec<f32>], labels: &[u8]) -> (f64, Vec<f32>) {
    let n = logits.len() as f64;
    let (mut loss, mut gradient) = (0.0, Vec::new());
    for (row, &label) in logits.iter().zip(labels) {
        let greatest = f64::from(row.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        let exponentials: Vec<f64> = row
            .iter()
            .map(|&logit| libm::exp(f64::from(logit) - greatest))
            .collect();
        let sum: f64 = exponentials.iter().sum();
        loss -= (libm::log(exponentials[usize::from(label)] / sum)) / n;
        for (class, exponential) in exponentials.iter().enumerate() {
            let target = f64::from(u8::from(class == usize::from(label)));
            #[expect(clippy::cast_possible_truncation, reason = "the one rounding to f32")]
            gradient.push(((exponential / sum - target) / n) as f32);
        }
    }
    (loss, gradient)
}
