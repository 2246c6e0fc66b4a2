//! Initial weights: a function of the seed, distributed as in the original.

use crate::fixtures::labelled;
use dcgan::{Arrays, Config, Discriminator, Generator};

fn arrays(config: &Config, seed: u64) -> Arrays {
    let mut arrays = Generator::init(config, seed).unwrap().arrays().unwrap();
    arrays.extend(Discriminator::init(config, seed).unwrap().arrays().unwrap());
    arrays
}

#[test]
fn seed_decides_every_weight() {
    let config = labelled();
    assert_eq!(arrays(&config, 7), arrays(&config, 7));
    let (one, other) = (arrays(&config, 7), arrays(&config, 8));
    for ((name, (_, one)), (_, (_, other))) in one.iter().zip(&other) {
        let drawn = name.ends_with("/Matrix") || name.ends_with("/w");
        assert_eq!(one != other, drawn, "{name}");
    }
}

/// Of two weights of one network, neither repeats the other's numbers.
#[test]
fn weights_are_drawn_apart() {
    let arrays = arrays(&labelled(), 1);
    let mut starts: Vec<[u32; 4]> = arrays
        .iter()
        .filter(|(name, _)| name.ends_with("/Matrix") || name.ends_with("/w"))
        .map(|(_, (_, values))| [0, 1, 2, 3].map(|idx| values[idx].to_bits()))
        .collect();
    let n_drawn = starts.len();
    assert_eq!(n_drawn, 8);
    starts.sort_unstable();
    starts.dedup();
    assert_eq!(starts.len(), n_drawn);
}

#[test]
fn biases_and_batch_norms_start_as_the_original() {
    for (name, (_, values)) in arrays(&labelled(), 1) {
        let what = name.rsplit_once('/').unwrap().1;
        let start = match what {
            "bias" | "biases" | "beta" | "moving_mean" => 0.0_f32,
            "gamma" | "moving_variance" => 1.0,
            _ => continue,
        };
        let same = |value: &f32| value.to_bits() == start.to_bits();
        assert!(values.iter().all(same), "{name}");
    }
}

/// Mean and standard deviation within five standard errors (excess kurtosis of a cut normal is
/// negative, so the normal's error bounds both), and the cut at two standard deviations.
#[test]
fn distributions_are_the_original_ones() {
    let arrays = arrays(&Config::labelled(28, 28, 1, 10), 1);
    // Standard deviation of a normal that is cut at two: sqrt(1 - 4·pdf(2)/(2·cdf(2) - 1)).
    let cut_stddev = 0.02 * 0.879_625_7;
    for (name, stddev, cut) in [
        ("generator/g_h0_lin/Matrix", 0.02, false),
        ("generator/g_h1_lin/Matrix", 0.02, false),
        ("generator/g_h2/w", 0.02, false),
        ("discriminator/d_h2_lin/Matrix", 0.02, false),
        ("discriminator/d_h0_conv/w", cut_stddev, true),
        ("discriminator/d_h1_conv/w", cut_stddev, true),
    ] {
        let values = &arrays[name].1;
        let n = values.len() as f64;
        let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / n;
        let square = |&value: &f32| (f64::from(value) - mean).powi(2);
        let got = (values.iter().map(square).sum::<f64>() / n).sqrt();
        assert!(mean.abs() < 5.0 * stddev / n.sqrt(), "{name}: mean {mean}");
        let error = 5.0 * stddev / (2.0 * n).sqrt();
        assert!((got - stddev).abs() < error, "{name}: deviation {got}");
        let largest = values
            .iter()
            .fold(0.0_f32, |max, value| max.max(value.abs()));
        assert_eq!(largest <= 0.04, cut, "{name}: largest {largest}");
        assert!(largest > 0.035, "{name}: largest {largest}");
    }
}
