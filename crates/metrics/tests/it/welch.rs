//! Welch's t-test against scipy.

use crate::vectors::{assert_close, doubles};
use dcgan_metrics::{Error, Welch, welch};

#[test]
fn it_is_that_of_scipy() {
    let cases: serde_json::Value =
        serde_json::from_str(include_str!("../vectors/welch.json")).unwrap();
    let cases = cases.as_array().unwrap();
    assert_eq!(cases.len(), 7);
    for case in cases {
        let got = welch(&doubles(&case["a"]), &doubles(&case["b"])).unwrap();
        let expected = |name: &str| case[name].as_f64().unwrap();
        assert_close(got.t, expected("t"));
        assert_close(got.degrees, expected("degrees"));
        assert_close(got.p, expected("p"));
    }
}

#[test]
fn without_spread_equal_means_are_equal_and_others_are_not() {
    let equal = welch(&[2.0, 2.0], &[2.0, 2.0, 2.0]).unwrap();
    assert_eq!((equal.t, equal.p), (0.0, 1.0));
    let Welch {
        difference, t, p, ..
    } = welch(&[1.0, 1.0], &[2.0, 2.0]).unwrap();
    assert_eq!((difference, t, p), (-1.0, f64::NEG_INFINITY, 0.0));
}

#[test]
fn one_run_says_nothing_of_spread() {
    for (a, b) in [(&[1.0][..], &[1.0, 2.0][..]), (&[1.0, 2.0], &[])] {
        let error = welch(a, b).unwrap_err();
        assert!(
            matches!(error, Error::TooFew { expected: 2, .. }),
            "{error:?}"
        );
    }
}
