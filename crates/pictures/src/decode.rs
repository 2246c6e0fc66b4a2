//! Recognises a picture by its content and decodes it to the dataset's size.
//!
//! Colour profiles are not applied. Grey is luma with the primaries of Rec. 709. Of an animation
//! the first frame is used.

use crate::content::{Content, MAGICK, recognise};
use crate::conversion::{Alpha, Conversion, Crop};
use crate::resample::{Area, Plane, resample};
use crate::{Reason, Refusal, jpeg, png};
use image::error::{ImageError, ImageResult};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage};
use std::fs::File;
use std::io::{self, Cursor, Read as _};
use std::path::Path;

/// Maximum length of a file.
pub const MAX_FILE_BYTES: u64 = 1 << 28;
/// Maximum number of pixels: more than any camera's, and a limit for a small file that claims to be
/// a huge picture.
const MAX_PIXELS: u64 = 1 << 27;
/// Maximum bytes of pixels, which 16 bits per channel reach before [`MAX_PIXELS`], and the most
/// memory that a decoder may use in addition.
const MAX_DECODER_BYTES: u64 = 1 << 29;
/// Maximum memory for other data of a PNG: a profile or text, which is compressed, so that a small
/// file can contain gigabytes.
const MAX_PNG_BYTES: u64 = 1 << 26;

/// The largest GIF frame outside its own screen that is accepted: 54 bytes of header can request
/// all memory that a decoder may use.
const MAX_STRAY_FRAME_BYTES: u64 = 1 << 20;

/// The header of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    format: ImageFormat,
    size: [u32; 2],
    memory: u64,
}

impl Header {
    /// Height and width in pixels, as stored in the file.
    pub fn size(&self) -> [u32; 2] {
        self.size
    }

    /// Bytes of memory that decoding uses: the pixels twice, because rotating and converting copy
    /// them.
    pub fn memory(&self) -> u64 {
        self.memory
    }
}

/// Reads a file; `None` if it is longer than [`MAX_FILE_BYTES`].
///
/// # Errors
/// The system's error; [`io::ErrorKind::InvalidInput`] if `path` is not a plain file.
pub fn read_file(path: &Path) -> io::Result<Option<Vec<u8>>> {
    // Check before opening: opening a pipe would wait for its other end.
    if !std::fs::metadata(path)?.is_file() {
        let message = "expected a file, got a folder, device or pipe";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let file = File::open(path)?;
    if file.metadata()?.len() > MAX_FILE_BYTES {
        return Ok(None);
    }
    // The file may be growing.
    let mut content = Vec::new();
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut content)?;
    Ok((content.len() as u64 <= MAX_FILE_BYTES).then_some(content))
}

/// Recognises a picture by its content and reads its size, at most 2^27 pixels. `path` only tells
/// whether the name is a picture's.
///
/// # Errors
/// Why it is not a picture, or not one that can be read.
pub fn inspect(bytes: &[u8], path: &Path) -> Result<Header, Refusal> {
    let format = recognised(bytes, path)?;
    let decoder = decoder(bytes, format).map_err(|error| refusal(&error, bytes, format))?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 {
        return Err(Refusal::new(
            Reason::Damaged,
            format!("{height}x{width} pixels"),
        ));
    }
    if pixels > MAX_PIXELS {
        let detail = format!("{height}x{width} pixels: expected at most {MAX_PIXELS} in all");
        return Err(Refusal::new(Reason::TooLarge, detail));
    }
    let decoded = decoder.total_bytes();
    if decoded > MAX_DECODER_BYTES {
        let detail = format!(
            "{height}x{width} pixels of {decoded} bytes: expected at most {MAX_DECODER_BYTES}"
        );
        return Err(Refusal::new(Reason::TooLarge, detail));
    }
    Ok(Header {
        format,
        size: [height, width],
        memory: bytes.len() as u64 + decoded + extra_memory(format, decoded),
    })
}

/// The format of a readable file.
fn recognised(bytes: &[u8], path: &Path) -> Result<ImageFormat, Refusal> {
    if let Ok(format) = image::guess_format(bytes)
        && name(format).is_some()
        && !png::is_for_iphones(bytes)
    {
        return Ok(format);
    }
    let found = recognise(bytes, path);
    if let Some(Content {
        name,
        is_picture: true,
        remedy,
    }) = found
    {
        let detail = format!("{name}: {remedy}");
        return Err(Refusal::new(Reason::Unsupported, detail));
    }
    let claims = promised(path).is_some();
    let (reason, detail) = match found {
        Some(found) if claims => (Reason::Damaged, format!("{} by its content", found.name)),
        Some(found) => (Reason::NotAPicture, found.name.into()),
        None if bytes.is_empty() => (Reason::Damaged, "an empty file".into()),
        None if claims && bytes.iter().all(|byte| *byte == 0) => {
            (Reason::Damaged, "nothing but zero bytes".into())
        }
        None if claims => (Reason::Damaged, "no picture by its content".into()),
        None => (
            Reason::NotAPicture,
            "neither by its name nor by its content".into(),
        ),
    };
    Err(Refusal::new(reason, detail))
}

/// The format's name for a readable picture, by its first bytes: `PNG`.
pub fn format_of(bytes: &[u8]) -> Option<&'static str> {
    image::guess_format(bytes).ok().and_then(name)
}

/// Describes a file extension that doesn't match the content.
pub fn wrong_extension(header: &Header, path: &Path) -> Option<String> {
    let format = header.format;
    let promised = promised(path).filter(|promised| *promised != format)?;
    let name = |format| name(format).unwrap_or("another picture");
    Some(format!(
        "{} by its name, {} by its content",
        name(promised),
        name(format)
    ))
}

fn promised(path: &Path) -> Option<ImageFormat> {
    ImageFormat::from_path(path).ok()
}

/// The readable formats.
fn name(format: ImageFormat) -> Option<&'static str> {
    match format {
        ImageFormat::Png => Some("PNG"),
        ImageFormat::Jpeg => Some("JPEG"),
        ImageFormat::Gif => Some("GIF"),
        ImageFormat::Bmp => Some("BMP"),
        ImageFormat::WebP => Some("WebP"),
        _ => None,
    }
}

/// A picture as an image of the dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// `[height, width, channels]`.
    pub pixels: Vec<u8>,
    /// What is odd about the end of the file, although all pixels are there.
    pub odd_end: Option<String>,
}

/// Decodes a picture that [`inspect`] has accepted.
///
/// # Errors
/// A description of the damage.
pub fn decode(bytes: &[u8], header: &Header, conversion: &Conversion) -> Result<Decoded, Refusal> {
    let (image, odd_end) = whole(bytes, header.format, conversion.orientation)?;
    Ok(Decoded {
        pixels: fit(&plane(image, conversion), conversion),
        odd_end,
    })
}

/// Decodes the whole picture; also returns what is odd about its end.
fn whole(
    bytes: &[u8],
    format: ImageFormat,
    turn: bool,
) -> Result<(DynamicImage, Option<String>), Refusal> {
    let read = |bytes: &[u8]| read(bytes, format, turn);
    let read_all = || read(bytes).map_err(|error| refusal(&error, bytes, format));
    match format {
        ImageFormat::Jpeg => match jpeg::end(bytes) {
            Some(end) => Ok((read_all()?, appended(bytes.len() - end))),
            // The decoder fills missing pixels with grey.
            None => match jpeg::without_end(bytes, |bytes| read(bytes).ok()) {
                Some(image) => Ok((image, Some(no_end("end-of-image marker")))),
                None => Err(Refusal::new(
                    Reason::Damaged,
                    "cut short: its end-of-image marker is missing",
                )),
            },
        },
        ImageFormat::Png => match png::end(bytes) {
            png::End::Whole(end) => Ok((read_all()?, appended(bytes.len() - end))),
            png::End::Missing(end) => match read(&[&bytes[..end], &png::END_CHUNK].concat()) {
                Ok(image) => Ok((image, Some(no_end("end chunk (IEND)")))),
                Err(_) => Ok((read_all()?, None)),
            },
        },
        _ => Ok((read_all()?, None)),
    }
}

fn appended(bytes: usize) -> Option<String> {
    match bytes {
        0 => None,
        1 => Some("1 byte after its end".into()),
        bytes => Some(format!("{bytes} bytes after its end")),
    }
}

fn no_end(what: &str) -> String {
    format!("its {what} is missing; all its pixels are there")
}

/// Decodes, and rotates as the EXIF data say.
fn read(bytes: &[u8], format: ImageFormat, turn: bool) -> ImageResult<DynamicImage> {
    let mut decoder = decoder(bytes, format)?;
    let orientation = if turn {
        // Damaged EXIF data are ignored.
        decoder.orientation().unwrap_or(Orientation::NoTransforms)
    } else {
        Orientation::NoTransforms
    };
    if format == ImageFormat::Gif {
        decoder.set_limits(limits(extra_memory(format, decoder.total_bytes())))?;
    }
    let mut image = DynamicImage::from_decoder(decoder)?;
    if format == ImageFormat::Bmp {
        image = opaque_if_invisible(image);
    }
    image.apply_orientation(orientation);
    Ok(image)
}

/// Makes a BMP opaque if every pixel is fully transparent: its writer left the fourth byte unused.
fn opaque_if_invisible(image: DynamicImage) -> DynamicImage {
    match image {
        DynamicImage::ImageRgba8(image) if image.pixels().all(|pixel| pixel.0[3] == 0) => {
            DynamicImage::ImageRgba8(image).into_rgb8().into()
        }
        image => image,
    }
}

fn decoder(bytes: &[u8], format: ImageFormat) -> ImageResult<impl ImageDecoder + '_> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits(match format {
        ImageFormat::Png => MAX_PNG_BYTES,
        _ => MAX_DECODER_BYTES,
    }));
    reader.into_decoder()
}

/// Maximum memory in addition to `decoded` bytes of pixels: a GIF frame outside the screen is
/// decoded separately, whatever its size.
fn extra_memory(format: ImageFormat, decoded: u64) -> u64 {
    match format {
        ImageFormat::Gif => decoded.max(MAX_STRAY_FRAME_BYTES),
        _ => decoded,
    }
}

fn limits(bytes: u64) -> Limits {
    let mut limits = Limits::default();
    limits.max_alloc = Some(bytes);
    limits
}

/// Describes a decoder's error in words.
fn refusal(error: &ImageError, bytes: &[u8], format: ImageFormat) -> Refusal {
    let name = name(format).unwrap_or("a picture");
    if format == ImageFormat::Jpeg
        && let Some(coding) = jpeg::unread_coding(bytes)
    {
        return Refusal::new(Reason::Unsupported, format!("{coding}: {MAGICK}"));
    }
    match error {
        ImageError::Limits(_) => Refusal::new(
            Reason::TooLarge,
            "it takes more memory to decode than a picture may",
        ),
        ImageError::Unsupported(_) => Refusal::new(
            Reason::Unsupported,
            format!("{name} of a rare kind: {MAGICK}"),
        ),
        _ if format == ImageFormat::Png => Refusal::new(Reason::Damaged, png::fault(bytes)),
        _ if is_cut_short(error, bytes, format) => {
            Refusal::new(Reason::Damaged, "cut short: it ends before its last pixel")
        }
        _ => Refusal::new(Reason::Damaged, format!("it does not decode as {name}")),
    }
}

/// Whether a decoder failed because the file is truncated.
fn is_cut_short(error: &ImageError, bytes: &[u8], format: ImageFormat) -> bool {
    match format {
        ImageFormat::Jpeg => jpeg::end(bytes).is_none(),
        // A WebP file stores its length.
        ImageFormat::WebP => bytes
            .get(4..8)
            .and_then(<[u8]>::first_chunk)
            .is_some_and(|length| u64::from(u32::from_le_bytes(*length)) + 8 > bytes.len() as u64),
        _ => {
            let of_system = matches!(error, ImageError::IoError(error)
                if error.kind() == io::ErrorKind::UnexpectedEof);
            of_system || error.to_string().to_lowercase().contains("end of file")
        }
    }
}

/// Converts to 8 bits per channel, grey or colour without transparency.
fn plane(image: DynamicImage, conversion: &Conversion) -> Plane {
    let image = match conversion.alpha {
        Alpha::Blend if image.color().has_alpha() => blend(image, conversion.background),
        _ => image,
    };
    let (height, width) = (image.height() as usize, image.width() as usize);
    Plane {
        pixels: match conversion.channels {
            1 => image.into_luma8().into_raw(),
            _ => image.into_rgb8().into_raw(),
        },
        height,
        width,
        channels: conversion.channels,
    }
}

/// Blends a picture with a background.
fn blend(image: DynamicImage, background: [u8; 3]) -> DynamicImage {
    let image = image.into_rgba8();
    let (width, height) = image.dimensions();
    let mut blended = RgbImage::new(width, height);
    for (to, from) in blended.pixels_mut().zip(image.pixels()) {
        let [red, green, blue, alpha] = from.0.map(u32::from);
        let over = |front: u32, back: u8| {
            let mixed = (front * alpha + u32::from(back) * (255 - alpha) + 127) / 255;
            u8::try_from(mixed).unwrap_or(u8::MAX)
        };
        to.0 = [
            over(red, background[0]),
            over(green, background[1]),
            over(blue, background[2]),
        ];
    }
    DynamicImage::ImageRgb8(blended)
}

/// Crops and resizes.
fn fit(plane: &Plane, conversion: &Conversion) -> Vec<u8> {
    let (height, width) = (conversion.height, conversion.width);
    if conversion.crop == Crop::Fit {
        return letterbox(plane, conversion);
    }
    let ratio = width as f64 / height as f64;
    let (high, wide) = (plane.height as f64, plane.width as f64);
    // The largest box with the images' ratio that fits in the picture.
    let most = high.min(wide / ratio);
    let area = match conversion.crop {
        Crop::Centre => {
            let high_box = most.min(conversion.crop_box as f64);
            let wide_box = (high_box * ratio).min(wide);
            // The original rounds the corner to integer pixels.
            Area {
                top: ((high - high_box) / 2.0).round().min(high - high_box),
                left: ((wide - wide_box) / 2.0).round().min(wide - wide_box),
                height: high_box,
                width: wide_box,
            }
        }
        Crop::Cover | Crop::Fit => {
            let wide_box = (most * ratio).min(wide);
            Area {
                top: (high - most) / 2.0,
                left: (wide - wide_box) / 2.0,
                height: most,
                width: wide_box,
            }
        }
    };
    resample(plane, area, height, width, conversion.filter)
}

/// The whole picture, centred, with bars of the background colour.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "both lie between 1 and a size of the image"
)]
fn letterbox(plane: &Plane, conversion: &Conversion) -> Vec<u8> {
    let &Conversion {
        height,
        width,
        channels,
        ..
    } = conversion;
    let whole = Area {
        top: 0.0,
        left: 0.0,
        height: plane.height as f64,
        width: plane.width as f64,
    };
    let scale = (height as f64 / whole.height).min(width as f64 / whole.width);
    let high = ((whole.height * scale).round() as usize).clamp(1, height);
    let wide = ((whole.width * scale).round() as usize).clamp(1, width);
    let inner = resample(plane, whole, high, wide, conversion.filter);
    let bar = match channels {
        1 => DynamicImage::ImageRgb8(RgbImage::from_pixel(
            1,
            1,
            image::Rgb(conversion.background),
        ))
        .into_luma8()
        .into_raw(),
        _ => conversion.background.to_vec(),
    };
    let mut pixels = bar.repeat(height * width);
    let (top, left) = ((height - high) / 2, (width - wide) / 2);
    for (y, row) in inner.chunks_exact(wide * channels).enumerate() {
        let start = ((top + y) * width + left) * channels;
        pixels[start..start + row.len()].copy_from_slice(row);
    }
    pixels
}
