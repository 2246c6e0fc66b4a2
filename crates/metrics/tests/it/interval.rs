//! Bootstrap, jackknife, subsets.

use crate::vectors::assert_close;
use dcgan_metrics::{bootstrap_mean, jackknife, mean_of_subsets};
use dcgan_random::{Purpose, Stream};

#[test]
fn the_bootstrap_covers_as_the_normal_interval_does() {
    // 400 hits of 1,000: standard error sqrt(0.4 x 0.6 / 1000) = 0.01549, half width 0.0304.
    let values: Vec<f64> = (0..1000).map(|i| f64::from(u8::from(i % 5 < 2))).collect();
    let interval = bootstrap_mean(&values, 2000, 1).unwrap();
    assert_close(interval.value, 0.4);
    assert!((interval.low - 0.3696).abs() < 0.003, "{interval:?}");
    assert!((interval.high - 0.4304).abs() < 0.003, "{interval:?}");
    assert_eq!(interval, bootstrap_mean(&values, 2000, 1).unwrap());
    assert_ne!(interval, bootstrap_mean(&values, 2000, 2).unwrap());
}

#[test]
fn the_jackknife_of_a_mean_is_its_standard_error() {
    // Leaving out one value at a time gives exactly s / sqrt n.
    let mut stream = Stream::new(1, Purpose::Synthetic, 0);
    let values: Vec<f64> = (0..50).map(|_| f64::from(stream.normal())).collect();
    let sum: f64 = values.iter().sum();
    let without: Vec<f64> = values.iter().map(|v| (sum - v) / 49.0).collect();
    let by_jackknife = jackknife(sum / 50.0, &without).unwrap();
    let by_definition = mean_of_subsets(&values).unwrap();
    assert_close(by_jackknife.low, by_definition.low);
    assert_close(by_jackknife.high, by_definition.high);
}

#[test]
fn subsets_by_hand() {
    // 1, 3: mean 2, s = sqrt 2, s / sqrt 2 = 1.
    let interval = mean_of_subsets(&[1.0, 3.0]).unwrap();
    assert_close(interval.value, 2.0);
    assert_close(interval.high, 2.0 + 1.959_963_984_540_054);
    assert!(mean_of_subsets(&[1.0]).is_err());
    assert!(jackknife(1.0, &[1.0]).is_err());
    assert!(bootstrap_mean(&[], 10, 0).is_err());
}
