//! Errors of making, encoding and decoding pictures.

use dcgan_hints::Hint;

/// Why a picture could not be made, encoded or decoded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A side, or the number of images, is zero.
    #[error("nothing to draw: {n} images of {height}x{width} pixels")]
    Empty {
        /// Number of images.
        n: usize,
        /// Height in pixels.
        height: usize,
        /// Width in pixels.
        width: usize,
    },
    /// Neither grey nor colour.
    #[error("pictures have 1 or 3 channels, got {got}")]
    Channels {
        /// Channels given.
        got: usize,
    },
    /// The number of pixels doesn't match the shape.
    #[error("a shape of {shape:?} needs {expected} bytes of pixels, got {got}")]
    Pixels {
        /// The shape, `[n, height, width, channels]`.
        shape: [usize; 4],
        /// Bytes that the shape needs.
        expected: usize,
        /// Bytes given.
        got: usize,
    },
    /// A grid without columns.
    #[error("a grid needs at least 1 column, got 0")]
    Columns,
    /// A side or the whole picture is larger than its format, or memory, can address.
    #[error("a picture of {height}x{width} pixels is too large, {limit} is the limit of a side")]
    Size {
        /// Height in pixels, saturated.
        height: usize,
        /// Width in pixels, saturated.
        width: usize,
        /// Largest side that the format allows.
        limit: usize,
    },
    /// The frames of an animation differ in size.
    #[error(
        "frame {frame} is {got:?}, the first frame is {expected:?} (height, width); all must agree"
    )]
    Frame {
        /// Number of the frame, from 0.
        frame: usize,
        /// Height and width of the first frame.
        expected: [usize; 2],
        /// Height and width of this one.
        got: [usize; 2],
    },
    /// The PNG encoder failed.
    #[error("the picture could not be encoded as PNG")]
    PngEncode {
        /// The encoder's reason.
        #[source]
        source: image::ImageError,
    },
    /// The bytes are not a PNG, or it is damaged.
    #[error("the bytes are not a readable PNG")]
    PngDecode {
        /// The decoder's reason.
        #[source]
        source: image::ImageError,
    },
    /// A PNG with transparency or 16 bits per channel.
    #[error("the PNG should be 8-bit grey or RGB, got {got}")]
    PngColour {
        /// Its colour type.
        got: String,
    },
    /// The GIF encoder failed.
    #[error("the frames could not be encoded as GIF")]
    GifEncode {
        /// The encoder's reason.
        #[source]
        source: gif::EncodingError,
    },
}

impl Hint for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Empty { .. } => Some("ask for at least one image of at least one pixel".into()),
            Self::Channels { .. } => Some("use grey (1) or RGB (3) pictures".into()),
            Self::Columns => Some("give 1 column or more".into()),
            Self::Size { .. } => Some("draw fewer images, or smaller ones".into()),
            Self::PngDecode { .. } => Some("the file may be damaged or cut: make it again".into()),
            Self::PngColour { .. } => Some("convert it to 8-bit grey or RGB without alpha".into()),
            Self::Pixels { .. }
            | Self::Frame { .. }
            | Self::PngEncode { .. }
            | Self::GifEncode { .. } => None,
        }
    }
}
