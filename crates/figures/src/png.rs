//! PNG, 8-bit grey or RGB.

use crate::{Error, Picture};
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{DynamicImage, ExtendedColorType, ImageEncoder, ImageFormat};
use std::io::Cursor;

/// Encodes a picture as PNG, without metadata: equal pictures give equal bytes.
///
/// # Errors
/// [`Error::Size`] for a side over 2^31 - 1, [`Error::PngEncode`] if the encoder fails.
pub fn encode_png(picture: &Picture) -> Result<Vec<u8>, Error> {
    let (height, width) = (
        side(picture, picture.height())?,
        side(picture, picture.width())?,
    );
    let colour = if picture.channels() == 1 {
        ExtendedColorType::L8
    } else {
        ExtendedColorType::Rgb8
    };
    let mut bytes = Vec::new();
    PngEncoder::new_with_quality(&mut bytes, CompressionType::Default, FilterType::Adaptive)
        .write_image(picture.pixels(), width, height, colour)
        .map_err(|source| Error::PngEncode { source })?;
    Ok(bytes)
}

/// Decodes a PNG with at most 8 bits per channel, grey, RGB or with a palette, without
/// transparency.
///
/// # Errors
/// [`Error::PngDecode`] if the bytes are not a PNG, damaged or truncated, [`Error::PngColour`] for
/// alpha or 16 bits per channel.
pub fn decode_png(bytes: &[u8]) -> Result<Picture, Error> {
    // The reader's default limits bound its allocation if the header lies.
    let picture = image::ImageReader::with_format(Cursor::new(bytes), ImageFormat::Png)
        .decode()
        .map_err(|source| Error::PngDecode { source })?;
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    match picture {
        DynamicImage::ImageLuma8(grey) => Picture::new(height, width, 1, grey.into_raw()),
        DynamicImage::ImageRgb8(rgb) => Picture::new(height, width, 3, rgb.into_raw()),
        other => Err(Error::PngColour {
            got: format!("{:?}", other.color()),
        }),
    }
}

/// A side as PNG stores it.
fn side(picture: &Picture, pixels: usize) -> Result<u32, Error> {
    const LIMIT: usize = i32::MAX as usize;
    match u32::try_from(pixels) {
        Ok(side) if pixels <= LIMIT => Ok(side),
        _ => Err(Error::Size {
            height: picture.height(),
            width: picture.width(),
            limit: LIMIT,
        }),
    }
}
