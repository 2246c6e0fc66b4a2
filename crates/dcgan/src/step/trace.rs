//! The measurements of an iteration.

use crate::finite::finite;
use crate::{DiscriminatorLoss, Pass, Result, values};

/// The measurements of an iteration. Losses and means are from before their update.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trace {
    /// `d_loss_real + d_loss_fake`.
    pub d_loss: f32,
    /// Cross-entropy of the real logits against the schedule's target, 1 as a rule.
    pub d_loss_real: f32,
    /// Cross-entropy of the generated images' logits against 0.
    pub d_loss_fake: f32,
    /// Cross-entropy of the generated images' logits against 1, of each generator update.
    pub g_losses: Vec<f32>,
    /// Mean of D(x) as a probability.
    pub d_real_mean: f32,
    /// Mean of D(G(z)) as a probability.
    pub d_fake_mean: f32,
    /// Share of the 2 B logits on the right side of 0.
    pub d_accuracy: f32,
    /// The logits of the real images.
    pub real_logits: Vec<f32>,
    /// The logits of the generated images.
    pub fake_logits: Vec<f32>,
    /// Standard deviation of the generated images' logits relative to the real images' logits.
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

impl Trace {
    /// Notes losses and logits of the discriminator's update.
    ///
    /// # Errors
    /// [`Error::NonFinite`](crate::Error::NonFinite) names the first loss that is not finite.
    pub(super) fn observe(
        &mut self,
        real: &Pass,
        fake: &Pass,
        loss: &DiscriminatorLoss,
    ) -> Result<()> {
        self.judge(values(&real.output)?, values(&fake.output)?);
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
