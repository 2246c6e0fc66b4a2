//! The state that an iteration changes, and its input.

use crate::{Adam, AdamConfig, Discriminator, Error, Generator, Result};
use candle_core::Tensor;

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

    /// From now on both optimisers use `share` of their learning rates.
    pub fn scale_learning_rates(&mut self, share: f64) {
        #[expect(clippy::cast_possible_truncation, reason = "training is in float32")]
        let share = share as f32;
        self.adam_g.scale_learning_rate(share);
        self.adam_d.scale_learning_rate(share);
    }

    /// Checks that every weight is a finite number.
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

/// The input of an iteration.
#[derive(Debug)]
pub struct Batch {
    /// Real images `[B, H, W, C]` in the network's value range.
    pub x: Tensor,
    /// Their labels, one-hot `[B, Y]`; `None` for the unlabelled network.
    pub y: Option<Tensor>,
    /// Latent vectors `[B, Z]`.
    pub z: Tensor,
}
