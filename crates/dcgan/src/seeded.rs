//! Initial weights as a function of a seed.

use candle_core::{DType, Device, Result, Shape, Tensor, Var, bail};
use candle_nn::init::NormalOrUniform;
use candle_nn::var_builder::SimpleBackend;
use candle_nn::{Init, VarBuilder};
use dcgan_random::{Purpose, Stream};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// A source of initial weights for a [`VarBuilder`]: weight number i of a network is drawn from the
/// stream (seed, purpose, i), on any device and for any number of threads. candle's own generator
/// cannot be seeded on the CPU.
///
/// The weights of a network are numbered in the order in which its layers request them; a name that
/// is requested again has the number, and so the values, of the first time. Moving averages have no
/// number.
///
/// Weights are normal with the layer's mean and deviation. The kernels of the discriminator's
/// convolutions, named `*_conv.w`, are drawn again outside two deviations. Source:
/// `truncated_normal_initializer` and `random_normal_initializer`, ops.py.
///
/// ```
/// use candle_core::Device;
/// use dcgan::{Config, Generator, Seeded};
///
/// let config = Config::labelled(28, 28, 1, 10);
/// let vb = Seeded::new(7).into_builder(&Device::Cpu);
/// let generator = Generator::new(&config, &vb.pp("generator"))?;
/// assert_eq!(generator.parameter_count(), 7_065_211);
/// # Ok::<(), dcgan::Error>(())
/// ```
#[derive(Debug)]
pub struct Seeded {
    seed: u64,
    purpose: Option<Purpose>,
    /// The names of each purpose, in the order of their first request.
    numbered: Mutex<BTreeMap<Purpose, Vec<String>>>,
}

impl Seeded {
    /// The weights of a generator and a discriminator, under the prefixes `generator` and
    /// `discriminator`.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            purpose: None,
            numbered: Mutex::default(),
        }
    }

    /// The weights of any one network, under whatever names, for `purpose`.
    pub fn with_purpose(seed: u64, purpose: Purpose) -> Self {
        Self {
            purpose: Some(purpose),
            ..Self::new(seed)
        }
    }

    /// A builder of float32 weights on `device`.
    pub fn into_builder(self, device: &Device) -> VarBuilder<'static> {
        VarBuilder::from_backend(Box::new(self), DType::F32, device.clone())
    }

    /// The stream that `name` is drawn from.
    fn stream(&self, name: &str) -> Result<Stream> {
        let purpose = match (self.purpose, name.split('.').next()) {
            (Some(purpose), _) => purpose,
            (None, Some("generator")) => Purpose::GeneratorWeights,
            (None, Some("discriminator")) => Purpose::DiscriminatorWeights,
            _ => bail!(
                "no weights for `{name}`: expected a name under `generator` or `discriminator`"
            ),
        };
        let mut numbered = self.numbered.lock().unwrap_or_else(PoisonError::into_inner);
        let names = numbered.entry(purpose).or_default();
        let known = names.iter().position(|known| known == name);
        let index = known.unwrap_or_else(|| {
            names.push(name.into());
            names.len() - 1
        });
        Ok(Stream::new(self.seed, purpose, index as u64))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "weights are drawn in float32"
)]
impl SimpleBackend for Seeded {
    fn get(
        &self,
        shape: Shape,
        name: &str,
        init: Init,
        dtype: DType,
        device: &Device,
    ) -> Result<Tensor> {
        let n = shape.elem_count();
        if name.ends_with("moving_mean") || name.ends_with("moving_variance") {
            return Ok(init.var(shape, dtype, device)?.into_inner());
        }
        let mut stream = self.stream(name)?;
        let uniform = |stream: &mut Stream, low: f64, high: f64| {
            let draw = |_| stream.uniform_in(low as f32, high as f32);
            (0..n).map(draw).collect()
        };
        let normal = |stream: &mut Stream, mean: f64, deviation: f64| {
            let cut = name.ends_with("_conv.w");
            let draw = |_| {
                let normal = if cut {
                    stream.truncated_normal()
                } else {
                    stream.normal()
                };
                let value = deviation as f32 * normal;
                if mean == 0.0 {
                    value
                } else {
                    mean as f32 + value
                }
            };
            (0..n).map(draw).collect()
        };
        let values: Vec<f32> = match init {
            Init::Const(value) => vec![value as f32; n],
            Init::Uniform { lo, up } => uniform(&mut stream, lo, up),
            Init::Randn { mean, stdev } => normal(&mut stream, mean, stdev),
            Init::Kaiming {
                dist,
                fan,
                non_linearity,
            } => {
                let deviation = non_linearity.gain() / (fan.for_shape(&shape) as f64).sqrt();
                let bound = 3.0_f64.sqrt() * deviation;
                match dist {
                    NormalOrUniform::Normal => normal(&mut stream, 0.0, deviation),
                    NormalOrUniform::Uniform => uniform(&mut stream, -bound, bound),
                }
            }
        };
        let tensor = Tensor::from_vec(values, shape, device)?.to_dtype(dtype)?;
        Ok(Var::from_tensor(&tensor)?.into_inner())
    }

    fn get_unchecked(&self, name: &str, _: DType, _: &Device) -> Result<Tensor> {
        bail!("initial weights of `{name}` need a shape")
    }

    fn contains_tensor(&self, _: &str) -> bool {
        true
    }
}
