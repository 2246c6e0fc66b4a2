//! One training iteration: the original's update order as data, walked in one screen.
//!
//! The order is that of `train` in DCGAN-tensorflow's `model.py`: one update of the discriminator,
//! then two of the generator, all on the same z. Every pass in training mode feeds the moving
//! averages of the network it runs through, whichever network is being trained.

use crate::finite::{self, finite};
use crate::{
    Adam, AdamConfig, Discriminator, DiscriminatorLoss, Error, Generator, Pass, Result, Weights,
    generator_loss, gradients, smoothed_discriminator_loss, values,
};
use candle_core::Tensor;
use dcgan_kernels::awake;

/// One update of the schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The discriminator learns to tell x from G(z).
    Discriminator,
    /// The generator learns to pass for real before the frozen discriminator.
    Generator,
}

/// The updates of an iteration, and what follows them.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// The updates in their order.
    pub phases: Vec<Phase>,
    /// Whether the original's three loss read-outs (fake, real, generator) follow the updates.
    /// They change no weight but feed the moving averages: G two passes more, D three.
    pub readouts: bool,
    /// What D is to answer to real images, as a probability: 1, or a little less.
    pub real_target: f32,
}

impl Schedule {
    /// One discriminator update, then `generator_updates` of the generator; real images are 1.
    pub fn new(generator_updates: usize, readouts: bool) -> Self {
        let generator = std::iter::repeat_n(Phase::Generator, generator_updates);
        Self {
            phases: std::iter::once(Phase::Discriminator)
                .chain(generator)
                .collect(),
            readouts,
            real_target: 1.0,
        }
    }

    /// Number of generator updates.
    pub fn generator_updates(&self) -> usize {
        self.phases
            .iter()
            .filter(|&&phase| phase == Phase::Generator)
            .count()
    }
}

/// Everything that an iteration changes: two networks, each with its optimiser.
#[derive(Debug)]
pub struct State {
    /// The generator.
    pub generator: Generator,
    /// The discriminator.
    pub discriminator: Discriminator,
    /// The generator's optimiser.
    pub adam_g: Adam,
    /// The discriminator's optimiser.
    pub adam_d: Adam,
}

impl State {
    /// Two networks with fresh optimisers, on the networks' backends.
    ///
    /// # Errors
    /// [`Error::Layer`] if there is no memory for a moment.
    pub fn new(
        generator: Generator,
        discriminator: Discriminator,
        [of_g, of_d]: [AdamConfig; 2],
    ) -> Result<Self> {
        let adam_g = Adam::of(generator.parameters(), of_g)?.with_backend(generator.backend());
        let of_d = Adam::of(discriminator.parameters(), of_d)?;
        Ok(Self {
            adam_g,
            adam_d: of_d.with_backend(discriminator.backend()),
            generator,
            discriminator,
        })
    }

    /// From here on both optimisers take `share` of their learning rates.
    pub fn scale_learning_rates(&mut self, share: f64) {
        #[expect(clippy::cast_possible_truncation, reason = "training is in float32")]
        let share = share as f32;
        self.adam_g.scale_learning_rate(share);
        self.adam_d.scale_learning_rate(share);
    }

    /// Holds that every weight is a finite number.
    ///
    /// # Errors
    /// [`Error::NonFinite`] names the first that is not.
    pub fn require_finite(&self) -> Result<()> {
        for parameters in [self.generator.parameters(), self.discriminator.parameters()] {
            if let Some(name) = parameters.first_non_finite()? {
                return Err(Error::NonFinite {
                    what: "weight",
                    name: name.into(),
                });
            }
        }
        Ok(())
    }
}

/// What an iteration is fed.
#[derive(Debug)]
pub struct Batch {
    /// Real images `[B, H, W, C]` in the network's value range.
    pub x: Tensor,
    /// Their labels, one-hot `[B, Y]`; `None` for the unlabelled network.
    pub y: Option<Tensor>,
    /// Latent vectors `[B, Z]`.
    pub z: Tensor,
}

/// What an iteration measured. Losses and means are taken before the update that they belong to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trace {
    /// `d_loss_real + d_loss_fake`.
    pub d_loss: f32,
    /// Cross-entropy of the real logits against the schedule's target, 1 as a rule.
    pub d_loss_real: f32,
    /// Cross-entropy of the generated ones' logits against 0.
    pub d_loss_fake: f32,
    /// Cross-entropy of the generated ones' logits against 1, of each generator update.
    pub g_losses: Vec<f32>,
    /// Mean of D(x) as a probability.
    pub d_real_mean: f32,
    /// Mean of D(G(z)) as a probability.
    pub d_fake_mean: f32,
    /// Share of the 2 B logits on the right side of 0.
    pub d_accuracy: f32,
    /// The logits of the real images.
    pub real_logits: Vec<f32>,
    /// The logits of the generated ones.
    pub fake_logits: Vec<f32>,
    /// Standard deviation of the generated ones' logits, as a share of that of the real ones'.
    pub d_spread: f32,
    /// L2 norm of d(`d_loss`)/d(discriminator weights).
    pub d_grad_norm: f32,
    /// L2 norm of d(g loss)/d(generator weights), of each generator update.
    pub g_grad_norms: Vec<f32>,
    /// The read-outs after the updates, where the schedule has them.
    pub readouts: Option<Readouts>,
}

/// The losses after the updates, as the original prints them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Readouts {
    /// `d_loss_fake`.
    pub fake: f32,
    /// `d_loss_real`.
    pub real: f32,
    /// The generator's loss.
    pub generator: f32,
}

/// Runs one iteration on `batch`: every phase of `schedule` in turn, on the same x, y and z.
///
/// G(z) is computed once for as long as the generator's weights stay the same: the first generator
/// update takes over the discriminator update's pass with its graph. That is exact, and its batch
/// statistics count once per use, as if it had been computed afresh.
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use dcgan::step::{Batch, Schedule, State, iteration};
/// use dcgan::{AdamConfig, Config, Discriminator, Generator};
/// use dcgan::{Purpose, Stream, ZDistribution, latents};
///
/// let device = Device::Cpu;
/// let config = Config { gf_dim: 4, df_dim: 4, ..Config::unlabelled(16, 16, 3) };
/// let networks = (Generator::init(&config, 1)?, Discriminator::init(&config, 1)?);
/// let mut state = State::new(networks.0, networks.1, [AdamConfig::default(); 2])?;
///
/// let mut stream = Stream::new(1, Purpose::Latent, 1);
/// let batch = Batch {
///     x: Tensor::zeros((8, 16, 16, 3), DType::F32, &device).unwrap(),
///     y: None,
///     z: latents(&mut stream, 8, config.z_dim, ZDistribution::Uniform, &device)?,
/// };
/// let trace = iteration(&mut state, &batch, &Schedule::new(2, false))?;
/// assert_eq!((trace.g_losses.len(), state.adam_g.steps()), (2, 2));
/// # Ok::<(), dcgan::Error>(())
/// ```
///
/// # Errors
/// [`Error::NonFiniteFrom`] names the first loss or batch statistic that is infinite or no number,
/// and the layer where that began, [`Error::NonFinite`] such a gradient; the state is then worth
/// nothing. Others where `batch` does not fit the networks.
pub fn iteration(state: &mut State, batch: &Batch, schedule: &Schedule) -> Result<Trace> {
    awake(|| updates(state, batch, schedule)).map_err(|error| finite::explain(error, state, batch))
}

fn updates(state: &mut State, batch: &Batch, schedule: &Schedule) -> Result<Trace> {
    let (z, y) = (&batch.z, batch.y.as_ref());
    let mut trace = Trace::default();
    let mut kept: Option<Pass> = None;
    for phase in &schedule.phases {
        let generated = match kept.take() {
            Some(pass) => pass,
            None => state.generator.forward(z, y, Weights::Tracked)?,
        };
        state.generator.observe(&generated)?;
        match phase {
            Phase::Discriminator => {
                let images = generated.output.detach();
                train_discriminator(state, batch, &images, schedule.real_target, &mut trace)?;
                kept = Some(generated);
            }
            Phase::Generator => train_generator(state, batch, generated, &mut trace)?,
        }
    }
    drop(kept);
    if schedule.readouts {
        trace.readouts = Some(read_out(state, batch, schedule.real_target)?);
    }
    Ok(trace)
}

/// One step down `d_loss`, on x and on G(z).
fn train_discriminator(
    state: &mut State,
    batch: &Batch,
    images: &Tensor,
    real_target: f32,
    trace: &mut Trace,
) -> Result<()> {
    let (d, y) = (&state.discriminator, batch.y.as_ref());
    let real = d.forward(&batch.x, y, Weights::Tracked)?;
    d.observe(&real)?;
    let fake = d.forward(images, y, Weights::Tracked)?;
    d.observe(&fake)?;
    let logits = (&real.output, &fake.output);
    let loss = smoothed_discriminator_loss(logits.0, logits.1, real_target, d.backend())?;
    trace.judge(values(&real.output)?, values(&fake.output)?);
    trace.read(&loss)?;
    let gradients = gradients(&loss.total)?;
    // The update writes into the weights that the graph holds, so the graph goes first.
    drop((real, fake, loss));
    trace.d_grad_norm = state.adam_d.update(&gradients)?;
    Ok(())
}

/// One step down `g_loss`, through D, whose weights stay.
fn train_generator(
    state: &mut State,
    batch: &Batch,
    generated: Pass,
    trace: &mut Trace,
) -> Result<()> {
    let d = &state.discriminator;
    let fake = d.forward(&generated.output, batch.y.as_ref(), Weights::Frozen)?;
    d.observe(&fake)?;
    let loss = generator_loss(&fake.output, d.backend())?;
    trace.g_losses.push(finite("g_loss", &loss)?);
    let gradients = gradients(&loss)?;
    drop((generated, fake, loss));
    trace.g_grad_norms.push(state.adam_g.update(&gradients)?);
    Ok(())
}

/// The original's three read-outs, each a training-mode run of its own that feeds the averages:
/// `d_loss_fake` (through G and D), `d_loss_real` (D), `g_loss` (G and D). The first and the last
/// see the same weights and z, so their passes are computed once and counted twice.
fn read_out(state: &State, batch: &Batch, real_target: f32) -> Result<Readouts> {
    let (g, d, y) = (&state.generator, &state.discriminator, batch.y.as_ref());
    let generated = g.forward(&batch.z, y, Weights::Frozen)?;
    let fake = d.forward(&generated.output, y, Weights::Frozen)?;
    let real = d.forward(&batch.x, y, Weights::Frozen)?;
    for pass in [&generated, &generated] {
        g.observe(pass)?;
    }
    for pass in [&fake, &real, &fake] {
        d.observe(pass)?;
    }
    let (real, fake) = (&real.output, &fake.output);
    let loss = smoothed_discriminator_loss(real, fake, real_target, d.backend())?;
    Ok(Readouts {
        fake: finite("d_loss_fake", &loss.fake)?,
        real: finite("d_loss_real", &loss.real)?,
        generator: finite("g_loss", &generator_loss(fake, d.backend())?)?,
    })
}

impl Trace {
    /// The losses of the discriminator's update, which have to be numbers.
    fn read(&mut self, loss: &DiscriminatorLoss) -> Result<()> {
        self.d_loss_real = finite("d_loss_real", &loss.real)?;
        self.d_loss_fake = finite("d_loss_fake", &loss.fake)?;
        self.d_loss = finite("d_loss", &loss.total)?;
        Ok(())
    }

    /// How well the discriminator tells real from generated, from the logits of both.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "means are reported in float32"
    )]
    fn judge(&mut self, real: Vec<f32>, fake: Vec<f32>) {
        let probability = |logit: &f32| 1.0 / (1.0 + (-f64::from(*logit)).exp());
        let mean =
            |logits: &[f32]| logits.iter().map(probability).sum::<f64>() / logits.len() as f64;
        let deviation = |logits: &[f32]| {
            let n = logits.len() as f64;
            let centre = logits.iter().map(|&logit| f64::from(logit)).sum::<f64>() / n;
            let square = |&logit: &f32| (f64::from(logit) - centre).powi(2);
            (logits.iter().map(square).sum::<f64>() / n).sqrt()
        };
        let n_right = real.iter().filter(|&&logit| logit > 0.0).count()
            + fake.iter().filter(|&&logit| logit < 0.0).count();
        self.d_real_mean = mean(&real) as f32;
        self.d_fake_mean = mean(&fake) as f32;
        self.d_spread = (deviation(&fake) / deviation(&real).max(f64::MIN_POSITIVE)) as f32;
        self.d_accuracy = (n_right as f64 / (real.len() + fake.len()) as f64) as f32;
        (self.real_logits, self.fake_logits) = (real, fake);
    }
}
