//! Watching the discriminator's answers for signs that training collapses.

use dcgan::step::Trace;
use std::fmt;

/// D is sure of a batch where its mean answer is nearer to the truth than this.
const SURE: f32 = 0.01;
/// D tells nothing apart where its mean answers to real and generated images differ by less.
const BLIND: f32 = 0.01;
/// Generated images are alike to D where its answers to them spread by less than this share of what
/// its answers to real ones do.
const ALIKE: f32 = 0.01;

/// What D's answers say of a training that gets nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// D knows every image: G has fallen behind.
    Sure,
    /// All generated images are the same to D: G draws one.
    Alike,
    /// D tells nothing apart: G has nothing to learn from.
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
                "the discriminator is sure of every picture: the generator may have fallen behind \
                 for good"
            }
            Self::Alike => {
                "the discriminator answers the same to all generated pictures: the generator may \
                 draw but one"
            }
            Self::Blind => {
                "the discriminator tells nothing apart: the generator may have nothing to learn from"
            }
        })
    }
}

/// Counts how long a sign has lasted. Whatever it says changes no byte of a run.
#[derive(Debug)]
pub(crate) struct Watch {
    patience: usize,
    sign: Option<Sign>,
    lasted: usize,
}

impl Watch {
    /// A watch that speaks once a sign has lasted `patience` steps; never for 0.
    pub(crate) fn new(patience: usize) -> Self {
        Self {
            patience,
            sign: None,
            lasted: 0,
        }
    }

    /// Sees the next step; gives a sign at the step at which it has lasted long enough.
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
    fn a_sign_that_lasts_is_told_once() {
        for (answers, sign) in [
            (trace(0.995, 0.005, 1.0), Sign::Sure),
            (trace(0.7, 0.3, 0.001), Sign::Alike),
            (trace(0.5, 0.499, 1.0), Sign::Blind),
        ] {
            let mut watch = Watch::new(3);
            let told: Vec<_> = (0..7).map(|_| watch.see(&answers)).collect();
            assert_eq!(told[2], Some(sign));
            assert_eq!(told.iter().flatten().count(), 1);
            // It may come back.
            let healthy = trace(0.8, 0.2, 1.0);
            assert_eq!(watch.see(&healthy), None);
            let told = (0..3).filter_map(|_| watch.see(&answers)).count();
            assert_eq!(told, 1);
        }
    }

    #[test]
    fn healthy_answers_and_a_watch_of_nought_say_nothing() {
        let mut watch = Watch::new(1);
        assert_eq!(watch.see(&trace(0.8, 0.2, 1.0)), None);
        let mut watch = Watch::new(0);
        let sure = trace(1.0, 0.0, 1.0);
        assert!((0..9).all(|_| watch.see(&sure).is_none()));
    }
}
