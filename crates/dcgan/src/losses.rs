//! The losses: means over the batch of binary cross-entropy with logits.
//!
//! Equation: `bce(l, t) = max(l, 0) - l·t + log(1 + exp(-|l|))`. Source: `d_loss_real`,
//! `d_loss_fake`, `g_loss` (`sigmoid_cross_entropy_with_logits`), model.py.

use crate::{Backend, Error, Result};
use candle_core::Tensor;

/// The discriminator's loss and its two halves, scalars with their graphs.
#[derive(Debug, Clone)]
pub struct DiscriminatorLoss {
    /// Against the real batch.
    pub real: Tensor,
    /// Against the generated batch.
    pub fake: Tensor,
    /// Their sum, which the update descends.
    pub total: Tensor,
}

/// mean bce(D(x), 1): how little D believes in the real batch. Logits `[B,1]` to a scalar.
///
/// # Errors
/// [`Error::Layer`] if the operation fails.
pub fn discriminator_loss_real(logits: &Tensor, backend: Backend) -> Result<Tensor> {
    loss_towards(logits, 1.0, backend)
}

fn loss_towards(logits: &Tensor, real_target: f32, backend: Backend) -> Result<Tensor> {
    bce("loss/d_real", logits, real_target, backend)
}

/// mean bce(D(G(z)), 0): how much D believes in the generated batch. Logits `[B,1]` to a scalar.
///
/// # Errors
/// [`Error::Layer`] if the operation fails.
pub fn discriminator_loss_fake(logits: &Tensor, backend: Backend) -> Result<Tensor> {
    bce("loss/d_fake", logits, 0.0, backend)
}

/// Both halves and their sum, from the logits `[B,1]` of two separate passes.
///
/// # Errors
/// [`Error::Layer`] if an operation fails.
pub fn discriminator_loss(
    real_logits: &Tensor,
    fake_logits: &Tensor,
    backend: Backend,
) -> Result<DiscriminatorLoss> {
    smoothed_discriminator_loss(real_logits, fake_logits, 1.0, backend)
}

/// [`discriminator_loss`] with `real_target` instead of 1 for the real batch: one-sided label
/// smoothing, which keeps D from becoming overconfident. Generated images keep the target 0, or D
/// would reinforce G's present images. Source: Salimans et al. 2016,
/// <https://arxiv.org/abs/1606.03498>, section 3.4.
///
/// # Errors
/// [`Error::Layer`] if an operation fails.
pub fn smoothed_discriminator_loss(
    real_logits: &Tensor,
    fake_logits: &Tensor,
    real_target: f32,
    backend: Backend,
) -> Result<DiscriminatorLoss> {
    let real = loss_towards(real_logits, real_target, backend)?;
    let fake = discriminator_loss_fake(fake_logits, backend)?;
    let total = backend
        .total_loss(&real, &fake)
        .map_err(Error::at("loss/d", &[&real, &fake]))?;
    Ok(DiscriminatorLoss { real, fake, total })
}

/// mean bce(D(G(z)), 1), the generator's loss in its non-saturating form (Goodfellow et al. 2014,
/// section 3). Logits `[B,1]` to a scalar.
///
/// # Errors
/// [`Error::Layer`] if the operation fails.
pub fn generator_loss(logits: &Tensor, backend: Backend) -> Result<Tensor> {
    bce("loss/g", logits, 1.0, backend)
}

fn bce(name: &str, logits: &Tensor, target: f32, backend: Backend) -> Result<Tensor> {
    let loss = backend.bce_with_logits(logits, target);
    loss.map_err(Error::at(name, &[logits]))
}
