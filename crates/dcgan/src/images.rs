//! Conversions between bytes and a network's tensors.

use crate::tensors::with_values;
use crate::{Error, Kind, Result};
use candle_core::{Device, Tensor};

/// Bytes `[n,h,w,c]` to a tensor of that shape: labelled `x/255` in `[0, 1]` (`load_mnist`,
/// model.py), unlabelled `x/127.5 - 1` in `[-1, 1]` (`transform`, utils.py).
///
/// ```
/// use candle_core::Device;
/// use dcgan::{Kind, images_to_tensor, tensor_to_images};
///
/// let bytes = [0, 51, 204, 255];
/// let x = images_to_tensor(&bytes, [1, 2, 2, 1], Kind::Labelled, &Device::Cpu)?;
/// assert_eq!(dcgan::values(&x)?, [0.0, 0.2, 0.8, 1.0]);
/// assert_eq!(tensor_to_images(&x, Kind::Labelled)?, bytes);
/// # Ok::<(), dcgan::Error>(())
/// ```
///
/// # Errors
/// [`Error::Input`] if there are more or fewer bytes than the shape says.
pub fn images_to_tensor(
    images: &[u8],
    shape: [usize; 4],
    kind: Kind,
    device: &Device,
) -> Result<Tensor> {
    let n_values: usize = shape.iter().product();
    if images.len() != n_values {
        return Err(Error::Input {
            what: "images",
            expected: format!("{n_values} bytes for shape {shape:?}"),
            got: format!("{} bytes", images.len()),
        });
    }
    let value = |&byte: &u8| match kind {
        Kind::Labelled => f32::from(byte) / 255.0,
        Kind::Unlabelled => f32::from(byte) / 127.5 - 1.0,
    };
    let values: Vec<f32> = images.iter().map(value).collect();
    Tensor::from_vec(values, &shape, device).map_err(Error::at("images", &[]))
}

/// The nearest byte to each value; values outside the network's range are clamped. The inverse
/// of [`images_to_tensor`] on every byte.
///
/// # Errors
/// [`Error::NonFinite`] if a value is a NaN, [`Error::Layer`] if the tensor is not float32.
pub fn tensor_to_images(images: &Tensor, kind: Kind) -> Result<Vec<u8>> {
    let byte = |value: f32| {
        let scaled = match kind {
            Kind::Labelled => value * 255.0,
            Kind::Unlabelled => (value + 1.0) * 127.5,
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the conversion saturates, which is the cut that is meant"
        )]
        (scaled.round() as u8)
    };
    let bytes = with_values(images, |values| {
        if values.iter().any(|value| value.is_nan()) {
            return Err(Error::NonFinite {
                what: "value of",
                name: "images".into(),
            });
        }
        Ok(values.iter().map(|&value| byte(value)).collect())
    });
    bytes.map_err(Error::at("images", &[images]))?
}

/// Labels to y `[n, classes]`: 1 at the label, 0 elsewhere.
///
/// ```
/// let y = dcgan::one_hot(&[2, 0], 3, &candle_core::Device::Cpu)?;
/// assert_eq!(dcgan::values(&y)?, [0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
/// # Ok::<(), dcgan::Error>(())
/// ```
///
/// # Errors
/// [`Error::Input`] if a label is not below `classes`.
pub fn one_hot(labels: &[u8], classes: usize, device: &Device) -> Result<Tensor> {
    let mut values = vec![0.0_f32; labels.len() * classes];
    for (idx, &label) in labels.iter().enumerate() {
        let label = usize::from(label);
        if label >= classes {
            return Err(Error::Input {
                what: "labels",
                expected: format!("labels below {classes}"),
                got: format!("{label} at row {idx}"),
            });
        }
        values[idx * classes + label] = 1.0;
    }
    Tensor::from_vec(values, (labels.len(), classes), device).map_err(Error::at("y", &[]))
}
