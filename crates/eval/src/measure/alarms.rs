//! Alarms: figures compared with the thresholds of the settings.

use crate::figures::{Alarm, QualityFigures};
use crate::measure::discriminator::{Kind, Statistics};
use dcgan_artifacts::Columns;
use dcgan_settings::Alarms;
use std::collections::BTreeMap;

/// Steps over which the discriminator's accuracy is smoothed before computing its swing.
const SMOOTHING: f64 = 100.0;

/// Each alarm whose figure is known, with its threshold and whether it is raised.
pub(crate) fn alarms(
    bounds: &Alarms,
    statistics: Option<&Statistics>,
    quality: &QualityFigures,
    curves: Option<&Columns>,
) -> BTreeMap<String, Alarm> {
    let mut alarms = BTreeMap::new();
    let mut add = |name: &str, value: Option<f64>, bound: f64, is_upper: bool| {
        if let Some(value) = value {
            let raised = if is_upper {
                value >= bound
            } else {
                value <= bound
            };
            let raised = u8::from(raised);
            let alarm = Alarm {
                value,
                bound,
                raised,
            };
            alarms.insert(name.to_owned(), alarm);
        }
    };
    let accuracy = |kind| Some(statistics?.overall(kind)?.accuracy);
    let (train, test) = (accuracy(Kind::Train), accuracy(Kind::Test));
    let generated = statistics.and_then(|s| s.overall(Kind::Generated));
    let saturated = train
        .zip(generated)
        .map(|(train, g)| f64::midpoint(train, g.accuracy));
    add(
        "discriminator_saturated",
        saturated,
        bounds.discriminator_saturated,
        true,
    );
    let believed = generated.map(|generated| generated.probability.mean);
    add(
        "generator_saturated",
        believed,
        bounds.generator_saturated,
        false,
    );
    let gap = train.zip(test).map(|(train, test)| train - test);
    add("overfitting", gap, bounds.overfitting, true);
    add("collapse", least_diversity(quality), bounds.collapse, false);
    let swing = curves.and_then(|curves| swing(curves.get("d_accuracy")?));
    add("oscillation", swing, bounds.oscillation, true);
    alarms
}

/// The lowest diversity of a class, relative to real images.
fn least_diversity(quality: &QualityFigures) -> Option<f64> {
    let classes = quality.diversity_by_class.as_ref()?;
    classes
        .values()
        .filter_map(|class| Some(class.value / class.real?))
        .min_by(f64::total_cmp)
}

/// The range of the smoothed values in the second half.
fn swing(values: &[f64]) -> Option<f64> {
    let mut mean = f64::NAN;
    let smooth = values.iter().filter(|v| v.is_finite()).map(|&value| {
        mean = if mean.is_nan() {
            value
        } else {
            mean + (value - mean) / SMOOTHING
        };
        mean
    });
    let half: Vec<f64> = smooth.skip(values.len() / 2).collect();
    let most = half.iter().copied().max_by(f64::total_cmp)?;
    let least = half.iter().copied().min_by(f64::total_cmp)?;
    Some(most - least)
}

#[cfg(test)]
mod tests {
    use super::{least_diversity, swing};
    use crate::figures::{ByName, Figure, QualityFigures};

    #[test]
    fn a_steady_discriminator_does_not_swing_and_a_wild_one_does() {
        assert_eq!(swing(&[0.7; 1000]), Some(0.0));
        let wild: Vec<f64> = (0..4000)
            .map(|i| f64::from(u8::from(i / 500 % 2 == 0)))
            .collect();
        assert!(swing(&wild).unwrap() > 0.9);
        assert_eq!(swing(&[]), None);
    }

    #[test]
    fn the_least_varied_class_counts() {
        let of = |value, real| Figure::without_interval(value, real);
        let classes = [("a", of(1.0, 2.0)), ("b", of(3.0, 3.0))];
        let classes = classes.map(|(name, figure)| (name.to_owned(), figure));
        let quality = |diversity_by_class| QualityFigures {
            diversity_by_class,
            ..QualityFigures::default()
        };
        let some = quality(Some(ByName::from(classes)));
        assert_eq!(least_diversity(&some), Some(0.5));
        assert_eq!(least_diversity(&quality(None)), None);
    }
}
