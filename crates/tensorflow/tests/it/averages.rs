//! Checkpoints without named moving averages.

use crate::support::{open, values_of};
use dcgan_tensorflow::OriginalNetworks;

fn find(name: &str) -> OriginalNetworks {
    OriginalNetworks::find(&open(name), Some([22, 30])).unwrap()
}

#[test]
fn averages_of_moments_are_found() {
    let networks = find("unlabelled-2016-05");
    for (name, moment) in [
        ("generator/g_bn0/moving_mean", "g_bn0/g_bn0/moments/Squeeze"),
        (
            "generator/g_bn0/moving_variance",
            "g_bn0/g_bn0/moments/Squeeze_1",
        ),
        (
            "generator/g_bn3/moving_variance",
            "g_bn3/g_bn3/moments/Squeeze_1",
        ),
        (
            "discriminator/d_bn2/moving_mean",
            "d_bn2/d_bn2/moments/Squeeze",
        ),
        (
            "discriminator/d_bn2/moving_variance",
            "d_bn2/d_bn2/moments/Squeeze_1",
        ),
    ] {
        let (shape, values) = &networks.weights[name];
        let expected = values_of(&format!("{moment}/ExponentialMovingAverage"), shape[0]);
        assert_eq!(*values, expected, "{name}");
    }
}

/// z is uniform in [-1, 1) and the bias zero, so an output of the first layer has mean 0 and
/// variance sum(w²)/3; batch norm spans the positions of a channel.
#[test]
fn averages_that_were_never_kept_are_measured() {
    let networks = find("unlabelled-2016-01");
    let channels = 8;
    let (_, matrix) = &networks.weights["generator/g_h0_lin/Matrix"];
    let mut variances = vec![0.0; channels];
    for (place, &weight) in matrix.iter().enumerate() {
        // Four positions, 64 batches of unbiased variances.
        variances[place % channels] += f64::from(weight).powi(2) / 3.0 / 4.0;
    }
    let (_, means) = &networks.weights["generator/g_bn0/moving_mean"];
    let (_, measured) = &networks.weights["generator/g_bn0/moving_variance"];
    for channel in 0..channels {
        let variance = variances[channel];
        let ratio = f64::from(measured[channel]) / variance;
        assert!((ratio - 1.0).abs() < 0.05, "{channel}: {ratio}");
        let mean = f64::from(means[channel]) / variance.sqrt();
        assert!(mean.abs() < 0.05, "{channel}: {mean}");
    }
    let (_, values) = &networks.weights["generator/g_bn3/moving_variance"];
    assert!(values[0] > 0.0 && (values[0] - 1.0).abs() > 1e-3);
    assert_eq!(
        networks.weights["discriminator/d_bn1/moving_mean"].1,
        [0.0; 2]
    );
    assert_eq!(
        networks.weights["discriminator/d_bn1/moving_variance"].1,
        [1.0; 2]
    );
    assert_eq!(networks.weights["generator/g_h2/biases"].1, [0.0; 2]);
    assert_eq!(networks.weights["discriminator/d_h4_lin/bias"].1, [0.0]);
}
