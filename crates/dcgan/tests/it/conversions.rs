//! Bytes to what a network sees and back, and labels to one-hot rows.

use candle_core::{Device, Tensor};
use dcgan::{Error, Kind, images_to_tensor, one_hot, tensor_to_images, values};

#[test]
fn every_byte_returns_in_both_ranges() {
    let bytes: Vec<u8> = (0..=255).collect();
    for (kind, lowest) in [(Kind::Labelled, 0.0_f32), (Kind::Unlabelled, -1.0)] {
        let tensor = images_to_tensor(&bytes, [1, 16, 16, 1], kind, &Device::Cpu).unwrap();
        assert_eq!(tensor.dims(), [1, 16, 16, 1]);
        let seen = values(&tensor).unwrap();
        let ends = [seen[0], seen[255]].map(f32::to_bits);
        assert_eq!(ends, [lowest, 1.0].map(f32::to_bits), "{kind}");
        assert!(seen.is_sorted(), "{kind}");
        assert_eq!(tensor_to_images(&tensor, kind).unwrap(), bytes, "{kind}");
    }
}

#[test]
fn values_outside_the_range_are_cut_and_nan_is_refused() {
    let tensor = |values: &[f32]| Tensor::new(values, &Device::Cpu).unwrap();
    let wide = tensor(&[f32::NEG_INFINITY, -7.0, 7.0, f32::INFINITY]);
    for kind in [Kind::Labelled, Kind::Unlabelled] {
        assert_eq!(tensor_to_images(&wide, kind).unwrap(), [0, 0, 255, 255]);
        let error = tensor_to_images(&tensor(&[0.5, f32::NAN]), kind).unwrap_err();
        assert!(matches!(error, Error::NonFinite { .. }), "{error:?}");
    }
}

#[test]
fn number_of_bytes_must_fit_the_shape() {
    let error = images_to_tensor(&[0; 15], [1, 4, 4, 1], Kind::Labelled, &Device::Cpu).unwrap_err();
    assert_eq!(
        error.to_string(),
        "input `images` has 15 bytes, expected 16 bytes for shape [1, 4, 4, 1]"
    );
}

#[test]
fn labels_become_rows() {
    let y = one_hot(&[2, 0], 3, &Device::Cpu).unwrap();
    assert_eq!(
        y.to_vec2::<f32>().unwrap(),
        [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    );
}

#[test]
fn label_without_a_class_is_named() {
    let error = one_hot(&[2, 0, 3], 3, &Device::Cpu).unwrap_err();
    assert_eq!(
        error.to_string(),
        "input `labels` has 3 at row 2, expected labels below 3"
    );
    assert!(one_hot(&[0], 0, &Device::Cpu).is_err());
}
