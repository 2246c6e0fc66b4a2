//! The schedule of a run: the epoch of each step, and what is due after it.

use dcgan_settings::Train;

/// Steps, epochs and what is due when. `step` counts from 1, as in `metrics.csv`; step 0 is the
/// state before the first update.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Steps {
    /// Steps in an epoch: floor(N / batch); the incomplete last batch is dropped.
    pub(crate) per_epoch: u64,
    /// The run's last step.
    pub(crate) last_step: u64,
    log_every: u64,
    checkpoint_every: u64,
    grid_every: u64,
    score_every: u64,
    /// In steps; 0: constant learning rates.
    half_life: f64,
}

impl Steps {
    /// The schedule of a run on `n_images` training images.
    pub(crate) fn new(settings: &Train, n_images: usize) -> Self {
        let per_epoch = (n_images / settings.batch_size.max(1)) as u64;
        Self {
            per_epoch,
            last_step: per_epoch * settings.epochs as u64,
            log_every: settings.log_every as u64,
            checkpoint_every: settings.checkpoint_every as u64,
            grid_every: settings.grid_every as u64,
            score_every: settings.score_every as u64,
            half_life: settings.learning_rate_half_life * per_epoch as f64,
        }
    }

    /// The epoch of `step`, from 1; 0 before the first step.
    pub(crate) fn epoch(&self, step: u64) -> u64 {
        step.div_ceil(self.per_epoch.max(1))
    }

    /// Index of `step` within its epoch: its batch is the images `[i B, (i + 1) B)` of the epoch's
    /// order.
    pub(crate) fn index_in_epoch(&self, step: u64) -> u64 {
        step.saturating_sub(1) % self.per_epoch.max(1)
    }

    /// The factor for the learning rates at `step`: 1 at first, one half after a half-life, and so
    /// on. It does not depend on the last step, so a run can be made longer at any time.
    pub(crate) fn learning_rate_share(&self, step: u64) -> f64 {
        if self.half_life > 0.0 {
            (-(step.saturating_sub(1) as f64) / self.half_life).exp2()
        } else {
            1.0
        }
    }

    /// Whether `step` has a row in `metrics.csv`.
    pub(crate) fn logs(&self, step: u64) -> bool {
        step.is_multiple_of(self.log_every)
    }

    /// Whether the schedule has a checkpoint at `step`. Others, written on a signal or at the end
    /// of a shorter run, are deleted once the next scheduled one is written.
    pub(crate) fn keeps_checkpoint(&self, step: u64) -> bool {
        step == self.last_step || self.compares_checkpoint(step)
    }

    /// Whether the checkpoint of `step` may be the best. One written only because the run ends
    /// there may not: a longer run does not have it.
    pub(crate) fn compares_checkpoint(&self, step: u64) -> bool {
        step > 0 && step.is_multiple_of(self.checkpoint_every)
    }

    /// Whether `step` has a row in `scores.csv`.
    pub(crate) fn scores(&self, step: u64) -> bool {
        self.score_every > 0 && step > 0 && step.is_multiple_of(self.score_every)
    }

    /// Whether a sample grid shows the generator after `step`.
    pub(crate) fn draws(&self, step: u64) -> bool {
        self.grid_every > 0 && (step == self.last_step || step.is_multiple_of(self.grid_every))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(n_images: usize) -> Steps {
        let settings = Train {
            epochs: 2,
            batch_size: 8,
            log_every: 2,
            checkpoint_every: 4,
            grid_every: 5,
            score_every: 2,
            ..Train::default()
        };
        Steps::new(&settings, n_images)
    }

    #[test]
    fn the_incomplete_batch_is_dropped() {
        let steps = steps(8 * 3 + 7);
        assert_eq!((steps.per_epoch, steps.last_step), (3, 6));
        let places: Vec<_> = (0..=6)
            .map(|s| (steps.epoch(s), steps.index_in_epoch(s)))
            .collect();
        assert_eq!(
            places,
            [(0, 0), (1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (2, 2)]
        );
    }

    #[test]
    fn learning_rates_stay_or_fall_to_half_each_half_life() {
        let mut settings = Train {
            batch_size: 8,
            ..Train::default()
        };
        let shares = |settings: &Train| {
            let steps = Steps::new(settings, 32);
            [1, 2, 3, 5, 9].map(|step| steps.learning_rate_share(step).to_bits())
        };
        assert_eq!(shares(&settings), [1.0_f64; 5].map(f64::to_bits));
        settings.learning_rate_half_life = 0.5; // Two steps of an epoch of four.
        let root = 0.5_f64.sqrt();
        let expected = [1.0, root, 0.5, 0.25, 0.0625].map(f64::to_bits);
        assert_eq!(shares(&settings), expected);
    }

    #[test]
    fn each_step_knows_what_is_due() {
        let steps = steps(24);
        let due =
            |f: fn(&Steps, u64) -> bool| (0..=6).filter(|&s| f(&steps, s)).collect::<Vec<_>>();
        assert_eq!(due(Steps::keeps_checkpoint), [4, 6]);
        assert_eq!(due(Steps::draws), [0, 5, 6]);
        assert_eq!(due(Steps::scores), [2, 4, 6]);
        assert_eq!(due(Steps::compares_checkpoint), [4]);
        assert_eq!(due(Steps::logs), [0, 2, 4, 6]);
    }
}
