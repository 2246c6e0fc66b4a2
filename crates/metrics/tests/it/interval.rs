//! Bootstrap, jackknife, subsets, shares: against values computed by hand, and how often each
//! interval contains the truth.

use crate::vectors::assert_close;
use dcgan_metrics::{
    Classified, Estimate, Features, FrechetReference, Interval, LEAST_GROUPS, Uncertain,
    bootstrap_mean, jackknife, kernel_distance_interval, mean_of_subsets, share,
};
use dcgan_random::{Purpose, Stream};

fn ends(estimate: Estimate) -> Interval {
    estimate.interval.unwrap()
}

fn normals(n: usize, index: u64) -> Vec<f64> {
    let mut stream = Stream::new(1, Purpose::Synthetic, index);
    (0..n).map(|_| f64::from(stream.normal())).collect()
}

#[test]
fn the_bootstrap_of_many_values_is_the_normal_interval() {
    // 400 hits of 1,000: standard error sqrt(0.4 x 0.6 / 1000) = 0.01549, half width 0.0304.
    let values: Vec<f64> = (0..1000).map(|i| f64::from(u8::from(i % 5 < 2))).collect();
    let estimate = bootstrap_mean(&values, 2000, 1).unwrap();
    assert_close(estimate.value, 0.4);
    let Interval { low, high } = ends(estimate);
    assert!((low - 0.3696).abs() < 0.003, "{low}");
    assert!((high - 0.4304).abs() < 0.003, "{high}");
    assert_eq!(estimate, bootstrap_mean(&values, 2000, 1).unwrap());
    assert_ne!(estimate, bootstrap_mean(&values, 2000, 2).unwrap());
}

#[test]
fn the_jackknife_of_a_mean_is_its_standard_error() {
    // Leaving out one value at a time gives exactly s / sqrt n.
    let values = normals(50, 0);
    let sum: f64 = values.iter().sum();
    let without: Vec<f64> = values.iter().map(|v| (sum - v) / 49.0).collect();
    let by_jackknife = ends(jackknife(sum / 50.0, &without).unwrap().estimate());
    let by_definition = ends(mean_of_subsets(&values).unwrap());
    assert_close(by_jackknife.low, by_definition.low);
    assert_close(by_jackknife.high, by_definition.high);
}

#[test]
fn figures_by_hand() {
    // 1 to 5: mean 3, s = sqrt 2.5, s / sqrt 5 = sqrt 0.5; t of 4 degrees of freedom is 2.7764.
    let estimate = mean_of_subsets(&[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
    assert_close(estimate.value, 3.0);
    let half = 2.776_445_105_197_8 * 0.5_f64.sqrt();
    assert!((ends(estimate).high - 3.0 - half).abs() < 1e-9);
    assert!((ends(estimate).low - 3.0 + half).abs() < 1e-9);
    // Wilson's interval of 1 of 10, by statsmodels' `proportion_confint`.
    let flags: Vec<bool> = (0..10).map(|i| i == 0).collect();
    let estimate = share(&flags).unwrap();
    assert_close(estimate.value, 0.1);
    assert!((ends(estimate).low - 0.017_876_213_095_073).abs() < 1e-12);
    assert!((ends(estimate).high - 0.404_150_026_795_238).abs() < 1e-12);
    // None of ten does not prove that there are none.
    let Interval { low, high } = ends(share(&[false; 10]).unwrap());
    assert!(low == 0.0 && (0.27..0.28).contains(&high), "{low} {high}");
    assert_eq!(
        ends(share(&[true; 10]).unwrap()).high.to_bits(),
        1.0_f64.to_bits()
    );
    // The mean of two figures of variance 4 and 1: (4 + 1) / 4, and 25 / (16 / 10 + 1 / 20).
    let of = |value, variance, degrees| Uncertain {
        value,
        variance,
        degrees,
    };
    let mean = Uncertain::mean(&[of(1.0, 4.0, 10.0), of(2.0, 1.0, 20.0)]).unwrap();
    assert_close(mean.value, 1.5);
    assert_close(mean.variance, 1.25);
    assert_close(mean.degrees, 25.0 / 1.65);
    // With variance 0 there is still an interval.
    let certain = Uncertain::mean(&[of(1.0, 0.0, 4.0); 2]).unwrap().estimate();
    assert_eq!(
        ends(certain),
        Interval {
            low: 1.0,
            high: 1.0
        }
    );
}

#[test]
fn fewer_than_five_groups_have_no_interval() {
    assert_eq!(LEAST_GROUPS, 5);
    for n in [1, 4] {
        let (values, flags) = (normals(n, 1), vec![true; n]);
        assert_eq!(mean_of_subsets(&values).unwrap().interval, None);
        assert_eq!(bootstrap_mean(&values, 10, 0).unwrap().interval, None);
        assert_eq!(share(&flags).unwrap().interval, None);
    }
    for n in [2, 4] {
        let figure = jackknife(1.0, &normals(n, 1)).unwrap();
        assert_eq!(figure.estimate().interval, None);
    }
    let values = normals(5, 1);
    assert!(mean_of_subsets(&values).unwrap().interval.is_some());
    assert!(bootstrap_mean(&values, 10, 0).unwrap().interval.is_some());
    assert!(share(&[true; 5]).unwrap().interval.is_some());
    let figure = jackknife(1.0, &values).unwrap();
    assert!(figure.estimate().interval.is_some());
    assert!(mean_of_subsets(&[]).is_err());
    assert!(jackknife(1.0, &[1.0]).is_err());
    assert!(bootstrap_mean(&[], 10, 0).is_err());
    assert!(bootstrap_mean(&[1.0], 0, 0).is_err());
    assert!(share(&[]).is_err());
    assert!(Uncertain::mean(&[]).is_err());
}

#[test]
fn the_order_of_values_changes_no_byte() {
    let values = normals(333, 2);
    let mut sorted = values.clone();
    sorted.sort_by(f64::total_cmp);
    let backwards: Vec<f64> = sorted.iter().rev().copied().collect();
    let of = |values: &[f64]| bootstrap_mean(values, 200, 3).unwrap();
    assert_eq!(of(&values), of(&sorted));
    assert_eq!(of(&values), of(&backwards));
}

/// Share of the estimates whose interval contains `truth`, or their mean if it is `None`.
fn coverage(estimates: &[Estimate], truth: Option<f64>) -> f64 {
    let n = estimates.len() as f64;
    let mean = estimates.iter().map(|e| e.value).sum::<f64>() / n;
    let truth = truth.unwrap_or(mean);
    let holds = |estimate: &&Estimate| {
        let Interval { low, high } = ends(**estimate);
        (low..=high).contains(&truth)
    };
    estimates.iter().filter(holds).count() as f64 / n
}

fn assert_covers(what: &str, got: f64, expected: std::ops::Range<f64>) {
    assert!(expected.contains(&got), "{what} covers {got}");
}

#[test]
fn students_interval_covers_95_of_100() {
    for groups in [5, 10, 20] {
        let of = |i| mean_of_subsets(&normals(groups, i)).unwrap();
        let estimates: Vec<Estimate> = (0..4000).map(of).collect();
        // 95 % of 4,000 with a standard error of 0.0034.
        let got = coverage(&estimates, Some(0.0));
        assert_covers(&format!("t of {groups}"), got, 0.94..0.96);
    }
}

#[test]
fn the_bootstrap_covers_95_of_100_and_less_of_a_few_skewed_values() {
    let of = |n, is_skewed: bool| {
        let value = |x: f64| if is_skewed { x * x } else { x };
        let estimate = |i| {
            let values: Vec<f64> = normals(n, i).into_iter().map(value).collect();
            bootstrap_mean(&values, 400, i).unwrap()
        };
        let estimates: Vec<Estimate> = (0..2000).map(estimate).collect();
        coverage(&estimates, Some(if is_skewed { 1.0 } else { 0.0 }))
    };
    // A standard error of 0.005.
    assert_covers("5 values", of(5, false), 0.90..0.97);
    assert_covers("20 values", of(20, false), 0.935..0.965);
    assert_covers("200 values", of(200, false), 0.935..0.965);
    // Squares of normal values: a skewness of 2.8, about that of cross-entropies.
    assert_covers("20 skewed values", of(20, true), 0.88..0.96);
    assert_covers("200 skewed values", of(200, true), 0.925..0.96);
}

#[test]
fn wilsons_interval_covers_95_of_100_in_the_mean_over_all_shares() {
    for n in [5_u32, 20, 100] {
        let intervals: Vec<Interval> = (0..=n)
            .map(|hits| ends(share(&(0..n).map(|i| i < hits).collect::<Vec<_>>()).unwrap()))
            .collect();
        // Exactly, by the binomial distribution; every p is a multiple of 1 %.
        let covers = |p: f64| -> f64 {
            let mut chance = (1.0 - p).powi(i32::try_from(n).unwrap());
            let mut sum = 0.0;
            for (hits, Interval { low, high }) in (0..=n).zip(&intervals) {
                if (*low..=*high).contains(&p) {
                    sum += chance;
                }
                chance *= f64::from(n - hits) / f64::from(hits + 1) * p / (1.0 - p);
            }
            sum
        };
        let all: Vec<f64> = (1..100).map(|p| covers(f64::from(p) / 100.0)).collect();
        let mean = all.iter().sum::<f64>() / 99.0;
        assert_covers(&format!("Wilson's of {n}"), mean, 0.945..0.965);
        let least = all.iter().copied().fold(1.0, f64::min);
        assert_covers(&format!("Wilson's of {n} at worst"), least, 0.83..0.95);
    }
}

/// Dimensions of features, one per class, similar to a classifier's.
const D: usize = 8;

/// Points of random classes, sorted by class: class c is normal around `away` in direction c.
fn sorted_by_class(n: usize, away: f32, index: u64) -> Vec<f32> {
    let mut stream = Stream::new(5, Purpose::Synthetic, index);
    let mut classes: Vec<u32> = (0..n).map(|_| stream.below(8)).collect();
    classes.sort_unstable();
    let mut points = Vec::with_capacity(n * D);
    for class in classes {
        let of_axis = |axis| if axis == class { away } else { 0.0 };
        points.extend((0..8).map(|axis| stream.normal() + of_axis(axis)));
    }
    points
}

fn features(points: &[f32]) -> Features<'_> {
    Features::new(points, D).unwrap()
}

fn reference(n: usize, index: u64) -> FrechetReference {
    FrechetReference::of(&features(&sorted_by_class(n, 3.0, index))).unwrap()
}

#[test]
fn the_interval_of_frechet_distances_covers_95_of_100_of_sets_sorted_by_class() {
    let real = reference(2000, 1000);
    // Near 0 the distance is a sum of squares, whose variance the jackknife overestimates by up to
    // a factor of two: the interval is too wide there, not too narrow.
    for (away, expected) in [(3.0, 0.94..0.99), (4.0, 0.93..0.97)] {
        let estimate = |i| {
            let generated = sorted_by_class(400, away, i);
            let figure = real.distance_with_variance(&features(&generated), i);
            figure.unwrap().estimate()
        };
        let estimates: Vec<Estimate> = (0..600).map(estimate).collect();
        let got = coverage(&estimates, None);
        assert_covers(&format!("the jackknife at {away}"), got, expected);
    }
}

#[test]
fn the_interval_of_a_mean_of_frechet_distances_covers_95_of_100() {
    let real: Vec<FrechetReference> = (0..4).map(|class| reference(500, 2000 + class)).collect();
    let estimate = |i: u64| {
        let of_class = |(class, real): (u64, &FrechetReference)| {
            // Classes of different sizes, at different distances.
            let points = sorted_by_class(80 << class, 5.0 + 0.5 * class as f32, 4 * i + class);
            real.distance_with_variance(&features(&points), i).unwrap()
        };
        let figures: Vec<Uncertain> = (0..).zip(&real).map(of_class).collect();
        Uncertain::mean(&figures).unwrap().estimate()
    };
    let estimates: Vec<Estimate> = (0..600).map(estimate).collect();
    let got = coverage(&estimates, None);
    assert_covers("the mean over classes", got, 0.93..0.97);
}

#[test]
fn the_interval_of_kernel_distances_covers_95_of_100_of_sets_sorted_by_class() {
    // Unbiased: the expected distance of two sets of the same distribution is 0.
    for (away, truth) in [(3.0, Some(0.0)), (4.0, None)] {
        let estimate = |i: u64| {
            let x = sorted_by_class(400, 3.0, 2 * i);
            let y = sorted_by_class(400, away, 2 * i + 1);
            kernel_distance_interval(&features(&x), &features(&y), 40, i).unwrap()
        };
        let estimates: Vec<Estimate> = (0..600).map(estimate).collect();
        let got = coverage(&estimates, truth);
        assert_covers(&format!("kernel distance at {away}"), got, 0.92..0.97);
    }
}

#[test]
fn the_interval_of_the_classifier_score_covers_95_of_100_of_sets_sorted_by_class() {
    let estimate = |i| {
        let classified = Classified::new(&sorted_by_class(300, 3.0, i), D).unwrap();
        classified.score_over_splits(10, i).unwrap()
    };
    let estimates: Vec<Estimate> = (0..600).map(estimate).collect();
    assert_covers("the score", coverage(&estimates, None), 0.93..0.97);
}
