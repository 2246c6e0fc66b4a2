//! Tests of the distributions. Seeds are fixed, so failures are not random.

use dcgan_random::{Purpose, Stream};
use proptest::prelude::*;

const N: usize = 200_000;

fn draw(mut next: impl FnMut(&mut Stream) -> f32) -> Vec<f64> {
    let mut stream = Stream::new(11, Purpose::Synthetic, 0);
    (0..N).map(|_| f64::from(next(&mut stream))).collect()
}

/// Mean and variance.
fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (
        mean,
        values
            .iter()
            .map(|value| (value - mean).powi(2))
            .sum::<f64>()
            / n,
    )
}

#[track_caller]
fn check_close(what: &str, got: f64, expected: f64, bound: f64) {
    assert!(
        (got - expected).abs() < bound,
        "{what}: expected {expected} +- {bound}, got {got}"
    );
}

/// Compares the largest distance between the empirical distribution and `cdf` with the 0.1 % point
/// of Kolmogorov's distribution.
#[track_caller]
fn check_distribution(mut values: Vec<f64>, cdf: impl Fn(f64) -> f64) {
    values.sort_by(f64::total_cmp);
    let n = values.len() as f64;
    let distance = values
        .iter()
        .enumerate()
        .map(|(rank, &value)| {
            let expected = cdf(value);
            (expected - rank as f64 / n)
                .abs()
                .max((expected - (rank + 1) as f64 / n).abs())
        })
        .fold(0.0, f64::max);
    assert!(distance < 1.95 / n.sqrt(), "distance {distance}");
}

fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)
}

#[test]
fn uniform_is_uniform() {
    let values = draw(Stream::uniform);
    let (mean, variance) = moments(&values);
    check_close("mean", mean, 0.5, 0.003);
    check_close("variance", variance, 1.0 / 12.0, 0.001);
    assert!(values.iter().all(|value| (0.0..1.0).contains(value)));
    check_distribution(values, |x| x);
}

#[test]
fn normal_is_normal_and_its_pairs_are_uncorrelated() {
    let values = draw(Stream::normal);
    let (mean, variance) = moments(&values);
    check_close("mean", mean, 0.0, 0.01);
    check_close("variance", variance, 1.0, 0.015);
    let products: Vec<f64> = values
        .chunks_exact(2)
        .map(|pair| pair[0] * pair[1])
        .collect();
    check_close("covariance of a pair", moments(&products).0, 0.0, 0.012);
    check_distribution(values, normal_cdf);
}

#[test]
fn truncated_normal_has_the_variance_of_the_cut_distribution() {
    let values = draw(Stream::truncated_normal);
    assert!(values.iter().all(|value| value.abs() <= 2.0));
    let (mean, variance) = moments(&values);
    check_close("mean", mean, 0.0, 0.01);
    // 1 - 4 phi(2) / (2 Phi(2) - 1).
    check_close("variance", variance, 0.773_741, 0.01);
    let inside = normal_cdf(2.0) - normal_cdf(-2.0);
    check_distribution(values, |x| (normal_cdf(x) - normal_cdf(-2.0)) / inside);
}

#[test]
fn below_hits_every_number_equally_often() {
    let mut stream = Stream::new(11, Purpose::Bootstrap, 0);
    let mut counts = [0_u32; 7];
    for _ in 0..70_000 {
        counts[stream.below(7) as usize] += 1;
    }
    let chi_square: f64 = counts
        .iter()
        .map(|&count| (f64::from(count) - 10_000.0).powi(2) / 10_000.0)
        .sum();
    // The 0.1 % point with six degrees of freedom.
    assert!(chi_square < 22.46, "{counts:?}");
}

#[test]
fn permutations_are_equally_likely() {
    let mut counts = std::collections::BTreeMap::new();
    for epoch in 0..24_000 {
        let order = Stream::new(11, Purpose::BatchOrder, epoch).permutation(4);
        *counts.entry(order).or_insert(0_u32) += 1;
    }
    assert_eq!(counts.len(), 24);
    let chi_square: f64 = counts
        .values()
        .map(|&count| (f64::from(count) - 1000.0).powi(2) / 1000.0)
        .sum();
    // The 0.1 % point with 23 degrees of freedom.
    assert!(chi_square < 49.73, "{counts:?}");
}

#[test]
fn neighbouring_streams_share_nothing() {
    let first = |seed, index| {
        Stream::new(seed, Purpose::Latent, index)
            .uniform()
            .to_bits()
    };
    let mut seen: Vec<u32> = (0..300).map(|index| first(0, index)).collect();
    seen.extend((1..300).map(|seed| first(seed, 0)));
    let drawn = seen.len();
    seen.sort_unstable();
    seen.dedup();
    // Among 599 draws out of 2^24, two are equal by chance in one of a hundred tries.
    assert!(seen.len() + 1 >= drawn);
}

proptest! {
    #[test]
    fn uniform_in_stays_inside(low in -1e30_f32..1e30, width in 1e-30_f32..1e30, seed: u64) {
        let high = low + width;
        let mut stream = Stream::new(seed, Purpose::Synthetic, 0);
        for _ in 0..20 {
            let value = stream.uniform_in(low, high);
            prop_assert!(value >= low && (value < high || low.to_bits() == high.to_bits()));
        }
    }

    #[test]
    fn below_stays_below(n: u32, seed: u64) {
        let value = Stream::new(seed, Purpose::Bootstrap, 0).below(n);
        prop_assert!(value < n || n == 0 && value == 0);
    }

    #[test]
    fn permutation_holds_each_number_once(n in 0_u32..300, seed: u64) {
        let mut order = Stream::new(seed, Purpose::BatchOrder, 0).permutation(n);
        order.sort_unstable();
        prop_assert!(order.into_iter().eq(0..n));
    }
}

#[test]
fn uniform_in_never_reaches_the_upper_end_even_where_it_rounds() {
    // Between two neighbouring floats every product but 0 rounds to one of the two.
    let (low, high) = (1.0_f32, 1.0 + f32::EPSILON);
    let mut stream = Stream::new(0, Purpose::Synthetic, 0);
    for _ in 0..1000 {
        assert_eq!(stream.uniform_in(low, high).to_bits(), low.to_bits());
    }
}

#[test]
fn empty_or_endless_ranges_give_their_lower_end() {
    let mut stream = Stream::new(0, Purpose::Synthetic, 0);
    assert_eq!(stream.uniform_in(2.0, 2.0).to_bits(), 2.0_f32.to_bits());
    assert_eq!(stream.uniform_in(2.0, 1.0).to_bits(), 2.0_f32.to_bits());
    assert_eq!(
        stream.uniform_in(f32::MIN, f32::MAX).to_bits(),
        f32::MIN.to_bits()
    );
}
