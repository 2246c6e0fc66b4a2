//! Fréchet and kernel distance.

use crate::vectors::{assert_close, doubles, floats, measures, size};
use dcgan_metrics::{
    Classified, Error, Features, FrechetReference, Gaussian, frechet_distance, kernel_distance,
    kernel_distance_interval,
};
use dcgan_random::{Purpose, Stream};

fn normal(n: usize, shift: f32, index: u64) -> Vec<f32> {
    let mut stream = Stream::new(3, Purpose::Synthetic, index);
    (0..n).map(|_| stream.normal() + shift).collect()
}

#[test]
fn distances_are_those_of_scipy_and_torch_fidelity() {
    let vectors = measures();
    let (real, generated) = (floats(&vectors["real"]), floats(&vectors["generated"]));
    let d = size(&vectors["d"]);
    let (real, generated) = (
        Features::new(&real, d).unwrap(),
        Features::new(&generated, d).unwrap(),
    );
    let gaussian = Gaussian::of(&real).unwrap();
    for (got, expected) in gaussian.mean.iter().zip(doubles(&vectors["mean"])) {
        assert_close(*got, expected);
    }
    for (got, expected) in gaussian
        .covariance
        .iter()
        .zip(doubles(&vectors["covariance"]))
    {
        assert_close(*got, expected);
    }
    let other = Gaussian::of(&generated).unwrap();
    let expected = vectors["frechet_distance"].as_f64().unwrap();
    // The reference takes the root of a product, the crate of a symmetric matrix: rounding differs.
    let got = frechet_distance(&gaussian, &other).unwrap();
    assert!((got - expected).abs() < 1e-9 * expected, "{got} {expected}");
    let expected = vectors["kernel_distance"].as_f64().unwrap();
    assert_close(kernel_distance(&real, &generated).unwrap(), expected);
}

#[test]
fn frechet_distance_by_hand() {
    // Means 1 apart in the first of two coordinates; standard deviations 1, 1 and 2, 3:
    // 1 + (2 - 1)^2 + (3 - 1)^2.
    let a = Gaussian {
        mean: vec![0.0, 0.0],
        covariance: vec![1.0, 0.0, 0.0, 1.0],
    };
    let b = Gaussian {
        mean: vec![1.0, 0.0],
        covariance: vec![4.0, 0.0, 0.0, 9.0],
    };
    assert_close(frechet_distance(&a, &b).unwrap(), 6.0);
    assert_close(frechet_distance(&b, &a).unwrap(), 6.0);
    assert_close(frechet_distance(&b, &b).unwrap(), 0.0);
    // A constant coordinate, on one side or both.
    let c = Gaussian {
        mean: vec![0.0, 0.0],
        covariance: vec![1.0, 0.0, 0.0, 0.0],
    };
    assert_close(frechet_distance(&a, &c).unwrap(), 1.0);
    assert_close(frechet_distance(&c, &c).unwrap(), 0.0);
}

#[test]
fn diversity_is_the_mean_squared_distance_of_pairs() {
    let values = normal(30, 0.0, 1);
    let features = Features::new(&values, 3).unwrap();
    let points: Vec<&[f32]> = values.chunks(3).collect();
    let mut sum = 0.0;
    for x in &points {
        for y in &points {
            sum += x
                .iter()
                .zip(*y)
                .map(|(x, y)| f64::from(x - y).powi(2))
                .sum::<f64>();
        }
    }
    let got = Gaussian::of(&features).unwrap().diversity();
    assert!((got - sum / 90.0).abs() < 1e-5, "{got} {}", sum / 90.0);
}

#[test]
fn intervals_hold_the_distance() {
    let (real, generated) = (normal(4000 * 2, 0.0, 1), normal(4000 * 2, 0.5, 2));
    let (real, generated) = (
        Features::new(&real, 2).unwrap(),
        Features::new(&generated, 2).unwrap(),
    );
    let reference = FrechetReference::of(&real).unwrap();
    let estimate = reference
        .distance_with_variance(&generated, 0)
        .unwrap()
        .estimate();
    let whole = reference.distance(&Gaussian::of(&generated).unwrap());
    assert_close(estimate.value, whole.unwrap());
    // The distance is about |m1 - m2|^2 = 0.5, whose standard error for the generated mean alone
    // is 2 sqrt(0.5) sqrt(1 / 4000) = 0.0224.
    let interval = estimate.interval.unwrap();
    let half = (interval.high - interval.low) / 2.0;
    assert_close(estimate.value - interval.low, half);
    assert!((0.025..0.065).contains(&half), "{interval:?}");

    let estimate = kernel_distance_interval(&real, &generated, 500, 0).unwrap();
    let interval = estimate.interval.unwrap();
    assert!(
        interval.low > 0.0 && interval.low < estimate.value,
        "{interval:?}"
    );
    let same = kernel_distance_interval(&real, &real.rows(0..4000), 500, 0).unwrap();
    assert!(same.value.abs() < interval.low, "{same:?}");
    // A single subset has a figure but no spread.
    let single = kernel_distance_interval(&real, &generated, 4000, 0).unwrap();
    assert_close(single.value, kernel_distance(&real, &generated).unwrap());
    assert_eq!(single.interval, None);
}

/// The figures do not depend on how a set is sorted, except for the randomness of splits.
#[test]
fn sorted_sets_have_the_figures_of_shuffled_ones() {
    fn of(values: &[f32]) -> Features<'_> {
        Features::new(values, 2).unwrap()
    }
    let (real, values) = (normal(1000 * 2, 0.0, 1), normal(1000 * 2, 0.2, 2));
    let mut points: Vec<[f32; 2]> = values.as_chunks::<2>().0.to_vec();
    points.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let sorted = points.as_flattened();
    let reference = FrechetReference::of(&of(&real)).unwrap();
    let figures = |values: &[f32]| {
        let frechet = reference.distance_with_variance(&of(values), 0).unwrap();
        let kernel = kernel_distance_interval(&of(&real), &of(values), 100, 0).unwrap();
        let score = Classified::new(values, 2).unwrap();
        let score = score.score_over_splits(10, 0).unwrap();
        [frechet.estimate(), kernel, score]
    };
    for (a, b) in figures(&values).into_iter().zip(figures(sorted)) {
        let [ends_a, ends_b] = [a, b].map(|estimate| estimate.interval.unwrap());
        assert!((ends_b.low..ends_b.high).contains(&a.value), "{a:?} {b:?}");
        assert!((ends_a.low..ends_a.high).contains(&b.value), "{a:?} {b:?}");
        let widths = [ends_a, ends_b].map(|ends| ends.high - ends.low);
        let ratio = widths[0] / widths[1];
        assert!((0.4..2.5).contains(&ratio), "{a:?} {b:?}");
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let of = |values, d| Features::new(values, d).unwrap_err().to_string();
    assert_eq!(
        of(&[1.0, 2.0, 3.0], 2),
        "`features` has 3 values, expected 2"
    );
    assert_eq!(
        of(&[1.0, f32::NAN], 2),
        "value 1 of `features` is NaN, expected a finite number"
    );
    assert_eq!(of(&[], 0), "`d` is 0, expected at least 1");
    let values = [0.0; 12];
    let (a, b) = (
        Features::new(&values, 3).unwrap(),
        Features::new(&values, 4).unwrap(),
    );
    assert!(matches!(
        kernel_distance(&a, &b),
        Err(Error::Length {
            expected: 3,
            got: 4,
            ..
        })
    ));
    assert!(matches!(
        FrechetReference::of(&a)
            .unwrap()
            .distance_with_variance(&a, 0),
        Err(Error::TooFew { got: 4, .. })
    ));
    assert!(matches!(
        Gaussian::of(&a.rows(0..1)),
        Err(Error::TooFew { expected: 2, .. })
    ));
}
