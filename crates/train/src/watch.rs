//! Watches the discriminator's output for signs that training collapses.

use dcgan::step::Trace;
use std::fmt;

/// [`Sign::Sure`]: the mean of D(x) is within this of 1, and of D(G(z)) within this of 0.
const SURE: f32 = 0.01;
/// [`Sign::Blind`]: the means of D(x) and D(G(z)) differ by less.
const BLIND: f32 = 0.01;
/// [`Sign::Alike`]: the spread of the logits of generated images is less than this share of the
/// spread for real ones.
const ALIKE: f32 = 0.01;

/// Signs of a collapsed training.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// D is almost certain about every image, so G may no longer learn.
    Sure,
    /// D gives all generated images the same logit: G may draw a single image.
    Alike,
    /// D does not separate real from generated images, so G has nothing to learn from.
    Blind,
}

impl Sign {
    fn of(trace: &Trace) -> Option<Self> {
        let (real, fake) = (trace.d_real_mean, trace.d_fake_mean);
        if real > 1.0 - SURE && fake < SURE {
            Some(Self::Sure)
        } else if trace.d_spread < ALIKE {
            Some(Self::Alike)
        } else if (real - fake).abs() < BLIND {
            Some(Self::Blind)
        } else {
            None
        }
    }
}

impl fmt::Display for Sign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sure => {
                "the discriminator is almost certain about every picture: the generator may not \
                catch up"
            }
            Self::Alike => {
                "the discriminator gives the same value to all generated pictures: the generator \
                may draw only one"
            }
            Self::Blind => {
                "the discriminator does not separate real from generated pictures: the generator \
                may have nothing to learn from"
            }
        })
    }
}

/// Counts how long a sign has lasted. It only warns: no byte of a run depends on it.
#[derive(Debug)]
pub(crate) struct Watch {
    patience: usize,
    sign: Option<Sign>,
    lasted: usize,
}

impl Watch {
    /// Warns once a sign has lasted `patience` steps; never if that is 0.
    pub(crate) fn new(patience: usize) -> Self {
        Self {
            patience,
            sign: None,
            lasted: 0,
        }
    }

    /// Takes the next step's trace; returns a sign at the step when it has lasted long enough.
    pub(crate) fn see(&mut self, trace: &Trace) -> Option<Sign> {
        let sign = Sign::of(trace);
        if sign != self.sign {
            (self.sign, self.lasted) = (sign, 0);
        }
        self.lasted = self.lasted.saturating_add(1);
        sign.filter(|_| self.lasted == self.patience)
    }
}

#[cfg(test)]
mod tests {
    use super::{Sign, Watch};
    use dcgan::step::Trace;

    fn trace(d_real_mean: f32, d_fake_mean: f32, d_spread: f32) -> Trace {
        Trace {
            d_real_mean,
            d_fake_mean,
            d_spread,
            ..Trace::default()
        }
    }

    #[test]
    fn a_lasting_sign_is_reported_once() {
        for (answers, sign) in [
            (trace(0.995, 0.005, 1.0), Sign::Sure),
            (trace(0.7, 0.3, 0.001), Sign::Alike),
            (trace(0.5, 0.499, 1.0), Sign::Blind),
        ] {
            let mut watch = Watch::new(3);
            let told: Vec<_> = (0..7).map(|_| watch.see(&answers)).collect();
            assert_eq!(told[2], Some(sign));
            assert_eq!(told.iter().flatten().count(), 1);
            // A sign that returns is reported again.
            let healthy = trace(0.8, 0.2, 1.0);
            assert_eq!(watch.see(&healthy), None);
            let told = (0..3).filter_map(|_| watch.see(&answers)).count();
            assert_eq!(told, 1);
        }
    }

    #[test]
    fn healthy_output_and_a_patience_of_zero_give_no_sign() {
        let mut watch = Watch::new(1);
        assert_eq!(watch.see(&trace(0.8, 0.2, 1.0)), None);
        let mut watch = Watch::new(0);
        let sure = trace(1.0, 0.0, 1.0);
        assert!((0..9).all(|_| watch.see(&sure).is_none()));
    }
}
