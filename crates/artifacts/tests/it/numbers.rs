//! Numbers as text.

use dcgan_artifacts::format_f32;
use proptest::prelude::*;

#[test]
fn texts_are_short_and_plain() {
    let cases = [
        (0.0, "0"),
        (-0.0, "-0"),
        (1.0, "1"),
        (0.1, "0.1"),
        (-2.5, "-2.5"),
        (1e-5, "0.00001"),
        (1e-6, "1e-6"),
        (1e-10, "1e-10"),
        (16_777_216.0, "16777216"),
        (f32::MAX, "3.4028235e38"),
        (f32::NAN, "NaN"),
        (f32::INFINITY, "inf"),
        (f32::NEG_INFINITY, "-inf"),
    ];
    for (value, text) in cases {
        assert_eq!(format_f32(value), text);
    }
}

proptest! {
    #[test]
    fn every_number_reads_back_equal(bits: u32) {
        let value = f32::from_bits(bits);
        let text = format_f32(value);
        let back: f32 = text.parse().unwrap();
        prop_assert!(back.to_bits() == bits || value.is_nan() && back.is_nan());
        prop_assert!(text.len() <= 17, "{text}");
    }
}
