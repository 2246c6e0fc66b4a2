//! Recognising and decoding picture files.
#![expect(
    clippy::unwrap_used,
    reason = "helper functions of tests fail by panicking"
)]

mod ends;
mod formats;
mod words;

use dcgan_pictures::Conversion;
use dcgan_pictures::{Decoded, Reason, Refusal, decode, inspect};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use std::io::Cursor;
use std::path::Path;

/// Reads a picture as `prepare` does, at 40x24.
fn read(bytes: &[u8], name: &str) -> Result<Decoded, Refusal> {
    let settings = Conversion {
        height: 24,
        width: 40,
        ..Conversion::default()
    };
    let header = inspect(bytes, Path::new(name))?;
    decode(bytes, &header, &settings)
}

/// Reason and detail of a rejected picture.
#[track_caller]
fn refused(bytes: &[u8], name: &str) -> (Reason, String) {
    let refusal = read(bytes, name).unwrap_err();
    (refusal.reason, refusal.detail)
}

/// A picture of 40x24 in which no two pixels are equal.
fn picture(format: ImageFormat) -> Vec<u8> {
    let value =
        |x: u32, y: u32| Rgb([x * 6, y * 10, x * y % 256].map(|v| u8::try_from(v).unwrap()));
    encode(&RgbImage::from_fn(40, 24, value).into(), format)
}

fn encode(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}
