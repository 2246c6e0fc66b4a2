//! One training iteration: the original's update order as data, walked in one screen.
//!
//! The order is that of `train` in DCGAN-tensorflow's `model.py`: one update of the discriminator,
//! then two of the generator, all on the same z. Every pass in training mode feeds the moving
//! averages of the network it runs through, whichever network is being trained.

use crate::divergence::{self, finite, sound};
use candle_core::Tensor;
use dcgan::{
    Adam, Discriminator, Error, Generator, Pass, Weights, generator_loss, gradients,
    smoothed_discriminator_loss, values,
};
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
    pub fn require_finite(&self) -> Result<(), Error> {
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
/// # Errors
/// [`Error::NonFiniteFrom`] names the first loss or batch statistic that is infinite or no number,
/// and the layer where that began, [`Error::NonFinite`] such a gradient; the state is then worth
/// nothing. Others where `batch` does not fit the networks.
pub fn iteration(state: &mut State, batch: &Batch, schedule: &Schedule) -> Result<Trace, Error> {
    awake(|| updates(state, batch, schedule))
        .map_err(|error| divergence::explain(error, state, batch))
}

fn updates(state: &mut State, batch: &Batch, schedule: &Schedule) -> Result<Trace, Error> {
    let State {
        generator,
        discriminator,
        adam_g,
        adam_d,
    } = state;
    let Batch { x, y, z } = batch;
    let (y, backend) = (y.as_ref(), discriminator.backend());
    let mut trace = Trace::default();
    let mut kept: Option<Pass> = None;

    for phase in &schedule.phases {
        let generated = match kept.take() {
            Some(pass) => pass,
            None => generator.forward(z, y, Weights::Tracked)?,
        };
        sound(&generated)?;
        generator.feed_averages(&generated.stats);
        // An update writes into the weights that a graph holds, so the graph goes first.
        match phase {
            Phase::Discriminator => {
                let real = discriminator.forward(x, y, Weights::Tracked)?;
                sound(&real)?;
                discriminator.feed_averages(&real.stats);
                let fake =
                    discriminator.forward(&generated.output.detach(), y, Weights::Tracked)?;
                sound(&fake)?;
                discriminator.feed_averages(&fake.stats);
                let (real_logits, fake_logits) = (&real.output, &fake.output);
                let target = schedule.real_target;
                let loss = smoothed_discriminator_loss(real_logits, fake_logits, target, backend)?;
                trace.judge(values(&real.output)?, values(&fake.output)?);
                trace.d_loss_real = finite("d_loss_real", &loss.real)?;
                trace.d_loss_fake = finite("d_loss_fake", &loss.fake)?;
                trace.d_loss = finite("d_loss", &loss.total)?;
                let gradients = gradients(&loss.total)?;
                drop((real, fake, loss));
                trace.d_grad_norm = adam_d.step(discriminator.parameters(), &gradients)?;
                kept = Some(generated);
            }
            Phase::Generator => {
                let fake = discriminator.forward(&generated.output, y, Weights::Frozen)?;
                sound(&fake)?;
                discriminator.feed_averages(&fake.stats);
                let loss = generator_loss(&fake.output, backend)?;
                trace.g_losses.push(finite("g_loss", &loss)?);
                let gradients = gradients(&loss)?;
                drop((generated, fake, loss));
                trace
                    .g_grad_norms
                    .push(adam_g.step(generator.parameters(), &gradients)?);
            }
        }
    }
    drop(kept);
    if schedule.readouts {
        let target = schedule.real_target;
        trace.readouts = Some(read_out(generator, discriminator, batch, target)?);
    }
    Ok(trace)
}

/// The original's three read-outs, each a training-mode run of its own that feeds the averages:
/// `d_loss_fake` (through G and D), `d_loss_real` (D), `g_loss` (G and D). The first and the last
/// see the same weights and z, so their passes are computed once and counted twice.
fn read_out(
    generator: &mut Generator,
    discriminator: &mut Discriminator,
    batch: &Batch,
    real_target: f32,
) -> Result<Readouts, Error> {
    let y = batch.y.as_ref();
    let generated = generator.forward(&batch.z, y, Weights::Frozen)?;
    let fake = discriminator.forward(&generated.output, y, Weights::Frozen)?;
    let real = discriminator.forward(&batch.x, y, Weights::Frozen)?;
    for pass in [&generated, &fake, &real] {
        sound(pass)?;
    }
    for pass in [&generated, &generated] {
        generator.feed_averages(&pass.stats);
    }
    for pass in [&fake, &real, &fake] {
        discriminator.feed_averages(&pass.stats);
    }
    let backend = discriminator.backend();
    let loss = smoothed_discriminator_loss(&real.output, &fake.output, real_target, backend)?;
    Ok(Readouts {
        fake: finite("d_loss_fake", &loss.fake)?,
        real: finite("d_loss_real", &loss.real)?,
        generator: finite("g_loss", &generator_loss(&fake.output, backend)?)?,
    })
}

impl Trace {
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
