//! Generator and discriminator: one stack of blocks with its weights, in two roles.

use crate::arrays::ArraysBackend;
use crate::block::Block;
use crate::finite::check_stats;
use crate::forward::Forward;
use crate::layers::{BatchNorm, Compute};
use crate::parameters::refuse_unknown;
use crate::portable::join;
use crate::tensors::values;
use crate::{
    Arrays, Backend, Config, DiscriminatorRole, Error, GeneratorRole, Kind, NetworkRole, Parameter,
    Parameters, Pass, PassStats, Precision, Result, Seeded, Taps, Weights,
};
use candle_core::{Device, ModuleT, Tensor, Var};
use candle_nn::VarBuilder;
use std::marker::PhantomData;

/// z and classes to images: [`Network::forward`] takes z `[B,Z]` and gives images `[B,H,W,C]`.
///
/// ```
/// use candle_core::Device;
/// use dcgan::{Config, Generator, Purpose, Stream, ZDistribution, latents, one_hot};
///
/// let device = Device::Cpu;
/// let config = Config { gf_dim: 8, gfc_dim: 32, ..Config::labelled(28, 28, 1, 10) };
/// let generator = Generator::init(&config, 1)?;
/// let mut stream = Stream::new(1, Purpose::SampleLatent, 0);
/// let z = latents(&mut stream, 2, config.z_dim, ZDistribution::Uniform, &device)?;
/// let labels = one_hot(&[3, 8], 10, &device)?;
/// let images = generator.forward_t(&z, Some(&labels), false)?;
/// assert_eq!(images.dims(), [2, 28, 28, 1]);
/// # Ok::<(), dcgan::Error>(())
/// ```
pub type Generator = Network<GeneratorRole>;

/// Images and classes to logits: [`Network::forward`] takes x `[B,H,W,C]` and gives `[B,1]`.
pub type Discriminator = Network<DiscriminatorRole>;

/// A [`Generator`] or a [`Discriminator`] with its weights and moving averages, on one device.
///
/// `input` is z `[B,Z]` or x `[B,H,W,C]`; y are one-hot labels `[B,Y]`, or shares of the classes,
/// of a labelled network, and none of an unlabelled one.
#[derive(Debug)]
pub struct Network<R> {
    config: Config,
    blocks: Vec<Block>,
    parameters: Parameters,
    device: Device,
    backend: Backend,
    precision: Precision,
    role: PhantomData<R>,
}

impl<R: NetworkRole> Network<R> {
    /// The network of `config` with weights and moving averages from `vb`: initial ones from
    /// [`Seeded`] or a `VarMap`, others from a file by candle's own loader. Names in files have `/`
    /// where candle puts `.`: see [`file_name`](crate::file_name).
    ///
    /// Normal weights with standard deviation 0.02, biases and beta 0, gamma 1, moving averages 0
    /// and 1. Source: ops.py; Radford et al. 2016, section 4.
    ///
    /// ```
    /// use candle_core::{DType, Device};
    /// use candle_nn::{VarBuilder, VarMap};
    /// use dcgan::{Config, Discriminator};
    ///
    /// let vars = VarMap::new();
    /// let vb = VarBuilder::from_varmap(&vars, DType::F32, &Device::Cpu);
    /// let config = Config::unlabelled(32, 32, 3);
    /// let discriminator = Discriminator::new(&config, &vb.pp("discriminator"))?;
    /// assert!(vars.data().lock().unwrap().contains_key("discriminator.d_h0_conv.w"));
    /// # Ok::<(), dcgan::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Config`] if `config` is not valid, [`Error::Missing`] or [`Error::Shape`] with an
    /// array's name, [`Error::Input`] if `vb` is not of type float32.
    pub fn new(config: &Config, vb: &VarBuilder<'_>) -> Result<Self> {
        config.validate()?;
        let blocks = R::SIDE.blocks(config, vb)?;
        Ok(Self::of(config, blocks, vb.device().clone()))
    }

    fn of(config: &Config, blocks: Vec<Block>, device: Device) -> Self {
        let parameter = |(name, var): (String, &_)| Parameter {
            name: format!("{}/{name}", R::SIDE.scope()),
            var: Var::clone(var),
        };
        let parameters = blocks.iter().flat_map(Block::weights).map(parameter);
        Self {
            parameters: Parameters::new(R::SIDE.scope(), parameters.collect()),
            config: config.clone(),
            blocks,
            device,
            backend: Backend::default(),
            precision: Precision::F32,
            role: PhantomData,
        }
    }

    /// A fresh network on the CPU; its weights are a function of `config` and `seed`: see
    /// [`Seeded`].
    ///
    /// # Errors
    /// [`Error::Config`] if `config` is not valid.
    pub fn init(config: &Config, seed: u64) -> Result<Self> {
        let vb = Seeded::new(seed).into_builder(&Device::Cpu);
        Self::new(config, &vb.pp(R::SIDE.scope()))
    }

    /// A network on the CPU from all arrays of `arrays` under `generator/` or `discriminator/`;
    /// other names are ignored, so that a checkpoint of both networks can be passed as it is.
    ///
    /// # Errors
    /// [`Error::Config`], or [`Error::Missing`], [`Error::Shape`] or [`Error::Unexpected`] with the
    /// array's name.
    pub fn from_arrays(config: &Config, arrays: &Arrays) -> Result<Self> {
        let vb = ArraysBackend::builder(arrays, R::SIDE.scope())?;
        let network = Self::new(config, &vb.pp(R::SIDE.scope()))?;
        let averages: Vec<String> = network.averages().map(|(name, _)| name).collect();
        refuse_unknown(arrays, R::SIDE.scope(), |name| {
            network.parameters.get(name).is_some() || averages.iter().any(|known| known == name)
        })?;
        Ok(network)
    }

    /// This network with its operations by `backend`, in training mode and inference.
    #[must_use]
    pub fn with_backend(self, backend: Backend) -> Self {
        Self { backend, ..self }
    }

    /// What computes its operations.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// This network with the products of its training-mode passes, forward and backward, in that
    /// precision; inference stays in float32. Plain candle operations are always in float32.
    #[must_use]
    pub fn with_precision(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }

    /// The training-mode pass, with batch statistics; for a discriminator the only mode of the
    /// original. With frozen weights the gradient still reaches the input. Feeds no moving average:
    /// see [`Self::feed_averages`].
    ///
    /// # Errors
    /// [`Error::Input`] if input or y don't fit, [`Error::BatchTooSmall`] if batch norm can't work.
    pub fn forward(&self, input: &Tensor, y: Option<&Tensor>, weights: Weights) -> Result<Pass> {
        self.run(input, y, self.training(weights, None))
    }

    /// [`Self::forward`], and every activation on the way.
    ///
    /// # Errors
    /// As [`Self::forward`].
    pub fn forward_with_taps(
        &self,
        input: &Tensor,
        y: Option<&Tensor>,
        weights: Weights,
        taps: &mut Taps,
    ) -> Result<Pass> {
        self.run(input, y, self.training(weights, Some(taps)))
    }

    /// The inference pass, with moving averages: each row of the output depends on its own row of
    /// input and y alone. Weights are constants. The original has no such mode of the
    /// discriminator.
    ///
    /// # Errors
    /// [`Error::Input`] if input or y don't fit.
    pub fn infer(&self, input: &Tensor, y: Option<&Tensor>) -> Result<Tensor> {
        let compute = Compute {
            backend: self.backend,
            precision: Precision::F32,
            weights: Weights::Frozen,
        };
        let pass = Forward {
            compute,
            training: false,
            stats: PassStats::default(),
            taps: None,
        };
        Ok(self.run(input, y, pass)?.output)
    }

    /// A pass in the form of candle's modules: in training mode (`train`) [`Self::forward`] with
    /// tracked weights, which feeds the moving averages once; otherwise [`Self::infer`].
    ///
    /// # Errors
    /// As [`Self::forward`].
    pub fn forward_t(&self, input: &Tensor, y: Option<&Tensor>, train: bool) -> Result<Tensor> {
        if !train {
            return self.infer(input, y);
        }
        let pass = self.forward(input, y, Weights::Tracked)?;
        self.feed_averages(&pass.stats)?;
        Ok(pass.output)
    }

    /// The network with its labels given, as a candle module of one input.
    ///
    /// ```
    /// use candle_core::{DType, Device, Tensor};
    /// use dcgan::{Config, Discriminator, one_hot};
    ///
    /// let config = Config { df_dim: 8, dfc_dim: 32, ..Config::labelled(28, 28, 1, 10) };
    /// let discriminator = Discriminator::init(&config, 1)?;
    /// let labels = one_hot(&[3, 8], 10, &Device::Cpu)?;
    /// let images = Tensor::zeros((2, 28, 28, 1), DType::F32, &Device::Cpu).unwrap();
    /// let logits = images.apply_t(&discriminator.with_labels(&labels), false).unwrap();
    /// assert_eq!(logits.dims(), [2, 1]);
    /// # Ok::<(), dcgan::Error>(())
    /// ```
    pub fn with_labels<'a>(&'a self, y: &'a Tensor) -> WithLabels<'a, R> {
        WithLabels { network: self, y }
    }

    fn training<'a>(&self, weights: Weights, taps: Option<&'a mut Taps>) -> Forward<'a> {
        let compute = Compute {
            backend: self.backend,
            precision: self.precision,
            weights,
        };
        Forward {
            compute,
            training: true,
            stats: PassStats::default(),
            taps,
        }
    }

    fn run(&self, input: &Tensor, y: Option<&Tensor>, mut pass: Forward<'_>) -> Result<Pass> {
        self.check(input, y)?;
        let [_, first] = R::SIDE.input();
        if let Some(y) = y {
            pass.tap(first, "cat", || join(input, y))?;
        }
        let mut h = input.clone();
        for block in &self.blocks {
            h = block.forward(&h, y, &mut pass)?;
        }
        Ok(Pass {
            output: h,
            stats: pass.stats,
        })
    }

    /// Refuses an input that is not rows of the right shape, at least one, and labels that are not
    /// `[B,Y]`, missing, or given to an unlabelled network.
    fn check(&self, input: &Tensor, y: Option<&Tensor>) -> Result<()> {
        let row = R::SIDE.row(&self.config);
        let refuse = |what, expected, got: &Tensor| Error::Input {
            what,
            expected,
            got: format!("shape {:?}", got.dims()),
        };
        let batch = match input.dims() {
            [batch, rest @ ..] if *rest == row && *batch > 0 => *batch,
            _ => {
                let expected = format!("one or more rows of shape {row:?}");
                let [name, _] = R::SIDE.input();
                return Err(refuse(name, expected, input));
            }
        };
        let Config { kind, classes, .. } = self.config;
        match (kind, y) {
            (Kind::Labelled, Some(y)) if y.dims() == [batch, classes] => Ok(()),
            (Kind::Labelled, Some(y)) => {
                Err(refuse("y", format!("shape {:?}", [batch, classes]), y))
            }
            (Kind::Labelled, None) => Err(Error::Input {
                what: "y",
                expected: format!("one-hot labels for the {kind} network"),
                got: "none".into(),
            }),
            (Kind::Unlabelled, None) => Ok(()),
            (Kind::Unlabelled, Some(y)) => {
                Err(refuse("y", format!("no labels for the {kind} network"), y))
            }
        }
    }

    /// Moves the averages by the statistics of one pass; call it once for each time that the
    /// original would have run the pass.
    ///
    /// # Errors
    /// [`Error::Layer`] if the statistics are of another network.
    pub fn feed_averages(&self, stats: &PassStats) -> Result<()> {
        for norm in self.norms() {
            if let Some(batch) = stats.get(norm.name()) {
                norm.feed(batch, self.backend)?;
            }
        }
        Ok(())
    }

    /// Refuses a pass whose statistics are not finite, and feeds them to the averages.
    pub(crate) fn observe(&self, pass: &Pass) -> Result<()> {
        check_stats(&pass.stats)?;
        self.feed_averages(&pass.stats)
    }

    fn norms(&self) -> impl Iterator<Item = &BatchNorm> {
        self.blocks.iter().filter_map(Block::batch_norm)
    }

    /// The moving averages `[C]` with their full names, such as `generator/g_bn0/moving_mean`, in
    /// the order of the layers.
    pub fn averages(&self) -> impl Iterator<Item = (String, &Tensor)> {
        let named = |(name, var)| {
            let tensor: &Tensor = Var::as_tensor(var);
            (format!("{}/{name}", R::SIDE.scope()), tensor)
        };
        self.blocks.iter().flat_map(Block::averages).map(named)
    }

    /// The network's kind and sizes.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Where its weights are.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The trained weights in their fixed order.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Number of trained values.
    pub fn parameter_count(&self) -> usize {
        self.parameters.count()
    }

    /// A copy of weights and moving averages under the original's names.
    ///
    /// # Errors
    /// [`Error::Layer`] if a weight cannot be read.
    pub fn arrays(&self) -> Result<Arrays> {
        let mut arrays = self.parameters.arrays()?;
        for (name, average) in self.averages() {
            arrays.insert(name, (average.dims().to_vec(), values(average)?));
        }
        Ok(arrays)
    }

    /// The network for inference alone, with each batch norm folded into the layer before it: fewer
    /// passes over memory, and the gradient with respect to the input. It shares no weight with
    /// this one.
    ///
    /// # Errors
    /// [`Error::Layer`] if a tensor operation fails.
    pub fn fold(&self) -> Result<Folded<R>> {
        let blocks = self.blocks.iter().map(Block::folded);
        let network = Self::of(
            &self.config,
            blocks.collect::<Result<_>>()?,
            self.device.clone(),
        );
        Ok(Folded(network.with_backend(self.backend)))
    }
}

/// A network without labels is a module of one input.
impl<R: NetworkRole> ModuleT for Network<R> {
    fn forward_t(&self, input: &Tensor, train: bool) -> candle_core::Result<Tensor> {
        Ok(self.forward_t(input, None, train)?)
    }
}

/// A network with its labels given: see [`Network::with_labels`].
#[derive(Debug)]
pub struct WithLabels<'a, R> {
    network: &'a Network<R>,
    y: &'a Tensor,
}

impl<R: NetworkRole> ModuleT for WithLabels<'_, R> {
    fn forward_t(&self, input: &Tensor, train: bool) -> candle_core::Result<Tensor> {
        Ok(self.network.forward_t(input, Some(self.y), train)?)
    }
}

/// A network for inference alone: see [`Network::fold`].
#[derive(Debug)]
pub struct Folded<R>(Network<R>);

impl<R: NetworkRole> Folded<R> {
    /// As [`Network::infer`] up to rounding.
    ///
    /// # Errors
    /// As [`Network::infer`].
    pub fn infer(&self, input: &Tensor, y: Option<&Tensor>) -> Result<Tensor> {
        self.0.infer(input, y)
    }

    /// A copy of the weights under the names of the layers that they were folded into.
    ///
    /// # Errors
    /// [`Error::Layer`] if a weight cannot be read.
    pub fn arrays(&self) -> Result<Arrays> {
        self.0.arrays()
    }
}
