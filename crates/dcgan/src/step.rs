//! One training iteration: the original's order of updates as data, and the loop over it.
//!
//! The order is as in `train` of DCGAN-tensorflow's `model.py`: one update of the discriminator,
//! then two of the generator, all on the same z. Every pass in training mode feeds the moving
//! averages of the network it runs through, whichever network is being trained.

mod state;
mod trace;

pub use state::{Batch, State};
pub use trace::{Readouts, Trace};

use crate::finite::finite;
use crate::origin::explain;
use crate::{Pass, Result, Weights, generator_loss, gradients, smoothed_discriminator_loss};
use candle_core::Tensor;
use dcgan_kernels::keep_pool_hot;

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
    /// D's target for real images, as a probability: 1, or a little less.
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
/// [`NonFiniteFrom`](crate::Error::NonFiniteFrom) names the first loss or batch statistic that is
/// infinite or NaN, and the layer where that began, [`NonFinite`](crate::Error::NonFinite) such a
/// gradient; the state is then useless. Others if `batch` does not fit the networks.
pub fn iteration(state: &mut State, batch: &Batch, schedule: &Schedule) -> Result<Trace> {
    keep_pool_hot(|| updates(state, batch, schedule)).map_err(|error| explain(error, state, batch))
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
    let fake = d.forward(images, y, Weights::Tracked)?;
    d.observe(&real)?;
    d.observe(&fake)?;
    let (backend, logits) = (d.backend(), [&real.output, &fake.output]);
    let loss = smoothed_discriminator_loss(logits[0], logits[1], real_target, backend)?;
    trace.observe(&real, &fake, &loss)?;
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
